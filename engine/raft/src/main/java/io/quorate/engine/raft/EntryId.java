package io.quorate.engine.raft;

/** Names one entry: no two entries with the same term and index differ (Raft §5.3). */
record EntryId(long term, long index) {
    static EntryId of(Entry entry) {
        return new EntryId(entry.term(), entry.index());
    }
}
