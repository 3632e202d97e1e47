package io.quorate.engine.state;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.zip.CRC32C;

/**
 * What the state machine must answer, in the plainest way: one list of all rows, looked through
 * from its start for everything. Compaction is done at once.
 */
final class Oracle {
    private List<Row> rows = new ArrayList<>();

    /** TTL and checkpointed rest by id. */
    private final TreeMap<Long, Lease> leases = new TreeMap<>();

    private final TreeMap<Long, KvHash> compactionHashes = new TreeMap<>();

    private long revision = 1;
    private long compactRevision = -1;
    private int sub;

    private record Row(
            byte[] key,
            long main,
            int sub,
            boolean tombstone,
            long created,
            long version,
            byte[] value,
            long lease) {
        KeyValue kv() {
            return new KeyValue(key, created, main, version, value, lease);
        }
    }

    long revision() {
        return revision;
    }

    long compactRevision() {
        return compactRevision;
    }

    int rowsLeft() {
        return rows.size();
    }

    Result apply(Command command) {
        sub = 0;
        Result result =
                switch (command) {
                    case Command.Put put -> {
                        checkPut(put, List.of());
                        yield put(put);
                    }
                    case Command.DeleteRange delete -> delete(delete);
                    case Command.Txn txn -> txn(txn);
                    case Command.Compact compact -> compact(compact.revision());
                    case Command.LeaseGrant grant -> grant(grant);
                    case Command.LeaseRevoke revoke -> revoke(revoke.id());
                    case Command.LeaseCheckpoint checkpoint -> checkpoint(checkpoint);
                    case Command.MemberAdd ignored -> throw new AssertionError();
                    case Command.MemberRemove ignored -> throw new AssertionError();
                    case Command.MemberUpdate ignored -> throw new AssertionError();
                    case Command.MemberPromote ignored -> throw new AssertionError();
                    case Command.MemberAttributes ignored -> throw new AssertionError();
                    case Command.ClusterVersion ignored -> throw new AssertionError();
                    case Command.RaiseAlarm ignored -> throw new AssertionError();
                    case Command.ClearAlarm ignored -> throw new AssertionError();
                    case Command.Downgrade ignored -> throw new AssertionError();
                    case AuthCommand ignored -> throw new AssertionError();
                };
        revision = now();
        sub = 0;
        return result;
    }

    private long now() {
        return sub == 0 ? revision : revision + 1;
    }

    private TreeMap<byte[], Row> visible(byte[] key, byte[] end, long at) {
        TreeMap<byte[], Row> visible = new TreeMap<>(Arrays::compareUnsigned);
        for (Row row : rows) {
            if (row.main > at || !inRange(row.key, key, end)) continue;
            if (row.tombstone) visible.remove(row.key);
            else visible.put(row.key, row);
        }
        return visible;
    }

    private static boolean inRange(byte[] key, byte[] from, byte[] end) {
        if (end.length == 0) return Arrays.equals(key, from);
        boolean open = end.length == 1 && end[0] == 0;
        return Arrays.compareUnsigned(key, from) >= 0
                && (open || Arrays.compareUnsigned(key, end) < 0);
    }

    RangeResult range(RangeQuery query) {
        if (query.revision() > now()) throw EtcdError.FUTURE_REVISION.exception();
        long at = query.revision() <= 0 ? now() : query.revision();
        if (at < compactRevision) throw EtcdError.COMPACTED.exception();
        Collection<Row> found = visible(query.key(), query.rangeEnd(), at).values();
        long count = found.size();
        if (query.countOnly()) return new RangeResult(now(), List.of(), false, count);
        List<KeyValue> kvs = new ArrayList<>(found.stream().map(Row::kv).toList());
        if (cutsFirst(query)) kvs = kvs.subList(0, (int) Math.min(count, query.limit() + 1));
        kvs.removeIf(kv -> !passes(kv, query));
        kvs.sort(comparator(query));
        boolean more = query.limit() > 0 && kvs.size() > query.limit();
        if (more) kvs = kvs.subList(0, (int) query.limit());
        if (query.keysOnly()) kvs = kvs.stream().map(kv -> bare(kv, query)).toList();
        return new RangeResult(now(), kvs, more, count);
    }

    private static boolean cutsFirst(RangeQuery query) {
        return query.limit() > 0 && query.hasDefaultOrder() && !query.hasRevisionFilters();
    }

    private static boolean passes(KeyValue kv, RangeQuery query) {
        if (query.maxModRevision() != 0 && kv.modRevision() > query.maxModRevision()) return false;
        if (query.minModRevision() != 0 && kv.modRevision() < query.minModRevision()) return false;
        if (query.maxCreateRevision() != 0 && kv.createRevision() > query.maxCreateRevision())
            return false;
        return query.minCreateRevision() == 0 || kv.createRevision() >= query.minCreateRevision();
    }

