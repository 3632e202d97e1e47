package io.quorate.engine.node;

import static java.lang.System.Logger.Level.INFO;

import io.quorate.engine.metrics.MetricRegistry;
import io.quorate.engine.raft.RaftStatus;
import io.quorate.engine.state.Caller;
import io.quorate.engine.state.Command;
import io.quorate.engine.state.KvHash;
import io.quorate.engine.state.Member;
import io.quorate.engine.state.Result;
import io.quorate.engine.state.StateMachine;
import io.quorate.engine.state.StoreHash;
import io.quorate.spi.storage.Identity;
import io.quorate.spi.storage.RaftLog;
import io.quorate.spi.storage.StateStore;
import io.quorate.spi.storage.StorageException;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * One replica: raft over a log, and the state that follows from it. Two loops do the work, raft's
 * ({@link ReplicaLoop}) and that of apply ({@link ApplyLoop}); see the README of this module for
 * how a write and a read go through them, and for what happens on each failure.
 *
 * <p>All methods are safe for any thread, and may take a turn of raft's loop in it. Futures are
 * completed by the loops, so what depends on them must be short or run elsewhere ({@code
 * thenRunAsync}, or a virtual thread that joins).
 */
public final class Node implements AutoCloseable {
    private static final System.Logger LOGGER = System.getLogger("io.quorate.engine.node");

    private final NodeConfig config;
    private final ClusterSettings cluster;
    private final NodeRuntime runtime;
    private final RaftLog log;
    private final StateStore store;
    private final StateMachine state;
    private final Identity identity;
    private final Shutdown shutdown;
    private final RaftInbox inbox;
    private final Proposer proposer;
    private final Maintenance maintenance;
    private final Publication publication;
    private final ClusterVersionAgreement version;
    private final Lessor lessor;
    private final Leases leases;
    private final Authentication authentication;
    private final Optional<Peers> peers;
    private final Reconfiguration reconfiguration;
    private final Promotion promotion;
    private final Handover handover;
    private final ApplyLoop apply;
    private final ReplicaLoop replica;
    private final Ticker.Handle ticks;
    private final Chores chores;
    private final AtomicBoolean closed = new AtomicBoolean();
    // Born by run(), before anybody has the node.
    private Workers.Worker applyWorker;
    private Workers.Worker raftWorker;
    private Workers.Worker lessorWorker;
    private Optional<HeadStart> headStart = Optional.empty();

    /**
     * Recovers, bootstraps or replays; returns when the replica runs, which for a cluster of one is
     * before its election. Log and store belong to the node from now on: {@link #close} closes
     * them, and so does a start that fails.
     *
     * @throws StorageException when log and state cannot be used; the message names the next step
     * @throws IllegalArgumentException when the configuration does not fit the data, or itself
     */
    public static Node start(
            NodeConfig config,
            RaftLog log,
            StateStore store,
            MetricRegistry metrics,
            NodeListener listener) {
        return start(config, ClusterSettings.ALONE, log, store, metrics, listener);
    }

    /**
     * As above, for a member of a cluster of several.
     *
     * @throws io.quorate.spi.transport.TransportException when a peer address cannot be bound
     */
    public static Node start(
            NodeConfig config,
            ClusterSettings cluster,
            RaftLog log,
            StateStore store,
            MetricRegistry metrics,
            NodeListener listener) {
        return start(config, cluster, log, store, metrics, listener, NodeRuntime.system());
    }

    /** As above, with clocks and threads by choice. */
    public static Node start(
            NodeConfig config,
            ClusterSettings cluster,
            RaftLog log,
            StateStore store,
            MetricRegistry metrics,
            NodeListener listener,
            NodeRuntime runtime) {
        try (var onFailure = new Closing(log, store)) {
            Node node = new Node(config, cluster, log, store, metrics, listener, runtime);
            onFailure.keep();
            node.run();
            return node;
        }
    }

