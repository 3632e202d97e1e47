package io.quorate.spi.storage;

import io.quorate.spi.plugin.Plugin;
import io.quorate.spi.plugin.Stable;

import java.util.Set;

/**
 * A storage plugin, found with {@link java.util.ServiceLoader}. It may hold the Raft log, the
 * state, or both; a server may take the two from different providers.
 */
@Stable(since = "1.0")
public interface StorageProvider extends Plugin {
    /** The version of this SPI; a provider built for another major version is refused. */
    int SPI_MAJOR = 1;

    /**
     * The SPI major version that the provider was built for: {@code return SPI_MAJOR;}. The
     * compiler copies the constant into the provider, so that it tells the version it was built
     * with and not the server's; this is why there is no default.
     */
    int spiMajor();

    /** The halves it can hold. */
    Set<Part> parts();

    /** Static promises, judged by the contract suite. */
    Capabilities capabilities();

    /**
     * Opens the Raft log in {@code env.directory()}, creating it when the directory is empty, and
     * recovers it.
     *
     * @throws StorageException.Corruption when durable bytes are not what was written
     * @throws StorageException.Locked when another process or another open store holds the
     *     directory
     */
    RaftLog openLog(StorageEnv env);

    /** Opens the state in {@code env.directory()}; the errors are those of {@link #openLog}. */
    StateStore openState(StorageEnv env);

    /** The halves of storage. */
    enum Part {
        LOG,
        STATE
    }

    /**
     * Static promises of a backend.
     *
     * @param maxKeyBytes largest key, at least 32 KiB
     * @param maxValueBytes largest value, at least 8 MiB
     * @param maxBatchBytes largest {@link WriteBatch}, at least 64 MiB
     * @param durable whether a completed force survives the process; only throw-away backends say
     *     no
     * @param stateInHeap whether the whole state lives in the heap, so that its size is bound by
     *     -Xmx
     */
    record Capabilities(
            int maxKeyBytes,
            int maxValueBytes,
            long maxBatchBytes,
            boolean durable,
            boolean stateInHeap) {}
}
