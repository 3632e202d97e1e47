package io.quorate.checks;

import com.google.protobuf.ByteString;

import io.quorate.api.proto.CompactionRequest;
import io.quorate.api.proto.Compare;
import io.quorate.api.proto.DeleteRangeRequest;
import io.quorate.api.proto.HashKVRequest;
import io.quorate.api.proto.LeaseGrantRequest;
import io.quorate.api.proto.LeaseLeasesRequest;
import io.quorate.api.proto.LeaseRevokeRequest;
import io.quorate.api.proto.LeaseTimeToLiveRequest;
import io.quorate.api.proto.PutRequest;
import io.quorate.api.proto.RangeRequest;
import io.quorate.api.proto.RequestOp;
import io.quorate.api.proto.TxnRequest;

import java.util.HashSet;
import java.util.Random;
import java.util.Set;

/**
 * Draws calls of the KV and Lease services: few keys, so that they meet, of odd bytes, so that
 * order and range ends matter; revisions close to the current and the compacted one; and about one
 * call in ten that a server must refuse.
 *
 * <p>What is drawn depends on the seed and on the answers observed, which depend on the seed alone.
 */
final class OperationGenerator {
    private static final byte[] ALPHABET = {0, 1, 'a', 'b', (byte) 0x7f, (byte) 0xff};
    private static final ByteString ZERO = ByteString.copyFrom(new byte[] {0});
    private static final int LEASES = 6;
    private static final int UNKNOWN_LEASE = 99;

    /** No lease may end by itself: when it would is up to the clock. */
    private static final long TTL_SECONDS = 100_000;

    private static final int DEPTH_MAX = 3;
    private static final int MANY_OPS = 126;

    /** Between the limit of a request and that of a gRPC message. */
    private static final int LARGE_BYTES = 1_700_000;

    /**
     * Whether to draw also what is known to be answered otherwise; {@code README.md} lists it.
     * {@code -DknownDifferences=true} shows whether that is still so.
     */
    private static final boolean KNOWN_DIFFERENCES = Boolean.getBoolean("knownDifferences");

    private final Random random;
    private final Set<Long> compactions = new HashSet<>();
    private final boolean leases;
    private long revision = 1;
    private long compacted;

    /** Whether deletes of the transaction being drawn may go on to the end of all keys. */
    private boolean openDeletes;

    /**
     * @param leases whether to call the Lease service; without it every lease is unknown
     */
    OperationGenerator(long seed, boolean leases) {
        random = new Random(seed);
        this.leases = leases;
    }

    /** Learns the revisions that the next calls are drawn around. */
    void observe(Operation operation, Answer answer) {
        revision = Math.max(revision, answer.revision());
        if (operation instanceof Operation.Compact(var request) && answer.ok()) {
            compacted = request.getRevision();
            compactions.add(compacted);
        }
    }

    Operation next() {
        int dice = random.nextInt(leases ? 1000 : 950);
        if (dice < 300) return new Operation.Put(put(key()));
        if (dice < 560) return new Operation.Range(mistaken(range()));
        if (dice < 610) return new Operation.RangeStream(byKey(mistaken(range())));
        if (dice < 690) return new Operation.Delete(delete());
        if (dice < 930) return new Operation.Txn(txn());
        if (dice < 940) return new Operation.Compact(compaction());
        if (dice < 950) {
            long at = hashable(readRevision());
            return new Operation.HashKv(HashKVRequest.newBuilder().setRevision(at).build());
        }
        if (dice < 972) return new Operation.Grant(grant());
        if (dice < 978) return new Operation.Revoke(revoke());
        if (dice < 994) return new Operation.TimeToLive(timeToLive());
        return new Operation.Leases(LeaseLeasesRequest.getDefaultInstance());
    }

    private boolean oneIn(int n) {
        return random.nextInt(n) == 0;
    }

    private ByteString key() {
        if (oneIn(150)) return ByteString.EMPTY;
        byte[] key = new byte[1 + random.nextInt(oneIn(3) ? 3 : 2)];
        for (int i = 0; i < key.length; i++) key[i] = ALPHABET[random.nextInt(ALPHABET.length)];
        return ByteString.copyFrom(key);
    }

    private ByteString rangeEnd(ByteString key) {
        return switch (random.nextInt(8)) {
            case 0, 1, 2 -> ByteString.EMPTY;
            case 3 -> ZERO;
            case 4, 5 -> prefixEnd(key);
            default -> key();
        };
    }

    private static ByteString prefixEnd(ByteString prefix) {
        byte[] end = prefix.toByteArray();
        for (int i = end.length - 1; i >= 0; i--) {
            if (end[i] == (byte) 0xff) continue;
            end[i]++;
            return ByteString.copyFrom(end, 0, i + 1);
        }
        return ZERO;
    }