    private static Comparator<KeyValue> comparator(RangeQuery query) {
        Comparator<KeyValue> comparator =
                switch (query.sortTarget()) {
                    case KEY -> (a, b) -> Arrays.compareUnsigned(a.key(), b.key());
                    case VERSION -> Comparator.comparingLong(KeyValue::version);
                    case CREATE -> Comparator.comparingLong(KeyValue::createRevision);
                    case MOD -> Comparator.comparingLong(KeyValue::modRevision);
                    case VALUE -> (a, b) -> Arrays.compareUnsigned(a.value(), b.value());
                };
        return query.order() == RangeQuery.Order.DESCEND ? comparator.reversed() : comparator;
    }

    private static KeyValue bare(KeyValue kv, RangeQuery query) {
        return new KeyValue(
                kv.key(),
                kv.createRevision(),
                kv.modRevision(),
                kv.version(),
                new byte[0],
                query.sortTarget() == RangeQuery.SortTarget.VALUE ? kv.lease() : 0);
    }

    private Result grant(Command.LeaseGrant grant) {
        if (grant.id() == 0) throw EtcdError.LEASE_NOT_FOUND.exception();
        if (grant.ttl() > 9_000_000_000L) throw EtcdError.LEASE_TTL_TOO_LARGE.exception();
        if (leases.containsKey(grant.id())) throw EtcdError.LEASE_EXISTS.exception();
        leases.put(grant.id(), new Lease(grant.id(), grant.ttl(), 0));
        return new Result.LeaseGrant(revision, grant.id(), grant.ttl());
    }

    private Result revoke(long id) {
        if (leases.remove(id) == null) throw EtcdError.LEASE_NOT_FOUND.exception();
        for (byte[] key : keys(id)) delete(new Command.DeleteRange(key, new byte[0], false));
        return new Result.Done(now());
    }

    private Result checkpoint(Command.LeaseCheckpoint command) {
        for (Command.Checkpoint of : command.checkpoints())
            leases.computeIfPresent(
                    of.id(), (id, lease) -> new Lease(id, lease.ttl(), of.remaining()));
        return new Result.Done(revision);
    }

    List<Lease> leases() {
        return List.copyOf(leases.values());
    }

    List<byte[]> keys(long id) {
        return visible(new byte[] {0}, new byte[] {0}, now()).values().stream()
                .filter(row -> row.lease == id)
                .map(Row::key)
                .toList();
    }

    private void checkPut(Command.Put put, List<Command.DeleteRange> deletes) {
        if (put.lease() != 0 && !leases.containsKey(put.lease()))
            throw EtcdError.LEASE_NOT_FOUND.exception();
        if (!put.ignoreValue() && !put.ignoreLease()) return;
        boolean there = visible(put.key(), new byte[0], now()).size() == 1;
        for (Command.DeleteRange delete : deletes)
            if (inRange(put.key(), delete.key(), delete.rangeEnd())) there = false;
        if (!there) throw EtcdError.KEY_NOT_FOUND.exception();
    }

    private Result.Put put(Command.Put put) {
        Row old = visible(put.key(), new byte[0], now()).get(put.key());
        byte[] value = put.ignoreValue() ? old.value : put.value();
        long main = revision + 1;
        long created = old == null ? main : old.created;
        long version = old == null ? 1 : old.version + 1;
        long lease = put.ignoreLease() ? old.lease : put.lease();
        rows.add(new Row(put.key(), main, sub++, false, created, version, value, lease));
        return new Result.Put(now(), put.prevKv() && old != null ? old.kv() : null);
    }

    private Result.DeleteRange delete(Command.DeleteRange delete) {
        List<Row> doomed = List.copyOf(visible(delete.key(), delete.rangeEnd(), now()).values());
        for (Row row : doomed)
            rows.add(new Row(row.key, revision + 1, sub++, true, 0, 0, new byte[0], 0));
        List<KeyValue> previous =
                delete.prevKv() ? doomed.stream().map(Row::kv).toList() : List.of();
        return new Result.DeleteRange(now(), doomed.size(), previous);
    }

    private Result.Txn txn(Command.Txn txn) {
        List<Boolean> path = new ArrayList<>();
        choose(txn, path);
        check(txn, new ArrayList<>(path), new ArrayList<>());
        Result.Txn result = run(txn, path);
        return new Result.Txn(now(), result.succeeded(), result.results());
    }

    private void choose(Command.Txn txn, List<Boolean> path) {
        boolean success = txn.compares().stream().allMatch(this::holds);
        path.add(success);
        for (Command.Op op : success ? txn.success() : txn.failure())
            if (op instanceof Command.TxnOp(var inner)) choose(inner, path);
    }

