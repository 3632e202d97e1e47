package io.quorate.engine.node;

import static java.lang.System.Logger.Level.ERROR;
import static java.lang.System.Logger.Level.INFO;
import static java.lang.System.Logger.Level.WARNING;

import io.quorate.engine.node.PeerHashes.Answered;
import io.quorate.engine.node.PeerHashes.PeerHash;
import io.quorate.engine.node.PeerHashes.Unanswered;
import io.quorate.engine.state.KvHash;
import io.quorate.spi.storage.StorageException;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongConsumer;
import java.util.function.LongFunction;
import java.util.function.Supplier;

/**
 * Compares what members hold, by its hash (SE-65 to SE-67). Hashes are compared only where both
 * members are at the same compact revision, because what compaction has removed cannot count. Reads
 * the whole state, so each check takes as long as that does; one thread at a time.
 */
final class CorruptionChecker {
    private static final System.Logger LOGGER = System.getLogger("io.quorate.engine.node");

    /** Stands for the whole cluster when the guilty member is not known. */
    private static final long WHOLE_CLUSTER = 0;

    private final long memberId;
    private final Replica replica;
    private final PeerHashes peers;
    private final LongConsumer alarm;
    private long checkedRevision;

    /**
     * @param alarm raises CORRUPT for a member
     */
    CorruptionChecker(long memberId, Replica replica, PeerHashes peers, LongConsumer alarm) {
        this.memberId = memberId;
        this.replica = replica;
        this.peers = peers;
        this.alarm = alarm;
    }

    /**
     * What a check needs of its own member.
     *
     * @param hash of the state at a revision, 0 for the current one
     * @param compactionHashes remembered ones, oldest first
     * @param linearizablePoint waits for it
     */
    record Replica(
            LongFunction<KvHash> hash,
            Supplier<List<KvHash>> compactionHashes,
            Runnable linearizablePoint) {}

    /**
     * Before this member serves anybody (SE-66).
     *
     * @throws StorageException.Corruption when another member holds something else
     */
    void initialCheck() {
        LOGGER.log(INFO, "starting initial corruption check", local());
        KvHash own = replica.hash.apply(0);
        int mismatches = 0;
        for (PeerHash peer : peers.at(own.hashRevision())) {
            mismatches += initialMismatch(own, peer) ? 1 : 0;
        }
        if (mismatches > 0) {
            throw new StorageException.Corruption(
                    hex(memberId)
                            + " found data inconsistency with peers; remove this member from the"
                            + " cluster and add it anew with an empty data directory",
                    null);
        }
        LOGGER.log(INFO, "initial corruption checking passed; no corruption", local());
    }

    private boolean initialMismatch(KvHash own, PeerHash peer) {
        return switch (peer) {
            case Answered(long id, KvHash hash) -> {
                if (hash.hash() == own.hash()) {
                    yield false;
                }
                boolean comparable = hash.compactRevision() == own.compactRevision();
                LOGGER.log(
                        WARNING,
                        comparable
                                ? "found different hash values from remote peer"
                                : "found different compact revision values from remote peer",
                        both("local-member", own, "remote-peer", id, hash));
                yield comparable;
            }
            case Unanswered(long id, String reason) -> {
                LOGGER.log(
                        WARNING,
                        "cannot fetch hash from remote peer",
                        Fields.of(
                                "local-member-id",
                                hex(memberId),
                                "remote-peer-id",
                                hex(id),
                                "error",
                                reason));
                yield false;
            }
        };
    }

    /**
     * The leader's look at the current states (SE-65): no follower may be ahead of it, and none may
     * differ.
     *
     * @throws RuntimeException when this member's own state cannot be read now
     */
    void periodicCheck() {
        KvHash before = replica.hash.apply(0);
        List<PeerHash> answers = peers.at(before.hashRevision());
        replica.linearizablePoint.run();
        KvHash after = replica.hash.apply(0);
        List<Long> guilty = new ArrayList<>();
        boolean sameRevisions =
                after.hashRevision() == before.hashRevision()
                        && after.compactRevision() == before.compactRevision();
        if (sameRevisions && after.hash() != before.hash()) {
            LOGGER.log(
                    WARNING,
                    "found hash mismatch",
                    both("first", before, "second", memberId, after));
            guilty.add(memberId);
        }
        int checked = 0;
        for (PeerHash peer : answers) {
            if (peer instanceof Answered(long id, KvHash hash)) {
                checked++;
                if (differs(before, after, id, hash)) {
                    guilty.add(id);
                }
            }
        }
        if (!guilty.isEmpty()) {
            alarm.accept(guilty.getFirst());
        }
        LOGGER.log(
                INFO,
                "finished peer corruption check",
                Fields.of("number-of-peers-checked", checked));
    }

