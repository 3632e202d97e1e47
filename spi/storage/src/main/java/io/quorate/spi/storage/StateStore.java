package io.quorate.spi.storage;

import io.quorate.spi.plugin.Stable;

import java.util.concurrent.CompletableFuture;

/**
 * Ordered byte-key keyspaces that change only by whole batches. Laws:
 *
 * <ul>
 *   <li>A batch and its {@link Applied} position become visible together and survive a crash
 *       together (I2).
 *   <li>A crash comes back to the effect of a prefix of the committed batches, never older than
 *       {@link #durableApplied()}.
 *   <li>A view sees exactly the batches committed before it was opened, whatever happens later.
 *   <li>One thread commits; any thread opens and reads views.
 * </ul>
 */
@Stable(since = "1.0")
public interface StateStore extends AutoCloseable {
    /** Position of the last commit, durable or not. */
    Applied applied();

    /** Position that a crash now would come back to, or later. */
    Applied durableApplied();

    /**
     * Applies the batch and its position as one atomic unit, visible to new views on return. The
     * index must not decrease. With {@link Durability#FORCE} the future completes when the unit,
     * and all before it, are on stable storage; with {@link Durability#LAZY} it is complete on
     * return and the backend forces when it sees fit. The future of a force completes on the
     * store's own thread: what hangs on it must not block.
     *
     * <p>When the future of a force fails with NoSpace, the unit is visible but not durable, as if
     * it had been committed lazily; a later force tries again for all. A backend that can hold no
     * more throws NoSpace itself, with nothing taken.
     *
     * @throws IllegalArgumentException for a decreasing index
     */
    CompletableFuture<Void> commit(WriteBatch batch, Applied at, Durability durability);

    /** A point-in-time view: cheap to open, blocks nobody. */
    ReadView view();

    /**
     * Starts to replace the whole state. The old state stays readable and intact until {@link
     * Install#commit()}. Commits go on meanwhile but are lost with the old state.
     *
     * @throws IllegalStateException while another install is open
     */
    Install beginInstall(Applied at);

    /**
     * Bytes allocated on disk, or about to be for what was committed lazily (or in the heap, for a
     * backend that lives there).
     */
    long sizeOnDisk();

    /** Bytes that hold live data. */
    long sizeInUse();

    /** Gives freed space back to the file system; may hold up commits, never views. */
    void defragment();

    /**
     * Reads everything durable and throws {@link StorageException.Corruption} at the first bad
     * byte.
     */
    void verify();

    /** Releases everything; what was committed lazily may be lost. A second call does nothing. */
    @Override
    void close();

    /** When a commit is on stable storage. */
    enum Durability {
        LAZY,
        FORCE
    }
}
