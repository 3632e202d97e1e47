package io.quorate.engine.raft;

import java.util.List;

/**
 * The stable part of the log, as the algorithm reads it. All calls come from the thread that drives
 * the {@link RawNode}.
 */
public interface LogStorage {
    /** Hard state and membership to start from. */
    InitialState initialState();

    /**
     * Entries [low, high) up to {@code maxBytes} of data, at least one.
     *
     * @throws CompactedException when {@code low} is before {@link #firstIndex()}
     * @throws UnavailableException when {@code high} is past {@link #lastIndex()} + 1
     */
    List<Entry> entries(long low, long high, long maxBytes)
            throws CompactedException, UnavailableException;

    /**
     * Term of an entry in [firstIndex - 1, lastIndex].
     *
     * @throws CompactedException when the index is before that
     * @throws UnavailableException when it is after that
     */
    long term(long index) throws CompactedException, UnavailableException;

    /** Index of the last stable entry, or of the snapshot when there is none. */
    long lastIndex();

    /** Index of the first entry still held; one past the snapshot when there is none. */
    long firstIndex();

    /**
     * The newest snapshot that can be sent.
     *
     * @throws SnapshotPendingException when none is ready yet; the algorithm asks again later
     */
    Snapshot snapshot() throws SnapshotPendingException;

    /** What a restart begins with. */
    record InitialState(HardState hardState, ConfState conf) {}

    /** The entry was compacted away. */
    final class CompactedException extends Exception {
        private static final long serialVersionUID = 1;

        public CompactedException() {
            super("requested index is unavailable due to compaction", null, false, false);
        }
    }

    /** The entry is not there yet. */
    final class UnavailableException extends Exception {
        private static final long serialVersionUID = 1;

        public UnavailableException() {
            super("requested entry at index is unavailable", null, false, false);
        }
    }

    /** A snapshot is being made. */
    final class SnapshotPendingException extends Exception {
        private static final long serialVersionUID = 1;

        public SnapshotPendingException() {
            super("snapshot is temporarily unavailable", null, false, false);
        }
    }
}
