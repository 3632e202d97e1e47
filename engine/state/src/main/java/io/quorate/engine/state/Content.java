package io.quorate.engine.state;

import io.quorate.spi.storage.ReadView;
import io.quorate.spi.storage.StateStore;

/**
 * What is in the heap of one state: another one takes its place as a whole when the snapshot of
 * another member does. The thread rules are those of the parts.
 */
record Content(
        Writer writer,
        Leases leases,
        Compaction compaction,
        Membership membership,
        Alarms alarms,
        DowngradeState downgrade,
        AuthStore auth,
        Meta meta) {

    /**
     * Reads all of it from a view. Takes about a second for each million rows.
     *
     * @param history begins anew behind what the view holds
     * @throws io.quorate.spi.storage.StorageException.Corruption when a row is not what it must be
     */
    static Content of(ReadView view, StateStore store, StateOptions options, History history) {
        Meta meta = new Meta(view);
        long compacted = Compaction.last(meta);
        Recovery recovery = Recovery.of(view);
        // Compaction may have removed the row of the newest revision; it must not come again.
        long revision = Math.max(recovery.lastRevision(), compacted);
        Leases leases = Leases.of(view, recovery.index());
        history.restart(revision);
        Writer writer =
                new Writer(
                        store,
                        recovery.index(),
                        new RowCache(options.cacheBytes()),
                        history,
                        leases,
                        revision,
                        compacted);
        return new Content(
                writer,
                leases,
                new Compaction(recovery.index(), meta),
                new Membership(view),
                new Alarms(view),
                new DowngradeState(view),
                new AuthStore(view),
                meta);
    }
}
