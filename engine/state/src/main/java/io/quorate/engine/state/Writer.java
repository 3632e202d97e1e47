package io.quorate.engine.state;

import io.quorate.spi.storage.StateStore;
import io.quorate.spi.storage.WriteBatch;

import java.util.ArrayList;
import java.util.List;

/**
 * The one writer of keys: what a command changes goes into the newest index and into the batch that
 * the next commit takes. A command is checked wholly before its first change, so a refused one
 * leaves nothing behind. Used by the apply thread.
 */
final class Writer {
    private final StateStore store;
    private final KeyIndex index;
    private final RowCache cache;
    private final Leases leases;
    private final History history;

    private WriteBatch batch = new WriteBatch();
    private long revision;
    private long compactRevision;

    /** Changes made by the running command: the next sub revision (TX-17). */
    private int changes;

    /** The same changes, for those who watch. */
    private final List<WatchEvent> events = new ArrayList<>();

    Writer(
            StateStore store,
            KeyIndex index,
            RowCache cache,
            History history,
            Leases leases,
            long revision,
            long compactRevision) {
        this.store = store;
        this.index = index;
        this.cache = cache;
        this.history = history;
        this.leases = leases;
        this.revision = revision;
        this.compactRevision = compactRevision;
    }

    long revision() {
        return revision;
    }

    long compactRevision() {
        return compactRevision;
    }

    KeyIndex index() {
        return index;
    }

    WriteBatch batch() {
        return batch;
    }

    /** The store took the batch. */
    void committed() {
        batch = new WriteBatch();
        cache.committed();
        history.committed();
    }

    Result.Put apply(Command.Put put) {
        try (Rows rows = rows()) {
            TxnPlan.checkPut(reading(rows), leases::exists, put, List.of());
            Result.Put result = put(put, rows);
            endCommand();
            return result;
        }
    }

    Result.DeleteRange apply(Command.DeleteRange delete) {
        try (Rows rows = rows()) {
            Result.DeleteRange result = delete(delete, rows);
            endCommand();
            return result;
        }
    }

    Result.Txn apply(Command.Txn txn) {
        try (Rows rows = rows()) {
            Reading before = reading(rows);
            TxnPlan plan = TxnPlan.choose(before, txn);
            plan.check(before, leases::exists);
            List<Result.OpResult> results = run(plan, rows);
            Result.Txn result = new Result.Txn(newRevision(), plan.succeeded(), results);
            endCommand();
            return result;
        }
    }

    /** The logical part of a compaction (KV-42, KV-43). */
    Result.Compact apply(Command.Compact compact) {
        if (compact.revision() <= compactRevision) throw EtcdError.COMPACTED.exception();
        if (compact.revision() > revision) throw EtcdError.FUTURE_REVISION.exception();
        compactRevision = compact.revision();
        return new Result.Compact(revision);
    }

    Result.LeaseGrant apply(Command.LeaseGrant grant) {
        Lease lease = leases.grant(grant, batch);
        return new Result.LeaseGrant(revision, lease.id(), lease.ttl());
    }

    /** SE-08: all keys in one revision, in order, so that all members give them the same place. */
    Result.Done apply(Command.LeaseRevoke revoke) {
        if (!leases.exists(revoke.id())) throw EtcdError.LEASE_NOT_FOUND.exception();
        List<byte[]> keys = leases.keys(revoke.id());
        leases.revoke(revoke.id(), batch);
        for (byte[] key : keys) delete(KeyIndex.get(index.root(), key));
        endCommand();
        return new Result.Done(revision);
    }

    Result.Done apply(Command.LeaseCheckpoint checkpoint) {
        leases.checkpoint(checkpoint, batch);
        return new Result.Done(revision);
    }

    /** The revision after the changes made so far by the running command. */
    private long newRevision() {
        return changes == 0 ? revision : revision + 1;
    }