    private Node(
            NodeConfig config,
            ClusterSettings cluster,
            RaftLog log,
            StateStore store,
            MetricRegistry registry,
            NodeListener listener,
            NodeRuntime runtime) {
        this.config = config;
        this.cluster = cluster;
        this.runtime = runtime;
        var parts =
                new Assembly(config, cluster, log, store, registry, listener, runtime, this::halt);
        this.log = parts.log;
        this.store = parts.store;
        this.state = parts.state;
        this.identity = parts.identity;
        this.shutdown = parts.shutdown;
        this.inbox = parts.inbox;
        this.proposer = parts.proposer;
        this.maintenance = parts.maintenance;
        this.publication = parts.publication;
        this.version = parts.version;
        this.lessor = parts.lessor;
        this.leases = parts.leases;
        this.authentication = parts.authentication;
        this.peers = parts.peers;
        this.reconfiguration = parts.reconfiguration;
        this.promotion = parts.promotion;
        this.handover = parts.handover;
        this.apply = parts.apply;
        this.replica = parts.replica;
        parts.metrics.observe(this);
        this.ticks = runtime.ticker().start(config.tick(), this::tick);
        this.chores = parts.startChores();
    }

    private void tick() {
        replica.tick();
        leases.tick();
        authentication.tick();
        publication.tick();
        version.tick();
        shutdown.tick();
    }

    private void run() {
        String agreed = clusterVersion();
        LOGGER.log(
                INFO,
                "starting etcd server",
                Fields.of(
                        "local-member-id",
                        memberHex(),
                        "local-server-version",
                        Version.ETCD,
                        "cluster-id",
                        Long.toHexString(identity.clusterId()),
                        "cluster-version",
                        agreed.isEmpty() ? "to_be_decided" : Version.majorMinor(agreed)));
        // Before the apply thread adds the founders one by one.
        List<Member> members = cluster.firstPeers(state, config);
        Workers workers = runtime.workers();
        applyWorker = workers.start("apply-" + memberHex(), apply);
        raftWorker = workers.start("raft-" + memberHex(), replica);
        lessorWorker = workers.start("lessor-" + memberHex(), lessor);
        peers.ifPresent(way -> way.keep(members));
        if (state.isRemovedMember(identity.memberId())) {
            shutdown.removed();
        } else {
            publication.begin();
            headStart = members.size() > 1 ? peers.flatMap(this::headStart) : Optional.empty();
        }
    }

    private Optional<HeadStart> headStart(Peers others) {
        if (!cluster.electionTickAdvance()) {
            LOGGER.log(
                    INFO,
                    "skipping initial election tick advance",
                    Fields.of("election-ticks", config.electionTicks()));
            return Optional.empty();
        }
        return Optional.of(
                new HeadStart(
                        identity.memberId(),
                        config.electionTicks(),
                        others::active,
                        replica::advance,
                        runtime.nanoTime(),
                        runtime.ticker()));
    }

    /**
     * Proposes a command to the cluster. The future completes with its result after the local
     * apply, or with an {@link io.quorate.engine.state.EtcdException}: what apply refused it with;
     * NO_SPACE (SE-46), after the alarm is raised; TOO_MANY_REQUESTS (SE-26) and REQUEST_TOO_LARGE
     * (SE-40), of which nothing was proposed; TIMEOUT (SE-23) and STOPPED, after which it may still
     * be applied, at most once. Membership changes are not checked here; see {@link #reconfigure}.
     *
     * @param caller on whose behalf; whether he may is decided when it is applied
     */
    public CompletableFuture<Result> propose(Command command, Caller caller) {
        return proposer.propose(command, caller);
    }

    /**
     * As {@link #propose(Command, Caller)} on behalf of nobody, which suffices while auth is off.
     */
    public CompletableFuture<Result> propose(Command command) {
        return proposer.propose(command);
    }

    /**
     * As {@link #propose(Command, Caller)}, while this member leads this term; else NOT_LEADER. On
     * behalf of the server itself, which may end a lease whoever may write its keys.
     */
    CompletableFuture<Result> propose(Command command, long term) {
        return proposer.propose(command, term);
    }

    /**
     * Proposes a membership change after the checks that protect the quorum (RC-01..RC-07). The
     * future fails with what they say, else ends as that of {@link #propose}. A promotion needs the
     * leader, which alone knows how far the learner is: any other member asks it (CL-10), and fails
     * with NO_LEADER when it knows none and with TIMEOUT when that one cannot be asked.
     *
     * @param change a MemberAdd, MemberRemove, MemberUpdate or MemberPromote
     */
    public CompletableFuture<Result> reconfigure(Command change) {
        return reconfigure(change, "");
    }

