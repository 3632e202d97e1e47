package io.quorate.engine.raft;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.stream.LongStream;

/**
 * Members that are driven by hand and do all their work at once: {@link #settle} stores, sends,
 * delivers and applies until nothing is left. Everybody starts from a snapshot at index 1, term 1.
 */
final class Group {
    static final int ELECTION_TICKS = 10;

    /** A member with its stable storage and what it applied. */
    final class Member {
        final long id;
        final MemoryLogStorage storage = new MemoryLogStorage();
        final List<String> applied = new ArrayList<>();
        final List<ReadState> reads = new ArrayList<>();
        final List<String> trace = new ArrayList<>();
        RawNode node;
        ConfState conf;
        private long appliedIndex;

        private Member(long id, ConfState conf) {
            this.id = id;
            this.conf = conf;
            if (!conf.voters().isEmpty()) {
                storage.applySnapshot(new Snapshot(1, 1, conf, new byte[0]));
                storage.setHardState(new HardState(1, 0, 1));
                appliedIndex = 1;
            }
            start();
        }

        private void start() {
            node = new RawNode(settings.apply(config(id, storage, appliedIndex, line())));
        }

        private Trace line() {
            return (level, message) -> trace.add(message);
        }

        /** Loses all that is not on stable storage. */
        void restart() {
            start();
        }

        RaftStatus status() {
            return node.status();
        }

        Role role() {
            return status().softState().role();
        }

        long leader() {
            return status().softState().leader();
        }

        long term() {
            return status().hardState().term();
        }

        long commit() {
            return status().hardState().commit();
        }

        Progress progress(long of) {
            return node.raft.tracker.get(of);
        }

        void propose(String text) throws ProposalDroppedException {
            node.propose(text.getBytes(UTF_8));
        }

        void tick(int times) {
            for (int i = 0; i < times; i++) node.tick();
        }

        /** Ticks until this member campaigns, whatever time-out it drew. */
        void timeOut() {
            tick(2 * ELECTION_TICKS);
        }

        /** Takes one Ready, stores it and applies it; the messages go to the network. */
        Ready work() {
            var ready = node.ready();
            if (ready.hardState() != null) storage.setHardState(ready.hardState());
            if (ready.snapshot() != null) install(ready.snapshot());
            storage.append(ready.entries());
            network.addAll(ready.messages());
            reads.addAll(ready.readStates());
            ready.committedEntries().forEach(this::apply);
            if (!ready.committedEntries().isEmpty()) snapshot();
            node.advance(ready);
            return ready;
        }

        private void install(Snapshot snapshot) {
            storage.applySnapshot(snapshot);
            applied.clear();
            var data = new String(snapshot.data(), UTF_8);
            if (!data.isEmpty()) applied.addAll(List.of(data.split(",")));
            appliedIndex = snapshot.index();
            conf = snapshot.conf();
        }

        private void apply(Entry entry) {
            appliedIndex = entry.index();
            if (entry.type() != EntryType.NORMAL) {
                conf = node.applyConfChange(ConfChangeCodec.decode(entry));
            } else if (entry.data().length > 0) {
                applied.add(new String(entry.data(), UTF_8));
            }
        }

        private void snapshot() {
            var data = String.join(",", applied).getBytes(UTF_8);
            storage.createSnapshot(appliedIndex, conf, data);
        }

        /** Drops the log up to what is applied. */
        void compact() {
            storage.compact(appliedIndex);
        }

        boolean traced(String part) {
            return trace.stream().anyMatch(line -> line.contains(part));
        }
    }

    private final Map<Long, Member> members = new TreeMap<>();
    private final UnaryOperator<RaftConfig> settings;
    private final Random random = new Random(1);
    private Predicate<Message> lost = message -> false;

    /** Messages on their way. */
    final List<Message> network = new ArrayList<>();

    /** Voters 1 to {@code voters}. */
    Group(int voters) {
        this(voters, config -> config);
    }

    Group(int voters, UnaryOperator<RaftConfig> settings) {
        this(ConfState.ofVoters(LongStream.rangeClosed(1, voters).boxed().toList()), settings);
    }