    private ByteString value() {
        return switch (random.nextInt(6)) {
            case 0 -> ByteString.EMPTY;
            case 1, 2, 3 -> ByteString.copyFrom(new byte[] {(byte) ('u' + random.nextInt(4))});
            default -> {
                byte[] value = new byte[random.nextInt(40)];
                random.nextBytes(value);
                yield ByteString.copyFrom(value);
            }
        };
    }

    private long lease() {
        if (oneIn(100)) return UNKNOWN_LEASE;
        return leases && oneIn(4) ? 1 + random.nextInt(LEASES) : 0;
    }

    private long readRevision() {
        return switch (random.nextInt(16)) {
            case 0, 1 -> compacted + random.nextInt(3) - 1;
            case 2 -> revision + random.nextInt(3) - 1;
            case 3, 4 -> between();
            case 5 -> oneIn(4) ? -random.nextInt(3) : 0;
            default -> 0;
        };
    }

    /** A revision that can be read and hashed. */
    long hashable() {
        return hashable(between());
    }

    private long hashable(long at) {
        if (KNOWN_DIFFERENCES) return at;
        return at < 0 || compactions.contains(at) ? revision + 1 : at;
    }

    private long between() {
        return compacted + (long) (random.nextDouble() * (revision - compacted + 1));
    }

    private PutRequest put(ByteString key) {
        PutRequest.Builder put =
                PutRequest.newBuilder()
                        .setKey(key)
                        .setValue(value())
                        .setLease(lease())
                        .setPrevKv(oneIn(3));
        if (oneIn(12)) put.setIgnoreValue(true);
        if (oneIn(12)) put.setIgnoreLease(true);
        if (put.getIgnoreValue() && !oneIn(5)) put.clearValue();
        if (put.getIgnoreLease() && !oneIn(5)) put.clearLease();
        if (oneIn(6000)) put.setValue(ByteString.copyFrom(new byte[LARGE_BYTES]));
        if (oneIn(12000)) put.setValue(ByteString.copyFrom(new byte[2 * LARGE_BYTES]));
        return put.build();
    }

    private RangeRequest range() {
        ByteString key = key();
        RangeRequest.Builder range =
                RangeRequest.newBuilder()
                        .setKey(key)
                        .setRangeEnd(rangeEnd(key))
                        .setRevision(readRevision())
                        .setSerializable(oneIn(3))
                        .setKeysOnly(oneIn(5))
                        .setCountOnly(oneIn(8));
        if (oneIn(2)) range.setLimit(random.nextInt(8) - 1);
        if (oneIn(3))
            range.setSortOrderValue(random.nextInt(3)).setSortTargetValue(random.nextInt(5));
        if (KNOWN_DIFFERENCES) range = mistaken(range.build()).toBuilder();
        if (oneIn(10)) range.setMinModRevision(between());
        if (oneIn(10)) range.setMaxModRevision(between());
        if (oneIn(10)) range.setMinCreateRevision(between());
        if (oneIn(10)) range.setMaxCreateRevision(between());
        return range.build();
    }

    /**
     * Streams that take the keys in order: each piece is sorted by itself, goes on behind its last
     * key, and which of several equals is the last differs (row KV-15).
     */
    private static RangeRequest byKey(RangeRequest request) {
        boolean sorted =
                request.getSortOrder() == RangeRequest.SortOrder.NONE
                        && request.getSortTarget() != RangeRequest.SortTarget.UNRECOGNIZED;
        return sorted ? request.toBuilder().clearSortTarget().build() : request;
    }

    /** The request, now and then with a sort that there is not. */
    private RangeRequest mistaken(RangeRequest request) {
        // With two mistakes in one request it matters which is found first.
        if (!KNOWN_DIFFERENCES && request.getKey().isEmpty()) return request;
        if (oneIn(150)) return request.toBuilder().setSortOrderValue(3 + random.nextInt(5)).build();
        if (oneIn(150))
            return request.toBuilder().setSortTargetValue(5 + random.nextInt(5)).build();
        return request;
    }

    private DeleteRangeRequest delete() {
        ByteString key = key();
        return DeleteRangeRequest.newBuilder()
                .setKey(key)
                .setRangeEnd(oneIn(12) ? rangeEnd(key) : ByteString.EMPTY)
                .setPrevKv(oneIn(2))
                .build();
    }

    private CompactionRequest compaction() {
        long target = oneIn(4) ? compacted + random.nextInt(3) - 1 : between();
        if (oneIn(10)) target = revision + random.nextInt(3);
        // Physical: whether the entries are gone when the call returns must not be up to the clock.
        return CompactionRequest.newBuilder().setRevision(target).setPhysical(true).build();
    }