    /**
     * As {@link #reconfigure(Command)}.
     *
     * @param token that the caller has shown, for a leader elsewhere, which looks at it itself;
     *     empty for none
     */
    public CompletableFuture<Result> reconfigure(Command change, String token) {
        return change instanceof Command.MemberPromote learner
                ? promotion.promote(learner, token)
                : reconfiguration
                        .check(change, inbox::inspect)
                        .thenCompose(checked -> propose(change));
    }

    /**
     * Makes another member the leader. Completes when this member sees it lead, or fails with
     * NOT_LEADER, BAD_LEADER_TRANSFEREE, TIMEOUT_LEADER_TRANSFER or STOPPED.
     *
     * @param target a voting member
     */
    public CompletableFuture<Void> moveLeader(long target) {
        return handover.to(target);
    }

    /**
     * A picture of raft as JSON, for those who look for a fault (HT-14): this member's term, vote,
     * indexes and role, and on a leader how far each member is. Fails with STOPPED.
     */
    public CompletableFuture<String> raftStatusJson() {
        return inspect().thenApply(RaftStatusJson::of);
    }

    /** A picture of raft, taken between two turns of its thread. */
    CompletableFuture<RaftStatus> inspect() {
        return inbox.inspect();
    }

    /**
     * Completes when the local state is at least as new as every write acknowledged before the call
     * (read index, then local apply), or with an {@link io.quorate.engine.state.EtcdException}:
     * TIMEOUT or STOPPED. Concurrent calls share a round.
     */
    public CompletableFuture<Void> linearizablePoint() {
        return inbox.linearizablePoint();
    }

    /**
     * Grants a lease, as {@link #propose} a command.
     *
     * @param id 0 for one that this member picks (LE-02)
     * @param ttlSeconds raised to {@link #leaseTtlMin} (LE-04)
     * @param caller as for {@link #propose(Command, Caller)}
     */
    public CompletableFuture<Result> grantLease(long id, long ttlSeconds, Caller caller) {
        return leases.grant(id, ttlSeconds, caller);
    }

    /** As {@link #grantLease(long, long, Caller)} on behalf of nobody. */
    public CompletableFuture<Result> grantLease(long id, long ttlSeconds) {
        return grantLease(id, ttlSeconds, Caller.NOBODY);
    }

    /** Who shows which token. */
    public Authentication authentication() {
        return authentication;
    }

    /** The shortest lease, in seconds: one and a half election timeouts (LE-04). */
    public long leaseTtlMin() {
        return config.leaseTtlMin();
    }

    /**
     * Renews a lease; the seconds that it was given, 0 when there is no such lease (LE-07). One
     * that is over is waited for until it is revoked (SE-76). Nothing goes into the log. Ends with
     * an {@link io.quorate.engine.state.EtcdException} when no leader answers in time: TIMEOUT,
     * TIMEOUT_WAIT_APPLIED, NO_LEADER or STOPPED. Any member may be asked; it asks the leader
     * (LE-09).
     */
    public CompletableFuture<Long> renewLease(long id) {
        return leases.renew(id);
    }

    /**
     * Answers another member that asks this one, as the leader, to renew a lease: the body of POST
     * /leases and of its answer, in etcd's messages. Fails with LEASE_NOT_FOUND; with NOT_LEADER,
     * also when this member ceases to lead meanwhile; as {@link #renewLease}.
     *
     * @throws IllegalArgumentException for bytes that are no such request
     */
    public CompletableFuture<byte[]> answerLeaseRenewal(byte[] request) {
        return leases.answerRenewal(request);
    }

    /**
     * As {@link #answerLeaseRenewal}, for POST /leases/internal: how long a lease still lives, and
     * its keys when they are asked for.
     */
    public CompletableFuture<byte[]> answerLeaseTime(byte[] request) {
        return leases.answerTimeToLive(request);
    }

    /**
     * How long a lease still lives, empty when there is none (LE-10); as new as every change
     * acknowledged before the call, and not newer than this member's state afterwards. Ends with an
     * {@link io.quorate.engine.state.EtcdException} when no leader answers in time: TIMEOUT,
     * TIMEOUT_WAIT_APPLIED, NO_LEADER, LEADER_CHANGED or STOPPED. Any member may be asked; it asks
     * the leader (LE-11).
     */
    public CompletableFuture<Optional<LeaseTime>> leaseTimeToLive(long id) {
        return leases.timeToLive(id);
    }