    private static boolean differs(KvHash before, KvHash after, long id, KvHash follower) {
        String wrong;
        if (follower.revision() > after.revision()) {
            wrong = "revision from follower must be less than or equal to leader's";
        } else if (follower.compactRevision() > after.compactRevision()) {
            wrong = "compact revision from follower must be less than or equal to leader's";
        } else if (follower.compactRevision() == before.compactRevision()
                && follower.hash() != before.hash()) {
            wrong = "same compact revision then hashes must match";
        } else {
            return false;
        }
        LOGGER.log(WARNING, wrong, both("leader", after, "follower-peer", id, follower));
        return true;
    }

    /**
     * The leader's look at what members remember of past compactions (SE-67), newest first, until
     * one was compared with all of them.
     */
    void compactionCheck() {
        LOGGER.log(INFO, "starting compact hash check", local());
        int checked = 0;
        for (KvHash own : replica.compactionHashes.get().reversed()) {
            if (own.hashRevision() <= checkedRevision) {
                break;
            }
            checked++;
            List<PeerHash> answers = peers.at(own.hashRevision());
            if (!answers.isEmpty() && compare(own, answers)) {
                break;
            }
        }
        LOGGER.log(
                INFO,
                "finished compaction hash check",
                Fields.of("number-of-hashes-checked", checked));
    }

    /** False when some member could not be compared, so that an older hash is worth a look. */
    private boolean compare(KvHash own, List<PeerHash> answers) {
        Map<Integer, List<Long>> membersByHash = new TreeMap<>(Integer::compareUnsigned);
        membersByHash.computeIfAbsent(own.hash(), hash -> new ArrayList<>()).add(memberId);
        int compared = 0;
        for (PeerHash peer : answers) {
            switch (peer) {
                case Answered(long id, KvHash hash)
                        when hash.compactRevision() == own.compactRevision() -> {
                    membersByHash.computeIfAbsent(hash.hash(), h -> new ArrayList<>()).add(id);
                    compared++;
                }
                case Answered(long id, KvHash hash) ->
                        skipped(
                                id,
                                "the peer's CompactRevision "
                                        + hash.compactRevision()
                                        + " doesn't match leader's CompactRevision "
                                        + own.compactRevision());
                case Unanswered(long id, String reason) -> skipped(id, "no response: " + reason);
            }
        }
        if (membersByHash.size() > 1) {
            accuse(own, membersByHash, answers.size() + 1);
            return true;
        }
        if (compared < answers.size()) {
            LOGGER.log(
                    WARNING,
                    "skipped revision in compaction hash check; was not able to check all peers",
                    counted(own, compared));
            return false;
        }
        LOGGER.log(INFO, "successfully checked hash on whole cluster", counted(own, compared));
        checkedRevision = own.hashRevision();
        return true;
    }

    /** Whoever differs from a majority is wrong; without one, nobody can tell who is. */
    private void accuse(KvHash own, Map<Integer, List<Long>> membersByHash, int members) {
        int majority = members / 2 + 1;
        boolean settled = membersByHash.values().removeIf(agreeing -> agreeing.size() >= majority);
        if (!settled) {
            alarm.accept(WHOLE_CLUSTER);
        }
        membersByHash.forEach((hash, ids) -> {
            if (settled) {
                ids.forEach(alarm::accept);
            }
            var fields = counted(own, members - 1);
            fields.put("peer-hash", Integer.toUnsignedLong(hash));
            fields.put("peer-ids", ids.stream().map(CorruptionChecker::hex).toList());
            fields.put("quorum-exist", settled);
            LOGGER.log(ERROR, "Detected compaction hash mismatch", fields);
        });
    }

    private void skipped(long peer, String reason) {
        LOGGER.log(
                WARNING,
                "Skipped peer's hash",
                Fields.of("leader-id", hex(memberId), "peer-id", hex(peer), "reason", reason));
    }

    private Map<String, Object> local() {
        return Fields.of("local-member-id", hex(memberId));
    }

    private Map<String, Object> counted(KvHash own, int compared) {
        return Fields.of(
                "leader-id",
                hex(memberId),
                "number-of-peers-checked",
                compared,
                "revision",
                own.hashRevision(),
                "compactRevision",
                own.compactRevision(),
                "hash",
                Integer.toUnsignedLong(own.hash()));
    }

    private static Map<String, Object> both(
            String one, KvHash hash, String other, long otherId, KvHash otherHash) {
        return Fields.of(
                one + "-revision",
                hash.revision(),
                one + "-compact-revision",
                hash.compactRevision(),
                one + "-hash",
                Integer.toUnsignedLong(hash.hash()),
                other + "-id",
                hex(otherId),
                other + "-revision",
                otherHash.revision(),
                other + "-compact-revision",
                otherHash.compactRevision(),
                other + "-hash",
                Integer.toUnsignedLong(otherHash.hash()));
    }

    private static String hex(long id) {
        return Long.toHexString(id);
    }
}
