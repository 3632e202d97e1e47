package io.quorate.engine.state;

import io.quorate.spi.storage.ReadView;
import io.quorate.spi.storage.StateStore;
import io.quorate.spi.storage.StorageException;

import java.util.HexFormat;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/**
 * Where a read finds its rows: in the index entry while it is cached, else in a view of the store
 * that is opened when the first row is missed. A row that lost its place in the cache is committed,
 * so a view opened afterwards has it, unless compaction removed it meanwhile: compaction announces
 * its revision before it removes anything, so looking at that revision after the view is open
 * tells.
 */
final class Rows implements AutoCloseable {
    private final StateStore store;
    private final LongSupplier compactRevision;
    private final BooleanSupplier abandoned;
    private ReadView view;

    /**
     * @param compactRevision the newest one, not that of the read
     * @param abandoned whether nobody waits for the answer any more; asked before each row
     */
    Rows(StateStore store, LongSupplier compactRevision, BooleanSupplier abandoned) {
        this.store = store;
        this.compactRevision = compactRevision;
        this.abandoned = abandoned;
    }

    /**
     * @param revision what the read reads at
     * @throws Overtaken when the row may be gone
     * @throws EtcdException CANCELED when nobody waits for the answer any more
     */
    byte[] row(IndexEntry entry, long revision) {
        if (abandoned.getAsBoolean()) throw EtcdError.CANCELED.exception();
        byte[] row = entry.row();
        if (row != null) return row;
        byte[] key = RevisionKey.of(entry);
        row = view(revision).get(Keyspaces.KEY, key);
        if (row != null) return row;
        // The view is older than the commit of this row, which was cached when the view was opened.
        close();
        row = view(revision).get(Keyspaces.KEY, key);
        if (row == null) throw missing(key);
        return row;
    }

    ReadView view(long revision) {
        if (view == null) {
            view = store.view();
            check(revision);
        }
        return view;
    }

    /**
     * @throws Overtaken when compaction has passed the revision
     */
    void check(long revision) {
        if (revision < compactRevision.getAsLong()) throw Overtaken.INSTANCE;
    }

    static StorageException missing(byte[] key) {
        return new StorageException.Corruption(
                "keyspace key has no row "
                        + HexFormat.of().formatHex(key)
                        + " that the index knows; restore this member from a snapshot or from its"
                        + " peers",
                null);
    }

    @Override
    public void close() {
        if (view != null) view.close();
        view = null;
    }

    /**
     * Compaction passed the revision of a running read; the read starts again from the new state.
     */
    static final class Overtaken extends RuntimeException {
        private static final long serialVersionUID = 1;
        private static final Overtaken INSTANCE = new Overtaken();

        private Overtaken() {
            super("compaction overtook a read", null, false, false);
        }
    }
}
