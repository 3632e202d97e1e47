package io.quorate.engine.node;

import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * Settings of one replica.
 *
 * @param name of this member; a key of {@code initialCluster}
 * @param clientUrls where clients reach it, published to the cluster
 * @param peerUrls where other members reach it
 * @param initialCluster peer URLs by member name; read for a new data directory only (CS-03)
 * @param token tells clusters with the same URLs apart (ID-02)
 * @param snapshotCount applied entries between two checkpoints of the state
 * @param checkpointBytes what they must have in sum as well, in bytes of entries; {@value
 *     #CHECKPOINT_COUNTS_MAX} times {@code snapshotCount} is enough without it
 * @param catchUpEntries entries kept in the log behind a checkpoint, for slow followers
 * @param logBytesMax size of the log, in bytes, that brings the next checkpoint forward
 * @param tick heartbeat interval
 * @param electionTicks ticks without a leader before an election
 * @param maxRequestBytes largest encoded proposal (SE-40)
 * @param preVote whether elections ask first without raising the term
 * @param leaseCheckpoint whether what is left of long leases is kept in the log, so that a change
 *     of leader does not begin them anew (SE-74)
 * @param upkeep how it looks after its state
 * @param tokens what users who have shown their password get
 */
public record NodeConfig(
        String name,
        List<String> clientUrls,
        List<String> peerUrls,
        Map<String, List<String>> initialCluster,
        String token,
        long snapshotCount,
        long checkpointBytes,
        long catchUpEntries,
        long logBytesMax,
        Duration tick,
        int electionTicks,
        int maxRequestBytes,
        boolean preVote,
        boolean leaseCheckpoint,
        Upkeep upkeep,
        TokenKind tokens) {
    public static final long DEFAULT_SNAPSHOT_COUNT = 10_000;
    public static final long DEFAULT_CHECKPOINT_BYTES = 32L << 20;
    public static final long DEFAULT_CATCH_UP_ENTRIES = 5_000;
    public static final long DEFAULT_LOG_BYTES_MAX = 512L << 20;
    public static final Duration DEFAULT_TICK = Duration.ofMillis(100);
    public static final int DEFAULT_ELECTION_TICKS = 10;
    public static final int DEFAULT_MAX_REQUEST_BYTES = 1536 * 1024;

    /**
     * A start replays what was applied since the last checkpoint: no more entries than this makes.
     */
    static final int CHECKPOINT_COUNTS_MAX = 20;

    private static final Duration BASE_TIMEOUT = Duration.ofSeconds(5);

    /**
     * With etcd's defaults for upkeep and tokens, and checkpoints by the count of entries alone.
     */
    public NodeConfig(
            String name,
            List<String> clientUrls,
            List<String> peerUrls,
            Map<String, List<String>> initialCluster,
            String token,
            long snapshotCount,
            long catchUpEntries,
            long logBytesMax,
            Duration tick,
            int electionTicks,
            int maxRequestBytes,
            boolean preVote,
            boolean leaseCheckpoint) {
        this(
                name,
                clientUrls,
                peerUrls,
                initialCluster,
                token,
                snapshotCount,
                0,
                catchUpEntries,
                logBytesMax,
                tick,
                electionTicks,
                maxRequestBytes,
                preVote,
                leaseCheckpoint,
                Upkeep.DEFAULT,
                TokenKind.DEFAULT);
    }

    /** The same with another upkeep. */
    public NodeConfig with(Upkeep other) {
        return with(other, tokens);
    }

    /** The same with other tokens. */
    public NodeConfig with(TokenKind other) {
        return with(upkeep, other);
    }

    private NodeConfig with(Upkeep otherUpkeep, TokenKind otherTokens) {
        return new NodeConfig(
                name,
                clientUrls,
                peerUrls,
                initialCluster,
                token,
                snapshotCount,
                checkpointBytes,
                catchUpEntries,
                logBytesMax,
                tick,
                electionTicks,
                maxRequestBytes,
                preVote,
                leaseCheckpoint,
                otherUpkeep,
                otherTokens);
    }

    /** How long a member waits for a leader before it stands for election itself, at least. */
    Duration electionTimeout() {
        return tick.multipliedBy(electionTicks);
    }

    /** How long a caller waits for the cluster (SE-23): long enough for two elections. */
    Duration requestTimeout() {
        return BASE_TIMEOUT.plus(electionTimeout().multipliedBy(2));
    }

    /** The shortest lease, in seconds: one and a half election timeouts (LE-04). */
    long leaseTtlMin() {
        Duration min = tick.multipliedBy(3L * electionTicks / 2);
        return min.plusNanos(999_999_999).toSeconds();
    }

    /** A cluster of one with etcd's defaults. */
    public static NodeConfig single(
            String name, List<String> clientUrls, List<String> peerUrls, String token) {
        return new NodeConfig(
                name,
                clientUrls,
                peerUrls,
                Map.of(name, peerUrls),
                token,
                DEFAULT_SNAPSHOT_COUNT,
                DEFAULT_CATCH_UP_ENTRIES,
                DEFAULT_LOG_BYTES_MAX,
                DEFAULT_TICK,
                DEFAULT_ELECTION_TICKS,
                DEFAULT_MAX_REQUEST_BYTES,
                true,
                false);
    }
}