    /** Ids of all leases; on the leader those that end first come first (LE-12). */
    public List<Long> leases() {
        return leases.ids();
    }

    /** The applied state, to read from. It is not to be changed by anybody but this node. */
    public StateMachine state() {
        return state;
    }

    /**
     * The hash of the keys up to a revision, see {@link StateMachine#hashKv}. Takes as long as
     * reading them.
     */
    public KvHash hashKv(long revision) {
        return maintenance.hashKv(revision);
    }

    /** The hash of the whole store, see {@link StateMachine#hash}. */
    public StoreHash hash() {
        return maintenance.hash();
    }

    /**
     * Gives the space that compaction freed back to the file system (MA-10). Writes wait meanwhile,
     * reads do not. An error of the storage stops the member.
     */
    public void defragment() {
        maintenance.defragment();
    }

    /** A picture of this replica. */
    public NodeStatus status() {
        ReplicaLoop.View view = replica.view();
        return new NodeStatus(
                identity.clusterId(),
                identity.memberId(),
                view.leader(),
                view.term(),
                view.commit(),
                appliedIndex(),
                isLearner(),
                state.sizeOnDisk(),
                state.sizeInUse(),
                clusterVersion(),
                state.members());
    }

    /** How long a member waits for a leader before it stands for election itself, at least. */
    public Duration electionTimeout() {
        return config.electionTimeout();
    }

    /** Id of the cluster, unsigned. */
    public long clusterId() {
        return identity.clusterId();
    }

    /** Id of this member, unsigned. */
    public long memberId() {
        return identity.memberId();
    }

    /** The raft term. */
    public long term() {
        return replica.view().term();
    }

    /** Member id of the leader, 0 when there is none. */
    public long leader() {
        return replica.view().leader();
    }

    /** Whether this member is a learner, as far as it knows. */
    public boolean isLearner() {
        return replica.view().conf().learners().contains(identity.memberId());
    }

    /** Highest log index known to be committed. */
    public long committedIndex() {
        return replica.view().commit();
    }

    /** Highest log index whose effects reads see. */
    public long appliedIndex() {
        return apply.applied().index();
    }

    /** Proposals of this member that wait for their outcome. */
    public int pendingProposals() {
        return proposer.pending();
    }

    /**
     * Completes when this member has published itself to the cluster, which etcd takes as the
     * moment to serve clients, and knows the cluster version; with STOPPED when the member ends
     * before.
     */
    public CompletableFuture<Void> ready() {
        return publication.done();
    }

    private String clusterVersion() {
        return state.clusterVersion().orElse("");
    }

    private String memberHex() {
        return Long.toHexString(identity.memberId());
    }

    /**
     * Stops the member because of a failure that was found outside a call, such as one that a
     * backend reports through its environment. The listener hears of the first one only.
     */
    public void fail(Throwable cause) {
        shutdown.fail(cause);
    }

    /**
     * The member has failed: nobody waits for an answer any more, and the loops end by themselves.
     */
    private void halt() {
        releaseCallers();
        replica.post(Event.Signal.STOP);
        apply.stop();
    }

    private void releaseCallers() {
        proposer.close();
        authentication.close();
        publication.stop();
        leases.stop();
    }

    /**
     * Orderly stop: proposals and reads in flight fail with STOPPED, what was applied is forced to
     * disk, and log and store are closed. A second call does nothing.
     */
    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        if (!shutdown.hasBegun() && !shutdown.isByRemoval()) {
            handover.onStop();
        }
        shutdown.begin();
        chores.close();
        headStart.ifPresent(HeadStart::close);
        ticks.close();
        peers.ifPresent(Peers::close);
        releaseCallers();
        lessorWorker.join();
        replica.stop();
        raftWorker.join();
        // After the raft thread, which hands out the work.
        apply.stop();
        applyWorker.join();
        state.close();
        try (store) {
            log.close();
        }
    }

    /** Closes log and store unless told to keep them. */
    private static final class Closing implements AutoCloseable {
        private final RaftLog log;
        private final StateStore store;
        private boolean kept;

        private Closing(RaftLog log, StateStore store) {
            this.log = log;
            this.store = store;
        }

        private void keep() {
            kept = true;
        }

        @Override
        public void close() {
            if (!kept) {
                try (store) {
                    log.close();
                }
            }
        }
    }
}
