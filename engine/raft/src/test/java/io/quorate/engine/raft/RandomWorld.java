package io.quorate.engine.raft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.LongStream;

/**
 * A group, its network and its disks, moved by one random event at a time, with a judge that knows
 * everything.
 */
final class RandomWorld {
    private static final int MEMBERS = 6;

    /** What every run of the group has agreed on so far; each method checks one more fact. */
    private static final class Judge {
        private final Map<Long, Long> leaders = new HashMap<>();
        private final Map<EntryId, String> entries = new HashMap<>();
        private final NavigableMap<Long, String> applied = new TreeMap<>();
        // By term of the leader that committed it: its highest committed entry.
        private final NavigableMap<Long, EntryId> committed = new TreeMap<>();
        private long highestCommit;

        /** Election safety: at most one leader per term. */
        void leads(long id, long term) {
            assertEquals(id, leaders.computeIfAbsent(term, t -> id), "leader of term " + term);
        }

        /** Log matching: an entry is the same everywhere, and so is the one before it. */
        void holds(Entry entry, long termBefore) {
            var content = contentOf(entry) + " after term " + termBefore;
            var first = entries.putIfAbsent(EntryId.of(entry), content);
            if (first != null) assertEquals(first, content, "entry " + EntryId.of(entry));
        }

        /** State machine safety: everybody applies the same at an index, to the same members. */
        void applies(Entry entry, ConfState conf) {
            var content = entry.term() + " " + contentOf(entry) + " " + conf;
            var first = applied.putIfAbsent(entry.index(), content);
            if (first != null) assertEquals(first, content, "applied at " + entry.index());
        }

        /** Leader completeness: later leaders have what earlier ones committed. */
        void isComplete(RawNode node, long term) {
            for (var entry : committed.headMap(term).values()) {
                long held = node.raft.log.term(entry.index());
                boolean compacted = entry.index() < node.raft.log.firstIndex() - 1;
                assertTrue(
                        compacted || held == entry.term(),
                        () -> "leader of term " + term + " lacks committed " + entry);
            }
        }

        void commits(long leaderTerm, EntryId entry) {
            committed.merge(leaderTerm, entry, (a, b) -> a.index() > b.index() ? a : b);
            highestCommit = Math.max(highestCommit, entry.index());
        }

        private static String contentOf(Entry entry) {
            return entry.type() + " " + Arrays.hashCode(entry.data());
        }
    }

    /** A member, its disk, and the part of its writes that is not on the disk yet. */
    private final class Member implements LogStorage {
        final long id;
        final MemoryLogStorage disk = new MemoryLogStorage();
        final ArrayDeque<Message> appends = new ArrayDeque<>();
        final ArrayDeque<Message> applies = new ArrayDeque<>();
        // The state by applied index, back to the last compaction: what a crash may fall back to.
        final NavigableMap<Long, ConfState> states = new TreeMap<>();
        // What the disk holds of the hard state if the machine loses power now.
        HardState synced = HardState.EMPTY;
        boolean async;
        RawNode node;
        long lastCommit;
        boolean wasLeader;

        Member(long id, ConfState conf) {
            this.id = id;
            if (!conf.voters().isEmpty()) {
                var snapshot = new Snapshot(1, 1, conf, new byte[0]);
                disk.applySnapshot(snapshot);
                synced = new HardState(1, 0, 1);
                disk.setHardState(synced);
                states.put(1L, conf);
            } else {
                states.put(0L, ConfState.EMPTY);
            }
            start();
        }

        void start() {
            async = random.nextBoolean();
            node = new RawNode(config(this));
            lastCommit = node.status().hardState().commit();
            wasLeader = false;
        }

        long applied() {
            return states.lastKey();
        }

        @Override
        public InitialState initialState() {
            return new InitialState(disk.hardState(), states.lastEntry().getValue());
        }

        @Override
        public List<Entry> entries(long low, long high, long maxBytes)
                throws CompactedException, UnavailableException {
            return disk.entries(low, high, maxBytes);
        }

        @Override
        public long term(long index) throws CompactedException, UnavailableException {
            return disk.term(index);
        }

        @Override
        public long lastIndex() {
            return disk.lastIndex();
        }