    Group(ConfState conf, UnaryOperator<RaftConfig> settings) {
        this.settings = settings;
        conf.voters().forEach(id -> members.put(id, new Member(id, conf)));
        conf.learners().forEach(id -> members.put(id, new Member(id, conf)));
    }

    private RaftConfig config(long id, LogStorage storage, long applied, Trace trace) {
        return new RaftConfig(
                id,
                ELECTION_TICKS,
                1,
                storage,
                applied,
                false,
                RaftLogView.NO_LIMIT,
                RaftLogView.NO_LIMIT,
                0,
                256,
                0,
                false,
                false,
                false,
                false,
                random,
                trace);
    }

    /** Settings that differ from the usual ones in what the caller says. */
    static RaftConfig with(
            RaftConfig c, boolean checkQuorum, boolean preVote, boolean stepDownOnRemoval) {
        return with(
                c,
                c.maxMessageBytes(),
                c.maxInflightMessages(),
                checkQuorum,
                preVote,
                stepDownOnRemoval,
                c.readMode());
    }

    static RaftConfig with(
            RaftConfig c,
            long maxMessageBytes,
            int maxInflightMessages,
            boolean checkQuorum,
            boolean preVote,
            boolean stepDownOnRemoval,
            RaftConfig.ReadMode readMode) {
        return new RaftConfig(
                c.id(),
                c.electionTicks(),
                c.heartbeatTicks(),
                c.storage(),
                c.applied(),
                false,
                maxMessageBytes,
                c.maxCommittedBytesPerReady(),
                c.maxUncommittedBytes(),
                maxInflightMessages,
                0,
                checkQuorum,
                preVote,
                c.disableProposalForwarding(),
                stepDownOnRemoval,
                c.random(),
                c.trace(),
                readMode,
                false,
                false);
    }

    Member get(long id) {
        return members.get(id);
    }

    /** Adds a member that knows of no group yet. */
    Member addEmpty(long id) {
        var member = new Member(id, ConfState.EMPTY);
        members.put(id, member);
        return member;
    }

    /** From now on loses the messages this is true for. */
    void lose(Predicate<Message> which) {
        lost = which;
    }

    /** Cuts these members off from everybody else. */
    void isolate(long... ids) {
        var cut = IdSet.of(ids);
        lose(message -> cut.contains(message.to()) != cut.contains(message.from()));
    }

    void heal() {
        lose(message -> false);
    }

    /** Stores, sends, delivers and applies until nothing is left to do. */
    void settle() {
        boolean busy = true;
        for (int round = 0; busy; round++) {
            if (round == 10_000) throw new AssertionError("the group does not come to rest");
            busy = false;
            for (var member : members.values()) {
                while (member.node.hasReady()) {
                    member.work();
                    busy = true;
                }
            }
            busy |= deliverAll();
        }
    }

    /** Delivers what is on its way now. */
    boolean deliverAll() {
        var now = List.copyOf(network);
        network.clear();
        now.forEach(this::deliver);
        return !now.isEmpty();
    }

    void deliver(Message message) {
        var to = members.get(message.to());
        if (to == null || lost.test(message)) return;
        try {
            to.node.step(message);
        } catch (ProposalDroppedException e) {
            // A forwarded proposal may be dropped as any message may be lost.
            to.trace.add("dropped a proposal of " + message.from());
        }
    }

    Member elect(long id) {
        get(id).node.campaign();
        settle();
        if (get(id).role() != Role.LEADER) throw new AssertionError(get(id).trace.toString());
        return get(id);
    }

    /** A change of these steps, such as {@code "v4 r1"}. */
    static ConfChange change(String steps) {
        return change(ConfChange.Transition.AUTO, steps);
    }

    static ConfChange change(ConfChange.Transition transition, String steps) {
        var all = List.of(steps.split(" ")).stream().filter(step -> !step.isEmpty());
        return new ConfChange(transition, all.map(TranscriptGroup::step).toList(), new byte[0]);
    }
}
