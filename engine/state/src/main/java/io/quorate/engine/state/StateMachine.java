package io.quorate.engine.state;

import io.quorate.spi.storage.Applied;
import io.quorate.spi.storage.StateStore;

import java.util.concurrent.CompletableFuture;

/**
 * The replicated state: keys over a {@link StateStore}. One thread applies and commits; any thread
 * reads.
 */
public final class StateMachine implements AutoCloseable {
    /** Opens over a store, whose position it takes; rebuilds the key index from it. */
    public static StateMachine open(StateStore store) {
        throw new UnsupportedOperationException("engine/state is being written");
    }

    /** Position of the last applied entry. */
    public Applied applied() {
        return Applied.NONE;
    }

    /**
     * Applies a command at its log position. Effects are visible to reads on return; they reach the
     * store with the next {@link #commit}.
     *
     * @throws EtcdException when the command is refused; then nothing changed but the position
     */
    public Result apply(Command command, Applied at) {
        return null;
    }

    /** Moves the position over an entry that changes nothing. */
    public void skip(Applied at) {}

    /** Hands all effects since the last commit to the store, as one batch with the position. */
    public CompletableFuture<Void> commit(StateStore.Durability durability) {
        return CompletableFuture.completedFuture(null);
    }

    /**
     * Reads at the applied state.
     *
     * @throws EtcdException for a compacted or future revision
     */
    public RangeResult range(RangeQuery query) {
        return null;
    }

    /** Current revision, 1 for an empty store (SE-01). */
    public long revision() {
        return 1;
    }

    /** Last compacted revision, -1 before the first compaction. */
    public long compactRevision() {
        return -1;
    }

    /** Completes when the physical part of the compaction to this revision is done (KV-41). */
    public CompletableFuture<Void> compacted(long revision) {
        return CompletableFuture.completedFuture(null);
    }

    @Override
    public void close() {}
}