        @Override
        public long firstIndex() {
            return disk.firstIndex();
        }

        @Override
        public Snapshot snapshot() throws SnapshotPendingException {
            if (random.nextInt(4) == 0) throw new SnapshotPendingException();
            var newest = states.lastEntry();
            try {
                return new Snapshot(
                        newest.getKey(),
                        disk.term(newest.getKey()),
                        newest.getValue(),
                        new byte[0]);
            } catch (CompactedException | UnavailableException e) {
                throw new AssertionError(e);
            }
        }
    }

    private final Random random;
    private final Judge judge = new Judge();
    private final List<Member> members = new ArrayList<>();
    private final List<Message> network = new ArrayList<>();
    private final ArrayDeque<String> history = new ArrayDeque<>();
    // By context: the highest commit index anybody knew when the read was asked.
    private final Map<Long, Long> reads = new HashMap<>();
    private long nextRead;
    private long nextProposal;
    private IdSet cutOff = IdSet.EMPTY;
    final java.util.Map<String, Integer> counts = new java.util.TreeMap<>();
    // Whether what cannot pass a cut arrives late instead of never.
    private final boolean cutsDelay;
    private int lossPercent;
    private final boolean checkQuorum;
    private final boolean preVote;
    private final int maxInflight;
    private final long maxMessageBytes;
    private final int[] weights;

    RandomWorld(Random random) {
        this.random = random;
        weights = drawWeights();
        checkQuorum = random.nextBoolean();
        preVote = random.nextBoolean();
        maxInflight = 1 + random.nextInt(8);
        maxMessageBytes = random.nextInt(200);
        cutsDelay = random.nextBoolean();
        lossPercent = random.nextInt(30);
        long voters = 1 + random.nextInt(5);
        var conf = ConfState.ofVoters(LongStream.rangeClosed(1, voters).boxed().toList());
        for (long id = 1; id <= MEMBERS; id++) {
            members.add(new Member(id, id <= voters ? conf : ConfState.EMPTY));
        }
    }

    private RaftConfig config(Member member) {
        return new RaftConfig(
                member.id,
                10,
                1 + random.nextInt(2),
                member,
                member.applied(),
                member.async,
                maxMessageBytes,
                1 + random.nextInt(300),
                random.nextInt(2) * 500,
                maxInflight,
                0,
                checkQuorum,
                preVote,
                false,
                random.nextBoolean(),
                random,
                Trace.NONE);
    }

    /** Indexes applied by anybody. */
    int applied() {
        return judge.applied.size();
    }

    /** Indexes applied by the voter that is least far, once the world is healed. */
    int lastAppliedByVoters() {
        var conf = leader().node.status().conf();
        long least = Long.MAX_VALUE;
        for (var member : members) {
            if (conf.voters().contains(member.id)) least = Math.min(least, member.applied());
        }
        return judge.applied.headMap(least, true).size();
    }

    String history() {
        return String.join("\n", history);
    }

    private void note(String event) {
        history.add(event);
        if (history.size() > 60) history.poll();
    }

    // ---------------------------------------------------------------- events

    /** What can happen, and how often in an average world. */
    private enum Event {
        DELIVER(330),
        WORK(230),
        STORE(130),
        APPLY(100),
        TICK(90),
        PROPOSE(60),
        READ(20),
        CHANGE_MEMBERSHIP(12),
        COMPACT(4),
        CRASH(2),
        PARTITION(2),
        TRANSFER(2),
        UNREACHABLE(4),
        FORGET_LEADER(2),
        CHANGE_LOSS(2),
        CAMPAIGN(2);

        final int weight;

        Event(int weight) {
            this.weight = weight;
        }
    }

    // Each world has its own troubles: what is rare elsewhere may be common here, or never happen.
    private int[] drawWeights() {
        var drawn = new int[Event.values().length];
        for (var event : Event.values()) {
            boolean work = event.weight >= 60;
            int factor = work ? 2 + random.nextInt(5) : (1 << 2 * random.nextInt(5)) / 4;
            drawn[event.ordinal()] = event.weight * factor;
        }
        return drawn;
    }

