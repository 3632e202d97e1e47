package io.quorate.engine.node;

import io.quorate.engine.metrics.MetricRegistry;
import io.quorate.engine.raft.Entry;
import io.quorate.engine.raft.Message;
import io.quorate.engine.raft.RaftConfig;
import io.quorate.engine.raft.RawNode;
import io.quorate.engine.state.Alarm;
import io.quorate.engine.state.Command;
import io.quorate.engine.state.EtcdError;
import io.quorate.engine.state.Result;
import io.quorate.engine.state.StateMachine;
import io.quorate.engine.state.StateOptions;
import io.quorate.spi.storage.Identity;
import io.quorate.spi.storage.RaftLog;
import io.quorate.spi.storage.StateStore;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;

/**
 * Puts a {@link Node} together: opens the state, finds out who this member is ({@link Bootstrap}),
 * and makes each part out of those before it. Nothing runs yet afterwards, but for the transport,
 * whose messages wait in the mailbox of the raft loop.
 *
 * <p>The raft loop comes late, for it calls nearly all others. What these want to know of it they
 * ask by a method of this class, and not before the loops run.
 *
 * <p>In the thread that starts the member.
 */
final class Assembly {
    /** SE-74. */
    private static final Duration LEASE_CHECKPOINTS = Duration.ofMinutes(5);

    /** How long an answer about a lease waits for this member to apply what is committed. */
    private static final Duration LEASE_APPLY_WAIT = Duration.ofSeconds(1);

    /** RA-05. */
    private static final long MESSAGE_BYTES_MAX = 1 << 20;

    private static final long APPLY_BYTES_MAX = 16 << 20;
    private static final int INFLIGHT_MESSAGES_MAX = 512;

    final RaftLog log;
    final StateStore store;
    final StateMachine state;
    final Identity identity;
    final NodeMetrics metrics;
    final Shutdown shutdown;
    final RaftInbox inbox;
    final Proposer proposer;
    final Maintenance maintenance;
    final Publication publication;
    final ClusterVersionAgreement version;
    final Lessor lessor;
    final Leases leases;
    final Authentication authentication;
    final Optional<Peers> peers;
    final Reconfiguration reconfiguration;
    final Promotion promotion;
    final Handover handover;
    final ApplyLoop apply;
    final ReplicaLoop replica;

    private final NodeConfig config;
    private final NodeRuntime runtime;
    private final LongSupplier nanoTime;
    private final Mailbox<Event> events = new Mailbox<>();
    private final PendingProposals pending;
    private final Quota quota;
    private final CorruptionChecker checker;
    private final TimeoutCause timeoutCause;

    /**
     * @param halt stops the parts of a member that has failed
     * @throws RuntimeException as {@link Node#start} does; log and store are the caller's then
     */
    Assembly(
            NodeConfig config,
            ClusterSettings cluster,
            RaftLog log,
            StateStore store,
            MetricRegistry registry,
            NodeListener listener,
            NodeRuntime runtime,
            Runnable halt) {
        this.config = config;
        this.runtime = runtime;
        this.nanoTime = runtime.nanoTime();
        this.metrics = new NodeMetrics(registry);
        this.log = new MeasuredLog(log, metrics.logBytesWritten);
        this.store = new MeasuredStore(store, metrics.openViews);
        this.state =
                StateMachine.open(
                        this.store,
                        StateOptions.DEFAULT,
                        task -> runtime.workers().execute("watch-dispatch", task));

        // Who this member is, and what it begins with.
        var bootstrap = Bootstrap.of(config, cluster, this.log, state);
        this.identity = bootstrap.identity();
        long memberId = identity.memberId();
        Duration timeout = config.requestTimeout();

        // How it ends; and the ways to the raft loop.
        this.shutdown = new Shutdown(memberId, config.tick(), listener, halt);
        this.inbox = new RaftInbox(events, nanoTime, timeout.toNanos(), shutdown::hasBegun);
        var ids = new IdGenerator(memberId, runtime.wallClock().millis());
        this.quota = new Quota(config.upkeep(), state::sizeOnDisk);
        this.pending = new PendingProposals(metrics);
        this.proposer =
                new Proposer(
                        memberId,
                        config,
                        state,
                        quota,
                        ids,
                        this::backlog,
                        pending,
                        events::post,
                        metrics,
                        nanoTime,
                        shutdown::hasBegun);

        // What looks after the state. Nobody is served by one that is found corrupt.
        this.maintenance = new Maintenance(state, metrics, nanoTime, shutdown::fail);
        var requests = new PeerRequests(timeout, cluster.network().flatMap(Network::secureSockets));
        this.checker =
                checker(
                        cluster.network().isEmpty()
                                ? PeerHashes.NOBODY
                                : new AskedHashes(identity, state::members, requests));
        if (config.upkeep().corruptCheck().initial()) {
            checker.initialCheck();
        }

        // What goes on over time: the member's place in the cluster, leases, tokens.
        this.publication =
                new Publication(identity, config, timeout, proposer::propose, shutdown::hasBegun);
        this.version =
                new ClusterVersionAgreement(
                        state, this::leading, shutdown::hasBegun, proposer::propose);
        this.lessor = lessor();
        this.authentication =
                new Authentication(
                        state, Tokens.of(config.tokens(), runtime), nanoTime, timeout.toNanos());

        // Raft over the log, the other members, and the two loops.
        var snapshots = new OutgoingSnapshots(state::view);
        var storage =
                new RaftLogStorage(this.log, state.applied().index(), bootstrap.conf(), snapshots);
        RawNode raft = raft(bootstrap, storage);
        this.peers = cluster.network().map(this::peers);
        this.reconfiguration = new Reconfiguration(cluster, memberId, state, peers, nanoTime);
        this.apply = applyLoop();
        this.replica = replicaLoop(raft, bootstrap, storage, snapshots, ids.next());
        this.timeoutCause = new TimeoutCause(config, replica, reconfiguration);

        // What callers ask for that takes more than a proposal.
        this.handover = new Handover(memberId, timeout, reconfiguration, replica, inbox, nanoTime);
        var call = new LeaderCall(requests);
        this.promotion =
                new Promotion(
                        memberId,
                        this::leader,
                        reconfiguration,
                        call,
                        proposer,
                        inbox,
                        state,
                        metrics);
        this.leases =
                new Leases(
                        config,
                        state,
                        ids,
                        proposer,
                        lessor,
                        peers.map(way -> leaseQuestions(call)),
                        this::leading,
                        nanoTime);
    }