    private void check(Command.Txn txn, List<Boolean> path, List<Command.DeleteRange> deletes) {
        for (Command.Op op : path.removeFirst() ? txn.success() : txn.failure()) {
            switch (op) {
                case Command.RangeOp(var query) -> {
                    if (query.revision() == 0) continue;
                    if (query.revision() > revision) throw EtcdError.FUTURE_REVISION.exception();
                    if (query.revision() < compactRevision) throw EtcdError.COMPACTED.exception();
                }
                case Command.PutOp(var put) -> checkPut(put, deletes);
                case Command.DeleteRangeOp(var delete) -> deletes.add(delete);
                case Command.TxnOp(var inner) -> check(inner, path, deletes);
                case Command.EmptyOp() -> throw new AssertionError();
            }
        }
    }

    private Result.Txn run(Command.Txn txn, List<Boolean> path) {
        boolean success = path.removeFirst();
        List<Result.OpResult> results = new ArrayList<>();
        for (Command.Op op : success ? txn.success() : txn.failure())
            results.add(
                    switch (op) {
                        case Command.RangeOp(var query) -> new Result.RangeOpResult(range(query));
                        case Command.PutOp(var put) -> new Result.PutOpResult(put(put));
                        case Command.DeleteRangeOp(var delete) ->
                                new Result.DeleteRangeOpResult(delete(delete));
                        case Command.TxnOp(var inner) -> new Result.TxnOpResult(run(inner, path));
                        case Command.EmptyOp() -> throw new AssertionError();
                    });
        return new Result.Txn(0, success, results);
    }

    private boolean holds(Command.Compare compare) {
        Collection<Row> found = visible(compare.key(), compare.rangeEnd(), revision).values();
        if (found.isEmpty())
            return compare.target() != Command.Target.VALUE
                    && holds(compare, new Row(null, 0, 0, true, 0, 0, null, 0));
        return found.stream().allMatch(row -> holds(compare, row));
    }

    private static boolean holds(Command.Compare compare, Row row) {
        int order =
                switch (compare.target()) {
                    case VERSION -> Long.compare(row.version, compare.number());
                    case CREATE -> Long.compare(row.created, compare.number());
                    case MOD -> Long.compare(row.main, compare.number());
                    case LEASE -> Long.compare(row.lease, compare.number());
                    case VALUE -> Arrays.compareUnsigned(row.value, compare.value());
                };
        return switch (compare.relation()) {
            case EQUAL -> order == 0;
            case NOT_EQUAL -> order != 0;
            case GREATER -> order > 0;
            case LESS -> order < 0;
        };
    }

    private Result.Compact compact(long at) {
        if (at <= compactRevision) throw EtcdError.COMPACTED.exception();
        if (at > revision) throw EtcdError.FUTURE_REVISION.exception();
        Set<Row> newest = newest(at);
        newest.removeIf(row -> row.tombstone && row.main < at);
        compactionHashes.put(at, hash(at, newest));
        compactRevision = at;
        rows.removeIf(row -> row.main <= at && !newest.contains(row));
        return new Result.Compact(revision);
    }

    /** The newest row of each key at or before a revision. */
    private Set<Row> newest(long at) {
        TreeMap<byte[], Row> newest = new TreeMap<>(Arrays::compareUnsigned);
        for (Row row : rows) if (row.main <= at) newest.put(row.key, row);
        return new HashSet<>(newest.values());
    }

    KvHash hash(long asked) {
        if (asked > revision) throw EtcdError.FUTURE_REVISION.exception();
        if (asked > 0 && asked < compactRevision) throw EtcdError.COMPACTED.exception();
        long at = asked == 0 ? revision : asked;
        Set<Row> keep = newest(at);
        keep.removeIf(row -> row.tombstone);
        return hash(at, keep);
    }

    /** The one that was taken when this revision was compacted to. */
    KvHash compactionHash(long at) {
        KvHash then = compactionHashes.get(at);
        return new KvHash(then.hash(), then.compactRevision(), at, revision);
    }

    private KvHash hash(long at, Set<Row> keep) {
        ByteArrayOutputStream hashed = new ByteArrayOutputStream();
        hashed.writeBytes("key".getBytes(StandardCharsets.UTF_8));
        for (Row row : rows) {
            if (row.main > at) continue;
            if (row.main <= compactRevision && !keep.isEmpty() && !keep.contains(row)) continue;
            if (row.main == compactRevision && row.tombstone) continue;
            hashed.writeBytes(RevisionKey.of(row.main, row.sub, row.tombstone));
            hashed.writeBytes(
                    RowCodec.encode(
                            row.key,
                            row.created,
                            row.tombstone ? 0 : row.main,
                            row.version,
                            row.value,
                            row.lease));
        }
        CRC32C crc = new CRC32C();
        crc.update(hashed.toByteArray());
        return new KvHash((int) crc.getValue(), compactRevision, at, revision);
    }
}