    private Event draw() {
        int dice = random.nextInt(Arrays.stream(weights).sum());
        for (var event : Event.values()) {
            dice -= weights[event.ordinal()];
            if (dice < 0) return event;
        }
        throw new AssertionError("weights do not add up");
    }

    /** Something happens somewhere. */
    void event() {
        var member = members.get(random.nextInt(members.size()));
        switch (draw()) {
            case DELIVER -> deliverOne();
            case WORK -> work(member);
            case STORE -> store(member);
            case APPLY -> apply(member);
            case TICK -> member.node.tick();
            case PROPOSE -> propose(random.nextBoolean() ? member : leaderOr(member));
            case READ -> read(member);
            case CHANGE_MEMBERSHIP -> changeMembership(leaderOr(member));
            case COMPACT -> compact(member);
            case CRASH -> crash(member);
            case PARTITION -> partition();
            case TRANSFER -> leaderOr(member).node.transferLeader(1 + random.nextInt(MEMBERS));
            case UNREACHABLE -> member.node.reportUnreachable(1 + random.nextInt(MEMBERS));
            case FORGET_LEADER -> member.node.forgetLeader();
            case CHANGE_LOSS -> lossPercent = random.nextInt(4) * random.nextInt(10);
            case CAMPAIGN -> member.node.campaign();
        }
        check(member);
    }

    private void deliverOne() {
        if (network.isEmpty()) return;
        var message = network.remove(random.nextInt(network.size()));
        boolean cut = cutOff.contains(message.to()) != cutOff.contains(message.from());
        if (cut && cutsDelay && network.size() < 300) {
            network.add(message);
            return;
        }
        if (cut || random.nextInt(100) < lossPercent) {
            lose(message);
            return;
        }
        if (random.nextInt(20) == 0) network.add(message);
        deliver(message);
    }

    private void lose(Message message) {
        // A transport knows when it could not send a snapshot.
        if (message.type() == MessageType.SNAP) reportSnapshot(message, false);
    }

    private void reportSnapshot(Message snapshot, boolean received) {
        member(snapshot.from()).node.reportSnapshot(snapshot.to(), received);
    }

    private void deliver(Message message) {
        note("deliver " + Describe.message(message));
        var to = member(message.to());
        step(to, message);
        if (message.type() == MessageType.SNAP) reportSnapshot(message, true);
        check(to);
    }

    private Member member(long id) {
        return members.get((int) id - 1);
    }

    private void step(Member member, Message message) {
        try {
            member.node.step(message);
        } catch (ProposalDroppedException e) {
            note("dropped at " + member.id);
        }
    }

    /** Takes a Ready; without asynchronous writes its work is done at once, or cut by a crash. */
    private void work(Member member) {
        if (!member.node.hasReady()) return;
        var ready = member.node.ready();
        note("ready " + member.id + " " + Describe.ready(ready).strip().replace("\n", "; "));
        for (var state : ready.readStates()) answered(state);
        if (member.async) {
            for (var message : ready.messages()) {
                if (message.to() == RawNode.APPEND_THREAD) member.appends.add(message);
                else if (message.to() == RawNode.APPLY_THREAD) member.applies.add(message);
                else network.add(message);
            }
            return;
        }
        if (random.nextInt(200) == 0) {
            // Power fails before the write; nothing was sent.
            restart(member);
            return;
        }
        var hard = ready.hardState() == null ? HardState.EMPTY : ready.hardState();
        write(member, hard, ready.entries(), ready.snapshot(), ready.mustSync());
        network.addAll(ready.messages());
        applyEntries(member, ready.committedEntries());
        member.node.advance(ready);
    }

    private void store(Member member) {
        var append = member.appends.poll();
        if (append == null) return;
        note("store " + Describe.message(append));
        var hard = new HardState(append.term(), append.vote(), append.commit());
        // Without responses nobody relies on the write: it need not be forced.
        write(member, hard, append.entries(), append.snapshot(), !append.responses().isEmpty());
        for (var response : append.responses()) {
            if (response.to() == member.id) step(member, response);
            else network.add(response);
        }
    }

