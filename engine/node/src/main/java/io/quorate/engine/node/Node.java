package io.quorate.engine.node;

import static java.lang.System.Logger.Level.ERROR;
import static java.lang.System.Logger.Level.INFO;
import static java.lang.System.Logger.Level.WARNING;

import io.quorate.engine.metrics.Histogram;
import io.quorate.engine.metrics.MetricRegistry;
import io.quorate.engine.raft.ConfChangeCodec;
import io.quorate.engine.raft.ConfState;
import io.quorate.engine.raft.Entry;
import io.quorate.engine.raft.Message;
import io.quorate.engine.raft.RaftConfig;
import io.quorate.engine.raft.RaftStatus;
import io.quorate.engine.raft.RawNode;
import io.quorate.engine.state.Alarm;
import io.quorate.engine.state.Caller;
import io.quorate.engine.state.Command;
import io.quorate.engine.state.EtcdError;
import io.quorate.engine.state.EtcdException;
import io.quorate.engine.state.KvHash;
import io.quorate.engine.state.Member;
import io.quorate.engine.state.Result;
import io.quorate.engine.state.StateMachine;
import io.quorate.engine.state.StateOptions;
import io.quorate.engine.state.StoreHash;
import io.quorate.spi.storage.Identity;
import io.quorate.spi.storage.RaftLog;
import io.quorate.spi.storage.StateStore;
import io.quorate.spi.storage.StorageException;