    private LeaseGrantRequest grant() {
        return LeaseGrantRequest.newBuilder()
                .setID(1 + random.nextInt(LEASES))
                .setTTL(oneIn(20) ? 9_000_000_001L : TTL_SECONDS + random.nextInt(100))
                .build();
    }

    private LeaseRevokeRequest revoke() {
        return LeaseRevokeRequest.newBuilder()
                .setID(oneIn(8) ? UNKNOWN_LEASE : 1 + random.nextInt(LEASES))
                .build();
    }

    private LeaseTimeToLiveRequest timeToLive() {
        return LeaseTimeToLiveRequest.newBuilder()
                .setID(oneIn(8) ? UNKNOWN_LEASE : 1 + random.nextInt(LEASES))
                .setKeys(oneIn(2))
                .build();
    }

    private TxnRequest txn() {
        // Where etcd looks for keys that are named twice it takes this end for a key, and it
        // crashes
        // on a put that relies on a key which such a delete of the same transaction has removed.
        openDeletes = KNOWN_DIFFERENCES || oneIn(4);
        // Most are careful not to name a key twice: a random transaction nearly always does.
        Set<ByteString> named = oneIn(8) ? null : new HashSet<>();
        return txn(1, named);
    }

    private TxnRequest txn(int depth, Set<ByteString> named) {
        TxnRequest.Builder txn = TxnRequest.newBuilder();
        for (int i = random.nextInt(4); i > 0; i--) txn.addCompare(compare());
        for (int i = branchSize(depth); i > 0; i--) txn.addSuccess(op(depth, named));
        for (int i = branchSize(depth); i > 0; i--) txn.addFailure(op(depth, named));
        if (oneIn(300)) {
            while (txn.getCompareCount() < MANY_OPS + random.nextInt(5)) txn.addCompare(compare());
        }
        return txn.build();
    }

    private int branchSize(int depth) {
        if (depth == 1 && oneIn(200)) return MANY_OPS + random.nextInt(5);
        if (depth == 2 && oneIn(300)) return MANY_OPS - random.nextInt(5);
        return random.nextInt(4);
    }

    private RequestOp op(int depth, Set<ByteString> named) {
        RequestOp.Builder op = RequestOp.newBuilder();
        int dice = random.nextInt(300);
        if (dice == 0) return op.build();
        if (dice < 110) return op.setRequestPut(putIn(named)).build();
        if (dice < 200) return op.setRequestRange(range()).build();
        if (dice < 250) return op.setRequestDeleteRange(deleteIn(named)).build();
        if (depth < DEPTH_MAX) return op.setRequestTxn(txn(depth + 1, named)).build();
        return op.setRequestRange(range()).build();
    }

    private ByteString freshKey(Set<ByteString> named) {
        ByteString key = key();
        if (named == null) return key;
        for (int tries = 0; !named.add(key) && tries < 20; tries++) key = key();
        return key;
    }

    private PutRequest putIn(Set<ByteString> named) {
        PutRequest put = put(freshKey(named));
        if (!openDeletes || KNOWN_DIFFERENCES) return put;
        return put.toBuilder().clearIgnoreLease().clearIgnoreValue().build();
    }

    private DeleteRangeRequest deleteIn(Set<ByteString> named) {
        if (named == null || oneIn(10)) {
            DeleteRangeRequest delete = delete();
            boolean open = delete.getRangeEnd().equals(ZERO);
            return open && !openDeletes ? delete.toBuilder().clearRangeEnd().build() : delete;
        }
        return delete().toBuilder().setKey(freshKey(named)).clearRangeEnd().build();
    }

    private Compare compare() {
        ByteString key = key();
        Compare.Builder compare =
                Compare.newBuilder()
                        .setKey(key)
                        .setResultValue(random.nextInt(4))
                        .setTargetValue(random.nextInt(5));
        if (oneIn(5)) compare.setRangeEnd(rangeEnd(key));
        // The member of the union goes by the target, but for one in ten (row TX-14).
        int union = oneIn(10) ? random.nextInt(6) : compare.getTargetValue();
        switch (union) {
            case 0 -> compare.setVersion(random.nextInt(4));
            case 1 -> compare.setCreateRevision(oneIn(2) ? 0 : between());
            case 2 -> compare.setModRevision(oneIn(2) ? 0 : between());
            case 3 -> compare.setValue(value());
            case 4 -> compare.setLease(random.nextInt(LEASES));
            default -> compare.clearTargetUnion();
        }
        if (KNOWN_DIFFERENCES && oneIn(200)) compare.setResultValue(4 + random.nextInt(3));
        if (KNOWN_DIFFERENCES && oneIn(200)) compare.setTargetValue(5 + random.nextInt(3));
        return compare.build();
    }
}