    private void write(
            Member member, HardState hard, List<Entry> entries, Snapshot snapshot, boolean sync) {
        if (!hard.isEmpty()) member.disk.setHardState(hard);
        if (snapshot != null) {

            member.disk.applySnapshot(snapshot);
            member.states.clear();
            member.states.put(snapshot.index(), snapshot.conf());
        }
        member.disk.append(entries);
        for (var entry : entries) {
            long before = stableTerm(member, entry.index() - 1);
            if (before >= 0) judge.holds(entry, before);
        }
        if (sync || snapshot != null || !entries.isEmpty()) member.synced = member.disk.hardState();
    }

    private void apply(Member member) {
        var work = member.applies.poll();
        if (work == null) return;
        applyEntries(member, work.entries());
        for (var response : work.responses()) step(member, response);
    }

    private void applyEntries(Member member, List<Entry> entries) {
        for (var entry : entries) {
            // A snapshot came in between.
            if (entry.index() <= member.applied()) continue;
            assertEquals(member.applied() + 1, entry.index(), "next to apply at " + member.id);
            assertEquals(entry.term(), stableTerm(member, entry.index()), "applied but not stable");
            var conf = member.states.lastEntry().getValue();
            if (entry.type() != EntryType.NORMAL) {
                conf = member.node.applyConfChange(ConfChangeCodec.decode(entry));
            }
            judge.applies(entry, conf);
            member.states.put(entry.index(), conf);
        }
    }

    private static long stableTerm(Member member, long index) {
        try {
            return member.disk.term(index);
        } catch (LogStorage.CompactedException | LogStorage.UnavailableException e) {
            return -1;
        }
    }

    private void propose(Member member) {
        var data = ByteBuffer.allocate(8 + random.nextInt(40)).putLong(0, ++nextProposal).array();
        try {
            member.node.propose(data);
        } catch (ProposalDroppedException e) {
            note("proposal dropped at " + member.id);
        }
    }

    private void read(Member member) {
        reads.put(++nextRead, judge.highestCommit);
        member.node.readIndex(ByteBuffer.allocate(8).putLong(0, nextRead).array());
    }

    // Linearizability: a read sees all that was committed when it was asked.
    private void answered(ReadState state) {
        long asked = reads.get(ByteBuffer.wrap(state.context()).getLong());
        assertTrue(state.index() >= asked, () -> "stale read: " + state.index() + " < " + asked);
    }

    private void changeMembership(Member member) {
        var conf = member.node.status().conf();
        if (member.node.status().softState().role() != Role.LEADER) return;
        var change = conf.votersOutgoing().isEmpty() ? someChange(conf) : leaveOrNot(conf);
        if (change == null) return;
        note("propose " + change.steps() + " at " + member.id);
        try {
            member.node.proposeConfChange(change);
        } catch (ProposalDroppedException e) {
            note("change dropped at " + member.id);
        }
    }

    private ConfChange leaveOrNot(ConfState conf) {
        return conf.autoLeave() ? null : Group.change("");
    }

    private ConfChange someChange(ConfState conf) {
        var transition = ConfChange.Transition.values()[random.nextInt(3)];
        var steps = new ArrayList<ConfChange.Step>();
        int count = transition == ConfChange.Transition.AUTO ? 1 : 1 + random.nextInt(3);
        int voters = conf.voters().size();
        for (int i = 0; i < count; i++) {
            long id = 1 + random.nextInt(MEMBERS);
            var kind = ConfChange.Kind.values()[random.nextInt(4)];
            boolean takesVote =
                    kind == ConfChange.Kind.REMOVE_NODE || kind == ConfChange.Kind.ADD_LEARNER_NODE;
            // Some voters must stay, or the change could not be applied.
            if (takesVote && --voters < 2) continue;
            steps.add(new ConfChange.Step(kind, id));
        }
        return steps.isEmpty() ? null : new ConfChange(transition, steps, new byte[0]);
    }

    private void compact(Member member) {
        long upTo = member.applied() - random.nextInt(5);
        if (upTo < member.disk.firstIndex() || upTo > member.node.status().applied()) return;
        note("compact " + member.id + " to " + upTo);
        var conf = member.states.floorEntry(upTo).getValue();
        member.disk.createSnapshot(upTo, conf, new byte[0]);
        member.disk.compact(upTo);
        member.states.headMap(upTo, false).clear();
    }