    private boolean leading() {
        return replica.view().leading();
    }

    private long leader() {
        return replica.view().leader();
    }

    /** Entries that are committed and not yet applied. */
    private long backlog() {
        return replica.view().commit() - apply.applied().index();
    }

    /** Begins what a replica does by itself now and then. */
    Chores startChores() {
        return new Chores(
                config.upkeep(),
                new AutoCompactor.Replica(
                        state::revision,
                        this::leading,
                        revision -> proposer.propose(new Command.Compact(revision, false))),
                checker,
                this::leading,
                nanoTime,
                runtime.ticker());
    }

    private CorruptionChecker checker(PeerHashes others) {
        return new CorruptionChecker(
                identity.memberId(),
                new CorruptionChecker.Replica(
                        maintenance::hashKv,
                        state::compactionHashes,
                        () -> inbox.linearizablePoint().join()),
                others,
                guilty ->
                        proposer.propose(new Command.RaiseAlarm(new Alarm(guilty, Alarm.CORRUPT))));
    }

    private Lessor lessor() {
        var times =
                new Lessor.Times(
                        config.tick().toNanos(),
                        config.electionTimeout().toNanos(),
                        config.requestTimeout().toNanos(),
                        config.leaseCheckpoint() ? LEASE_CHECKPOINTS.toNanos() : 0);
        return new Lessor(
                state,
                new Lessor.Replica() {
                    @Override
                    public CompletableFuture<Result> propose(Command command, long term) {
                        return proposer.propose(command, term);
                    }

                    @Override
                    public CompletableFuture<Void> caughtUp() {
                        return inbox.linearizablePoint(LEASE_APPLY_WAIT.toNanos());
                    }
                },
                metrics,
                nanoTime,
                times,
                shutdown::fail);
    }

    private LeaseQuestions leaseQuestions(LeaderCall call) {
        return new LeaseQuestions(
                lessor,
                new LeaseQuestions.Leadership(
                        this::leading,
                        () -> reconfiguration.member(leader()),
                        inbox::linearizablePoint),
                call,
                runtime.workers(),
                nanoTime,
                config.requestTimeout().toNanos(),
                config.electionTimeout().toNanos());
    }

    private Peers peers(Network network) {
        return new Peers(
                identity,
                config.peerUrls(),
                state,
                inbox::fromPeer,
                shutdown::removed,
                metrics.snapshots,
                nanoTime,
                network);
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

    private ApplyLoop applyLoop() {
        var checkpointer =
                new Checkpointer(
                        config,
                        log::sizeOnDisk,
                        nanoTime,
                        metrics.checkpoints,
                        at -> events.post(new Event.Checkpointed(at)),
                        shutdown::fail);
        var observer =
                new ApplyObserver(
                        metrics,
                        identity,
                        state.clusterVersion().orElse(""),
                        publication.versionKnown(),
                        version::seek,
                        config.upkeep().slowApply(),
                        runtime.wallClock());
        return new ApplyLoop(
                state,
                pending,
                checkpointer,
                observer,
                quota,
                proposer::raiseQuotaAlarm,
                config.upkeep().compactionPace(),
                lessor,
                authentication,
                nanoTime,
                runtime.workers(),
                events::post,
                shutdown::fail,
                shutdown::hasFailed);
    }

    private ReplicaLoop replicaLoop(
            RawNode raft,
            Bootstrap bootstrap,
            RaftLogStorage storage,
            OutgoingSnapshots snapshots,
            long firstRound) {
        return new ReplicaLoop(
                events,
                identity.memberId(),
                raft,
                bootstrap.conf(),
                state.applied(),
                storage,
                new ReplicaLoop.LogCutter(config.catchUpEntries(), config.logBytesMax()),
                new ReadIndexQueue(metrics, firstRound),
                pending,
                metrics,
                snapshots,
                peers.<PeerSender>map(way -> way).orElse(PeerSender.NOBODY),
                new HeartbeatPace(config.tick(), metrics.heartbeatsLate),
                nanoTime,
                new Seams());
    }

    /** What raft's decisions set off in the other parts. */
    private final class Seams implements ReplicaLoop.Seams {
        @Override
        public void apply(List<Entry> entries, List<Message> responses) {
            apply.apply(entries, responses);
        }

        @Override
        public void install(ArrivedSnapshot snapshot) {
            apply.install(snapshot);
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
        public void membersChanged() {
            peers.ifPresent(way -> way.keep(state.members()));
            if (state.isRemovedMember(identity.memberId())) {
                shutdown.removed();
            }
        }

        @Override
        public EtcdError timeout(long deadline) {
            return timeoutCause.of(deadline);
        }

        @Override
        public void failed(Throwable cause) {
            shutdown.fail(cause);
        }
    }
}