import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

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

    /** Entries that may be committed and not yet applied (SE-26). */
    private static final long BACKLOG_MAX = 5000;

    /** Encoded size of all proposals that may wait for their outcome. */
    private static final long PENDING_BYTES_MAX = 512L << 20;

    private static final long ANY_TERM = 0;

    /** SE-74. */
    private static final Duration LEASE_CHECKPOINTS = Duration.ofMinutes(5);

    /** How long an answer about a lease waits for this member to apply what is committed. */
    private static final Duration LEASE_APPLY_WAIT = Duration.ofSeconds(1);

    private static final Duration BASE_TIMEOUT = Duration.ofSeconds(5);

    /** RA-05. */
    private static final long MESSAGE_BYTES_MAX = 1 << 20;

    private static final long APPLY_BYTES_MAX = 16 << 20;
    private static final int INFLIGHT_MESSAGES_MAX = 512;

    /** What a removed member waits before it ends, so that its last answers get out (EX-03). */
    private static final Duration REMOVAL_DELAY = Duration.ofSeconds(1);

    private final NodeConfig config;
    private final ClusterSettings cluster;
    private final NodeRuntime runtime;
    private final NodeListener listener;
    private final Identity identity;
    private final RaftLog log;
    private final StateStore store;
    private final StateMachine state;
    private final IdGenerator ids;
    private final NodeMetrics metrics;
    private final Quota quota;
    private final CorruptionChecker checker;
    private final Chores chores;
    private final AtomicBoolean quotaAlarming = new AtomicBoolean();
    private final PendingProposals proposals;
    private final Lessor lessor;
    private final Optional<LeaseQuestions> leaseQuestions;
    private final Authentication authentication;
    private final Mailbox<Event> events = new Mailbox<>();
    private final Optional<Peers> peers;
    private final Reconfiguration reconfiguration;
    private final ApplyLoop apply;
    private final ReplicaLoop replica;
    private final Handover handover;
    // Born by run(), before anybody has the node.
    private Workers.Worker applyWorker;
    private Workers.Worker raftWorker;
    private Workers.Worker lessorWorker;
    private Optional<HeadStart> headStart = Optional.empty();
    private final Ticker.Handle ticks;
    private final Publication publication;
    private final ClusterVersionAgreement version;
    private final AtomicBoolean failureTold = new AtomicBoolean();
    private final AtomicBoolean closed = new AtomicBoolean();
    private final AtomicBoolean removed = new AtomicBoolean();
    // Ticks until the listener hears of the removal; negative for never.
    private final AtomicLong removalTicks = new AtomicLong(-1);
    private final long timeoutNanos;
    private volatile boolean stopped;
    private volatile boolean failed;

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
        this.listener = listener;
        this.metrics = new NodeMetrics(registry);
        this.log = new MeasuredLog(log, metrics.logBytesWritten);
        this.store = new MeasuredStore(store, metrics.openViews);
        this.timeoutNanos =
                BASE_TIMEOUT
                        .plus(config.tick().multipliedBy(2L * config.electionTicks()))
                        .toNanos();
        this.state =
                StateMachine.open(
                        this.store,
                        StateOptions.DEFAULT,
                        task -> runtime.workers().execute("watch-dispatch", task));
        int members = config.initialCluster().size();
        // Before the first write, so that a corrected configuration finds the directory empty.
        if (log.identity() == null && members > 1 && cluster.network().isEmpty()) {
            throw new IllegalArgumentException(
                    "the initial cluster has "
                            + members
                            + " members, but this member has no network to the others; name it alone"
                            + " in the initial cluster, or give it a transport");
        }
        var bootstrap = Bootstrap.of(config, cluster, this.log, state);
        this.identity = bootstrap.identity();
        this.ids = new IdGenerator(identity.memberId(), runtime.wallClock().millis());
        this.quota = new Quota(config.upkeep(), state::sizeOnDisk);
        this.checker = checker();
        if (config.upkeep().corruptCheck().initial()) {
            checker.initialCheck();
        }
        this.proposals = new PendingProposals(metrics);
        this.publication =
                new Publication(
                        identity,
                        config,
                        Duration.ofNanos(timeoutNanos),
                        this::propose,
                        () -> stopped);
        this.version =
                new ClusterVersionAgreement(state, this::leading, () -> stopped, this::propose);
        var snapshots = new OutgoingSnapshots(state::view);
        var storage =
                new RaftLogStorage(this.log, state.applied().index(), bootstrap.conf(), snapshots);
        this.lessor = lessor();
        this.authentication = new Authentication(state, tokens(), runtime.nanoTime(), timeoutNanos);
        RawNode raft = raft(bootstrap, storage);
        this.peers = cluster.network().map(this::peers);
        this.reconfiguration =
                new Reconfiguration(cluster, identity.memberId(), state, peers, runtime.nanoTime());
        this.apply = applyLoop();
        this.replica = replicaLoop(raft, bootstrap, storage, snapshots);
        this.handover =
                new Handover(
                        identity.memberId(),
                        Duration.ofNanos(timeoutNanos),
                        reconfiguration,
                        replica,
                        runtime.nanoTime(),
                        () -> stopped);
        this.leaseQuestions = peers.map(way -> leaseQuestions());
        metrics.observe(this);
        this.ticks = runtime.ticker().start(config.tick(), this::tick);
        this.chores =
                new Chores(
                        config.upkeep(),
                        new AutoCompactor.Replica(
                                state::revision,
                                this::leading,
                                revision -> propose(new Command.Compact(revision, false))),
                        checker,
                        this::leading,
                        runtime.nanoTime(),
                        runtime.ticker());
    }

    private void tick() {
        replica.tick();
        lessor.tick();
        leaseQuestions.ifPresent(LeaseQuestions::tick);
        authentication.tick();
        publication.tick();
        version.tick();
        if (removalTicks.get() >= 0 && removalTicks.getAndDecrement() == 0) {
            listener.removed();
        }
    }

    private Peers peers(Network network) {
        return new Peers(
                identity,
                config.peerUrls(),
                state,
                this::fromPeer,
                this::removed,
                metrics.snapshots,
                runtime.nanoTime(),
                network);
    }

    private void fromPeer(Event event) {
        events.post(event);
        // After the post, so that either this or the end of the raft thread sees the other.
        if (stopped && event instanceof Event.Arrived(ArrivedSnapshot snapshot)) {
            snapshot.outcome().completeExceptionally(EtcdError.STOPPED.exception());
        }
    }

    private Lessor lessor() {
        Duration election = config.tick().multipliedBy(config.electionTicks());
        var times =
                new Lessor.Times(
                        config.tick().toNanos(),
                        election.toNanos(),
                        timeoutNanos,
                        config.leaseCheckpoint() ? LEASE_CHECKPOINTS.toNanos() : 0);
        return new Lessor(
                state,
                new Lessor.Replica() {
                    @Override
                    public CompletableFuture<Result> propose(Command command, long term) {
                        return Node.this.propose(command, term);
                    }

                    @Override
                    public CompletableFuture<Void> caughtUp() {
                        return Node.this.linearizablePoint(LEASE_APPLY_WAIT.toNanos());
                    }
                },
                metrics,
                runtime.nanoTime(),
                times,
                this::fail);
    }

    private LeaderCall leaderCall() {
        return new LeaderCall(peerRequests());
    }

    private PeerRequests peerRequests() {
        return new PeerRequests(
                Duration.ofNanos(timeoutNanos), cluster.network().flatMap(Network::secureSockets));
    }

    private LeaseQuestions leaseQuestions() {
        return new LeaseQuestions(
                lessor,
                new LeaseQuestions.Leadership(
                        this::leading,
                        () -> reconfiguration.member(leader()),
                        this::linearizablePoint),
                leaderCall(),
                runtime.workers(),
                runtime.nanoTime(),
                timeoutNanos,
                electionTimeout().toNanos());
    }

    private CorruptionChecker checker() {
        return new CorruptionChecker(
                identity.memberId(),
                new CorruptionChecker.Replica(
                        this::hashKv, state::compactionHashes, () -> linearizablePoint().join()),
                cluster.network().isEmpty()
                        ? PeerHashes.NOBODY
                        : new AskedHashes(identity, state::members, peerRequests()),
                guilty -> propose(new Command.RaiseAlarm(new Alarm(guilty, Alarm.CORRUPT))));
    }

    private Tokens tokens() {
        return switch (config.tokens()) {
            case TokenKind.Simple(Duration ttl) ->
                    new SimpleTokens(ttl.toNanos(), runtime.nanoTime(), new SecureRandom());
            case TokenKind.Jwt jwt -> new JwtTokens(jwt.keys(), jwt.ttl(), runtime.wallClock());
            case TokenKind.None none -> new NoTokens();
        };
    }

    private boolean leading() {
        return replica.view().leading();
    }

    private ApplyLoop applyLoop() {
        var checkpointer =
                new Checkpointer(
                        config,
                        log::sizeOnDisk,
                        runtime.nanoTime(),
                        metrics.checkpoints,
                        at -> events.post(new Event.Checkpointed(at)),
                        this::fail);
        return new ApplyLoop(
                state,
                proposals,
                checkpointer,
                new ApplyObserver(
                        metrics,
                        identity,
                        clusterVersion(),
                        publication.versionKnown(),
                        version::seek,
                        config.upkeep().slowApply(),
                        runtime.wallClock()),
                quota,
                this::raiseQuotaAlarm,
                config.upkeep().compactionPace(),
                lessor,
                authentication,
                runtime.nanoTime(),
                runtime.workers(),
                events::post,
                this::fail,
                () -> failed);
    }

    private RawNode raft(Bootstrap bootstrap, RaftLogStorage storage) {
        var raft =
                new RawNode(
                        new RaftConfig(
                                identity.memberId(),
                                config.electionTicks(),
                                1,
                                storage,
                                state.applied().index(),
                                true,
                                MESSAGE_BYTES_MAX,
                                APPLY_BYTES_MAX,
                                0,
                                INFLIGHT_MESSAGES_MAX,
                                0,
                                true,
                                config.preVote(),
                                false,
                                true,
                                runtime.random(),
                                new RaftTrace()));
        if (!bootstrap.firstMembers().isEmpty()) {
            raft.bootstrap(bootstrap.firstMembers());
        }
        return raft;
    }

    private ReplicaLoop replicaLoop(
            RawNode raft,
            Bootstrap bootstrap,
            RaftLogStorage storage,
            OutgoingSnapshots snapshots) {
        ConfState conf = bootstrap.conf();
        return new ReplicaLoop(
                events,
                identity.memberId(),
                raft,
                conf,
                state.applied(),
                storage,
                new ReplicaLoop.LogCutter(config.catchUpEntries(), config.logBytesMax()),
                new ReadIndexQueue(metrics, ids.next()),
                proposals,
                metrics,
                snapshots,
                peers.<PeerSender>map(way -> way).orElse(PeerSender.NOBODY),
                new HeartbeatPace(config.tick(), metrics.heartbeatsLate),
                runtime.nanoTime(),
                new ReplicaLoop.Seams() {
                    @Override
                    public void apply(List<Entry> entries, List<Message> responses) {
                        apply.apply(entries, responses);
                    }

                    @Override
                    public void leading(long term) {
                        lessor.lead(term);
                        version.seek();
                    }

                    @Override
                    public void following() {
                        lessor.follow();
                    }

                    @Override
                    public void install(ArrivedSnapshot snapshot) {
                        apply.install(snapshot);
                    }

                    @Override
                    public void membersChanged() {
                        followMembers();
                    }

                    @Override
                    public EtcdError timeout(long deadline) {
                        return timeoutError(deadline - timeoutNanos);
                    }

                    @Override
                    public void failed(Throwable cause) {
                        fail(cause);
                    }
                });
    }

    private void run() {
        String version = clusterVersion();
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
                        version.isEmpty() ? "to_be_decided" : Version.majorMinor(version)));
        // Before the apply thread adds the founders one by one.
        List<Member> members = cluster.firstPeers(state, config);
        Workers workers = runtime.workers();
        String suffix = Long.toHexString(identity.memberId());
        applyWorker = workers.start("apply-" + suffix, apply);
        raftWorker = workers.start("raft-" + suffix, replica);
        lessorWorker = workers.start("lessor-" + suffix, lessor);
        peers.ifPresent(way -> way.keep(members));
        if (state.isRemovedMember(identity.memberId())) {
            removed();
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

    private void followMembers() {
        peers.ifPresent(way -> way.keep(state.members()));
        if (state.isRemovedMember(identity.memberId())) {
            removed();
        }
    }

    private void removed() {
        if (!removed.compareAndSet(false, true)) {
            return;
        }
        LOGGER.log(
                WARNING,
                "server error",
                Fields.of(
                        "local-member-id",
                        memberHex(),
                        "error",
                        "the member has been permanently removed from the cluster"));
        LOGGER.log(WARNING, "data-dir used by this member must be removed");
        removalTicks.set(Math.max(1, REMOVAL_DELAY.dividedBy(config.tick())));
    }

    // SE-24: what the proposer can tell about why nothing came back.
    private EtcdError timeoutError(long start) {
        OptionalLong elected = replica.leaderElected();
        long lost = elected.orElse(0) - 2L * config.electionTicks() * config.tick().toNanos();
        if (elected.isPresent() && start - lost > 0 && start - elected.getAsLong() < 0) {
            return EtcdError.TIMEOUT_LEADER_FAILURE;
        }
        long leader = leader();
        boolean connected = leader == 0 || reconfiguration.isConnectedSince(leader, start);
        return connected ? EtcdError.TIMEOUT : EtcdError.TIMEOUT_CONNECTION_LOST;
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
        return propose(command, caller, ANY_TERM);
    }

    /**
     * As {@link #propose(Command, Caller)} on behalf of nobody, which suffices while auth is off.
     */
    public CompletableFuture<Result> propose(Command command) {
        return propose(command, Caller.NOBODY);
    }

    /**
     * As {@link #propose(Command, Caller)}, while this member leads this term; else NOT_LEADER. On
     * behalf of the server itself, which may end a lease whoever may write its keys.
     */
    CompletableFuture<Result> propose(Command command, long term) {
        return propose(command, state.auth().root(), term);
    }

    private CompletableFuture<Result> propose(Command command, Caller caller, long term) {
        if (stopped) {
            return CompletableFuture.failedFuture(EtcdError.STOPPED.exception());
        }
        if (!quota.admits(command)) {
            return raiseQuotaAlarm()
                    .handle((raised, thrown) -> {
                        throw EtcdError.NO_SPACE.exception();
                    });
        }
        boolean behind = committedIndex() - appliedIndex() > BACKLOG_MAX;
        if (behind || proposals.bytes() > PENDING_BYTES_MAX) {
            return CompletableFuture.failedFuture(EtcdError.TOO_MANY_REQUESTS.exception());
        }
        long id = ids.next();
        byte[] data =
                MembershipChange.isOne(command)
                        ? ConfChangeCodec.encode(MembershipChange.of(id, command))
                        : CommandCodec.encode(id, command, caller);
        if (data.length > config.maxRequestBytes()) {
            return CompletableFuture.failedFuture(EtcdError.REQUEST_TOO_LARGE.exception());
        }
        var proposal =
                new PendingProposal(
                        id, command, caller, data, deadline(), term, new CompletableFuture<>());
        measure(proposal);
        if (proposals.add(proposal)) {
            replica.post(new Event.Propose(proposal));
        }
        return proposal.outcome();
    }

    // ME-14: what the cluster is made of is not a request in etcd's sense.
    private void measure(PendingProposal proposal) {
        if (MembershipChange.isOne(proposal.command())) {
            return;
        }
        String type = ApplyObserver.op(proposal.command());
        long start = runtime.nanoTime().getAsLong();
        var unused =
                proposal.outcome()
                        .whenComplete((result, thrown) ->
                                metrics.answered(
                                        type,
                                        thrown == null,
                                        runtime.nanoTime().getAsLong() - start));
    }

    /** Completes once the alarm is raised, or cannot be; one attempt at a time. */
    private CompletableFuture<?> raiseQuotaAlarm() {
        Alarm alarm = new Alarm(identity.memberId(), Alarm.NOSPACE);
        if (state.alarms().contains(alarm) || !quotaAlarming.compareAndSet(false, true)) {
            return CompletableFuture.completedFuture(null);
        }
        return propose(new Command.RaiseAlarm(alarm))
                .whenComplete((raised, thrown) -> quotaAlarming.set(false));
    }

    /**
     * Proposes a membership change after the checks that protect the quorum (RC-01..RC-07). The
     * future fails with what they say, else ends as that of {@link #propose}. A promotion needs the
     * leader, which alone knows how far the learner is: any other member fails with NOT_LEADER.
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
        boolean forLeader = change instanceof Command.MemberPromote && leader() != memberId();
        if (forLeader) {
            // The caller is to find the change here too.
            return askLeader(((Command.MemberPromote) change).id(), token)
                    .thenCompose(done -> linearizablePoint().thenApply(point -> done));
        }
        return reconfiguration
                .check(change, this::inspect)
                .thenCompose(checked -> propose(change))
                .whenComplete((done, thrown) -> {
                    if (thrown != null && change instanceof Command.MemberPromote) {
                        metrics.promotionFailed(
                                thrown instanceof CompletionException wrapper
                                        ? wrapper.getCause().getMessage()
                                        : thrown.getMessage());
                    }
                });
    }

    // CL-10
    private CompletableFuture<Result> askLeader(long learner, String token) {
        Optional<Member> leader = reconfiguration.member(leader());
        CompletableFuture<Result> outcome = new CompletableFuture<>();
        Thread.ofVirtual()
                .name("ask-leader")
                .start(() -> {
                    try {
                        if (leader.isEmpty()) {
                            throw EtcdError.NO_LEADER.exception();
                        }
                        leaderCall().promote(leader.get(), learner, token);
                        outcome.complete(new Result.Done(state.revision()));
                    } catch (EtcdException refusal) {
                        outcome.completeExceptionally(refusal);
                    } catch (IOException e) {
                        LOGGER.log(
                                WARNING,
                                "the leader was asked to promote a learner in vain",
                                Fields.of("local-member-id", memberHex(), "error", e.getMessage()));
                        outcome.completeExceptionally(EtcdError.TIMEOUT.exception());
                    }
                });
        return outcome;
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
        CompletableFuture<RaftStatus> answer = new CompletableFuture<>();
        replica.post(new Event.Inspect(answer));
        // After the post, so that either this or the end of the raft thread sees the other.
        if (stopped) {
            answer.completeExceptionally(EtcdError.STOPPED.exception());
        }
        return answer;
    }

    /**
     * Completes when the local state is at least as new as every write acknowledged before the call
     * (read index, then local apply), or with an {@link io.quorate.engine.state.EtcdException}:
     * TIMEOUT or STOPPED. Concurrent calls share a round.
     */
    public CompletableFuture<Void> linearizablePoint() {
        return linearizablePoint(Long.MAX_VALUE);
    }

    private CompletableFuture<Void> linearizablePoint(long applyNanosMax) {
        CompletableFuture<Void> point = new CompletableFuture<>();
        replica.post(new Event.Read(new ReadIndexQueue.Waiter(point, deadline(), applyNanosMax)));
        // After the post, so that either this or the end of the raft thread sees the other.
        if (stopped) {
            point.completeExceptionally(EtcdError.STOPPED.exception());
        }
        return point;
    }

    /**
     * Grants a lease, as {@link #propose} a command.
     *
     * @param id 0 for one that this member picks (LE-02)
     * @param ttlSeconds raised to {@link #leaseTtlMin} (LE-04)
     * @param caller as for {@link #propose(Command, Caller)}
     */
    public CompletableFuture<Result> grantLease(long id, long ttlSeconds, Caller caller) {
        long picked = id;
        while (picked == 0) {
            picked = ids.next() & Long.MAX_VALUE;
        }
        return propose(new Command.LeaseGrant(picked, Math.max(ttlSeconds, leaseTtlMin())), caller);
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
        Duration min = config.tick().multipliedBy(3L * config.electionTicks() / 2);
        return min.plusNanos(999_999_999).toSeconds();
    }

    /**
     * Renews a lease; the seconds that it was given, 0 when there is no such lease (LE-07). One
     * that is over is waited for until it is revoked (SE-76). Nothing goes into the log. Ends with
     * an {@link io.quorate.engine.state.EtcdException} when no leader answers in time: TIMEOUT,
     * TIMEOUT_WAIT_APPLIED, NO_LEADER or STOPPED. Any member may be asked; it asks the leader
     * (LE-09).
     */
    public CompletableFuture<Long> renewLease(long id) {
        return leaseQuestions
                .map(questions -> questions.renew(id))
                .orElseGet(() -> lessor.renew(id));
    }

    /**
     * Answers another member that asks this one, as the leader, to renew a lease: the body of POST
     * /leases and of its answer, in etcd's messages. Fails with LEASE_NOT_FOUND; with NOT_LEADER,
     * also when this member ceases to lead meanwhile; as {@link #renewLease}.
     *
     * @throws IllegalArgumentException for bytes that are no such request
     */
    public CompletableFuture<byte[]> answerLeaseRenewal(byte[] request) {
        long id = LeaseMessages.renewed(request);
        return asLeader()
                .thenCompose(leading -> lessor.renew(id, leaseGiveUp()))
                .thenApply(ttl -> {
                    if (ttl == 0) {
                        throw EtcdError.LEASE_NOT_FOUND.exception();
                    }
                    return LeaseMessages.renewalAnswer(id, ttl);
                });
    }

    /**
     * As {@link #answerLeaseRenewal}, for POST /leases/internal: how long a lease still lives, and
     * its keys when they are asked for.
     */
    public CompletableFuture<byte[]> answerLeaseTime(byte[] request) {
        LeaseMessages.Question asked = LeaseMessages.asked(request);
        return asLeader()
                .thenCompose(leading -> lessor.timeToLive(asked.id(), leaseGiveUp()))
                .thenApply(time ->
                        LeaseMessages.answer(
                                time.orElseThrow(EtcdError.LEASE_NOT_FOUND::exception),
                                asked.keys() ? state.leaseKeys(asked.id()) : List.of()));
    }

    private CompletableFuture<Void> asLeader() {
        return leading()
                ? CompletableFuture.completedFuture(null)
                : CompletableFuture.failedFuture(EtcdError.NOT_LEADER.exception());
    }

    /** A member that leads no more is not to be waited for: who asked finds the next one. */
    private long leaseGiveUp() {
        return runtime.nanoTime().getAsLong() + electionTimeout().toNanos();
    }

    /**
     * How long a lease still lives, empty when there is none (LE-10); as new as every change
     * acknowledged before the call, and not newer than this member's state afterwards. Ends with an
     * {@link io.quorate.engine.state.EtcdException} when no leader answers in time: TIMEOUT,
     * TIMEOUT_WAIT_APPLIED, NO_LEADER, LEADER_CHANGED or STOPPED. Any member may be asked; it asks
     * the leader (LE-11).
     */
    public CompletableFuture<Optional<LeaseTime>> leaseTimeToLive(long id) {
        return leaseQuestions
                .map(questions -> questions.timeToLive(id))
                .orElseGet(() -> lessor.timeToLive(id));
    }

    /** Ids of all leases; on the leader those that end first come first (LE-12). */
    public List<Long> leases() {
        return lessor.ids();
    }

    private long deadline() {
        return runtime.nanoTime().getAsLong() + timeoutNanos;
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
        return timed(metrics.hashRevDuration, () -> state.hashKv(revision));
    }

    /** The hash of the whole store, see {@link StateMachine#hash}. */
    public StoreHash hash() {
        return timed(metrics.hashDuration, state::hash);
    }

    /**
     * Gives the space that compaction freed back to the file system (MA-10). Writes wait meanwhile,
     * reads do not. An error of the storage stops the member.
     */
    public void defragment() {
        new Defragmentation(state, metrics, runtime.nanoTime(), this::fail).run();
    }

    private <T> T timed(Histogram duration, Supplier<T> work) {
        long start = runtime.nanoTime().getAsLong();
        T result = work.get();
        duration.observeNanos(runtime.nanoTime().getAsLong() - start);
        return result;
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
        return config.tick().multipliedBy(config.electionTicks());
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
        return proposals.count();
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
        if (!failureTold.compareAndSet(false, true)) {
            return;
        }
        Throwable root =
                cause instanceof CompletionException e && e.getCause() != null
                        ? e.getCause()
                        : cause;
        failed = true;
        stopped = true;
        proposals.close();
        authentication.close();
        publication.stop();
        lessor.stop();
        leaseQuestions.ifPresent(LeaseQuestions::stop);
        replica.post(Event.Signal.STOP);
        apply.stop();
        LOGGER.log(
                ERROR,
                advice(root),
                Fields.of("local-member-id", memberHex(), "error", String.valueOf(root)));
        listener.failed(root);
    }

    // EX-11: each of these ends the process; none is repaired by going on.
    private static String advice(Throwable cause) {
        return switch (cause) {
            case StorageException.NoSpace e ->
                    "no space left for the Raft log or the state; free space on the disk of the"
                            + " data directory, then start this member again";
            case StorageException.Corruption e ->
                    "durable data is not what was written; restore this member from a backup, or"
                            + " remove it from the cluster and add it anew";
            case StorageException e ->
                    "the storage failed; check the disk of the data directory, then start this"
                            + " member again";
            default -> "this member failed and stops";
        };
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
        if (!stopped && !removed.get()) {
            handover.onStop();
        }
        stopped = true;
        chores.close();
        headStart.ifPresent(HeadStart::close);
        ticks.close();
        peers.ifPresent(Peers::close);
        proposals.close();
        authentication.close();
        publication.stop();
        lessor.stop();
        leaseQuestions.ifPresent(LeaseQuestions::stop);
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