    /** Power fails: queued writes are lost, the hard state falls back to what was forced. */
    private void crash(Member member) {
        member.disk.setHardState(member.synced);
        // The state falls back to some earlier point.
        int back = random.nextInt(member.states.size());
        for (int i = 0; i < back; i++) member.states.pollLastEntry();
        restart(member);
    }

    private void restart(Member member) {
        note("restart " + member.id + " from " + member.applied());
        member.appends.clear();
        member.applies.clear();
        member.start();
    }

    private void partition() {
        cutOff = IdSet.EMPTY;
        if (random.nextInt(3) != 0) return;
        if (random.nextBoolean()) cutOff = cutOff.with(leaderOr(members.getFirst()).id);
        for (int i = random.nextInt(3); i > 0; i--) {
            cutOff = cutOff.with(1 + random.nextInt(MEMBERS));
        }
        note("cut off " + cutOff);
    }

    // ---------------------------------------------------------------- checks

    private void check(Member member) {
        var raft = member.node.raft;
        long commit = raft.log.committed();
        assertTrue(commit >= member.lastCommit, "commit index fell at " + member.id);
        boolean leads = raft.role() == Role.LEADER;
        if (leads) {
            judge.leads(member.id, raft.term);
            if (!member.wasLeader) judge.isComplete(member.node, raft.term);
            if (commit > member.lastCommit) {
                judge.commits(raft.term, new EntryId(raft.log.term(commit), commit));
            }
        }
        member.wasLeader = leads;
        member.lastCommit = commit;
    }

    // ---------------------------------------------------------------- the end

    /** Nothing is lost any more; within bounded time the group must take and apply a proposal. */
    void heal() {
        cutOff = IdSet.EMPTY;
        lossPercent = 0;
        long before = nextProposal;
        for (int round = 0; round < 2_000; round++) {
            for (var member : members) {
                // Somebody stops a leader that lost its vote and leads on.
                boolean votes = member.node.raft.tracker.membership().voters().contains(member.id);
                if (!votes && member.node.raft.role() == Role.LEADER) restart(member);
                member.node.tick();
                settle();
            }
            if (isCaughtUp()) {
                if (nextProposal > before) return;
                propose(leader());
                settle();
            }
        }
        throw new AssertionError("no progress in a healed world: " + states());
    }

    private boolean isCaughtUp() {
        var leader = leader();
        if (leader == null) return false;
        var conf = leader.node.status().conf();
        if (!conf.votersOutgoing().isEmpty() && !conf.autoLeave()) changeMembership(leader);
        if (!conf.votersOutgoing().isEmpty()) return false;
        for (var member : members) {
            if (!conf.voters().contains(member.id)) continue;
            if (member.applied() < leader.disk.lastIndex()) return false;
        }
        return leader.node.raft.log.committed() == leader.disk.lastIndex();
    }

    private Member leaderOr(Member other) {
        var leader = leader();
        return leader == null ? other : leader;
    }

    private Member leader() {
        Member newest = null;
        for (var member : members) {
            if (member.node.raft.role() != Role.LEADER) continue;
            if (!member.node.raft.tracker.membership().voters().contains(member.id)) continue;
            if (newest == null || member.node.raft.term > newest.node.raft.term) newest = member;
        }
        return newest;
    }

    private void settle() {
        for (int round = 0; round < 10_000; round++) {
            boolean idle = network.isEmpty();
            while (!network.isEmpty()) {
                var message = network.removeFirst();
                deliver(message);
            }
            for (var member : members) {
                idle &= !member.node.hasReady();
                idle &= member.appends.isEmpty() && member.applies.isEmpty();
                work(member);
                while (!member.appends.isEmpty()) store(member);
                while (!member.applies.isEmpty()) apply(member);
                check(member);
            }
            if (idle) return;
        }
        throw new AssertionError("messages never end: " + states());
    }

    private String states() {
        var text = new StringBuilder();
        for (var member : members) {
            text.append('\n').append(member.node.status());
            text.append(" log ").append(member.node.raft.log);
        }
        return text.toString();
    }
}