    private void endCommand() {
        revision = newRevision();
        if (changes > 0) history.append(revision, List.copyOf(events));
        changes = 0;
        leases.endCommand();
        events.clear();
    }

    private Rows rows() {
        // Nobody but this thread moves the compact revision: its own reads are never overtaken.
        return new Rows(store, () -> compactRevision, StateMachine.STAYS);
    }

    /** What the running command sees: the state with its own changes (TX-16). */
    private Reading reading(Rows rows) {
        return new Reading(new Published(index.root(), newRevision(), compactRevision, null), rows);
    }

    private List<Result.OpResult> run(TxnPlan plan, Rows rows) {
        List<Result.OpResult> results = new ArrayList<>(plan.ops().size());
        int nested = 0;
        for (Command.Op op : plan.ops())
            results.add(
                    switch (op) {
                        case Command.RangeOp(RangeQuery query) ->
                                new Result.RangeOpResult(reading(rows).range(query));
                        case Command.PutOp(Command.Put put) ->
                                new Result.PutOpResult(put(put, rows));
                        case Command.DeleteRangeOp(Command.DeleteRange delete) ->
                                new Result.DeleteRangeOpResult(delete(delete, rows));
                        case Command.TxnOp ignored -> runNested(plan.nested().get(nested++), rows);
                        case Command.EmptyOp ignored -> throw TxnPlan.unchecked();
                    });
        return results;
    }

    private Result.OpResult runNested(TxnPlan plan, Rows rows) {
        return new Result.TxnOpResult(new Result.Txn(0, plan.succeeded(), run(plan, rows)));
    }

    private Result.Put put(Command.Put put, Rows rows) {
        KeyValue old = null;
        if (put.prevKv() || put.ignoreValue() || put.ignoreLease()) {
            Reading reading = reading(rows);
            IndexEntry previous = reading.current(put.key());
            if (previous != null) old = reading.load(previous);
        }
        byte[] value = put.ignoreValue() ? old.value() : put.value();
        long lease = put.ignoreLease() ? old.lease() : put.lease();
        index.put(put.key(), newest -> next(put.key(), newest, value, lease));
        return new Result.Put(newRevision(), put.prevKv() ? old : null);
    }

    private IndexEntry next(byte[] asked, IndexEntry newest, byte[] value, long lease) {
        boolean there = newest != null && !newest.tombstone;
        byte[] key = newest == null ? asked : newest.key;
        long main = revision + 1;
        long created = there ? newest.created : main;
        long version = there ? newest.version + 1 : 1;
        byte[] row = RowCodec.encode(key, created, main, version, value, lease);
        leases.move(key, newest == null ? 0 : newest.lease, lease);
        return take(
                new IndexEntry(key, main, changes, false, created, version, lease, newest, row));
    }

    private Result.DeleteRange delete(Command.DeleteRange delete, Rows rows) {
        Reading reading = reading(rows);
        List<IndexEntry> doomed = reading.current(KeyRange.of(delete.key(), delete.rangeEnd()));
        List<KeyValue> previous = List.of();
        if (delete.prevKv()) previous = doomed.stream().map(reading::load).toList();
        for (IndexEntry entry : doomed) delete(entry);
        return new Result.DeleteRange(newRevision(), doomed.size(), previous);
    }

    private void delete(IndexEntry entry) {
        byte[] row = RowCodec.tombstone(entry.key);
        leases.move(entry.key, entry.lease, 0);
        index.put(
                entry.key,
                newest ->
                        take(
                                new IndexEntry(
                                        entry.key,
                                        revision + 1,
                                        changes,
                                        true,
                                        0,
                                        0,
                                        0,
                                        newest,
                                        row)));
    }

    /** Queues a new version for the store; it has its place among the changes of the command. */
    private IndexEntry take(IndexEntry entry) {
        batch.put(Keyspaces.KEY, RevisionKey.of(entry), entry.row());
        cache.add(entry);
        events.add(WatchEvent.of(entry));
        changes++;
        return entry;
    }
}
