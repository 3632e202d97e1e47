package io.quorate.engine.simulator;

import io.quorate.engine.node.MemberIds;
import io.quorate.engine.node.Node;
import io.quorate.engine.node.RunningCluster;
import io.quorate.engine.state.KvHash;
import io.quorate.engine.state.Member;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/** A cluster, its clients and its troubles. */
final class World {
    private static final long SECOND = 1_000_000_000;
    private static final long PATIENCE = 120 * SECOND;
    // Members may keep each other busy for ever; a world heals in some thousand events.
    private static final long PATIENCE_EVENTS = 1_000_000;

    private final long seed;
    private final Platter.Supply platters;
    private final RandomGenerator random;
    private final Trace trace = new Trace();
    private final Timeline timeline;
    private final Settings settings;
    private final Judge judge = new Judge();
    private final SimulatedNetwork network;
    private final Clients clients;
    private final Nemesis nemesis;
    private final Administrator administrator;
    private final Watches watches;
    private final Leases leases;
    private final List<Machine> machines = new ArrayList<>();
    private final Set<Long> retired = new HashSet<>();
    private long jumped;
    private boolean writtenLast;
    private Violation found;

    World(long seed) {
        this(seed, (machine, random) -> new PerfectPlatter(random));
    }

    /**
     * @param platters keep the logs
     */
    World(long seed, Platter.Supply platters) {
        this.seed = seed;
        this.platters = platters;
        this.random = new SplittableRandom(seed);
        this.timeline = new Timeline(trace);
        this.settings = Settings.draw(random);
        this.network = new SimulatedNetwork(this);
        this.clients = new Clients(this);
        this.nemesis = new Nemesis(this);
        this.administrator = new Administrator(this);
        this.watches = new Watches(this);
        this.leases = new Leases(this);
        for (Map.Entry<String, List<String>> founder : settings.founders().entrySet()) {
            long id = MemberIds.member(founder.getValue(), "simulation");
            machines.add(new Machine(this, founder.getKey(), id, Optional.empty()));
        }
    }

    Platter.Supply platters() {
        return platters;
    }

    RandomGenerator random() {
        return random;
    }

    Timeline timeline() {
        return timeline;
    }

    Trace trace() {
        return trace;
    }

    Settings settings() {
        return settings;
    }

    Judge judge() {
        return judge;
    }

    SimulatedNetwork network() {
        return network;
    }

    Clients clients() {
        return clients;
    }

    Administrator administrator() {
        return administrator;
    }

    Nemesis nemesis() {
        return nemesis;
    }

    Watches watches() {
        return watches;
    }

    Leases leases() {
        return leases;
    }

    /** Some member's clock jumped ahead by so much. */
    void clockJumped(long nanos) {
        jumped += nanos;
    }

    /** What all clocks have jumped, taken together. */
    long jumped() {
        return jumped;
    }

    /** Of members that are or will be; those that were removed are not among them. */
    List<Machine> machines() {
        return machines;
    }

    /** The one that leads the highest term among those that are up; null when none does. */
    Machine leader() {
        Machine newest = null;
        for (Machine machine : machines) {
            if (machine.isUp() && machine.life().node().leader() == machine.id()) {
                boolean newer =
                        newest == null
                                || machine.life().node().term() > newest.life().node().term();
                newest = newer ? machine : newest;
            }
        }
        return newest;
    }

    /** Starts a machine for a member that was added, unless nobody knows of it. */
    void join(String name, long id) {
        if (machine(id) != null || retired.contains(id)) {
            return;
        }
        for (Machine machine : machines) {
            if (!machine.isUp()) {
                continue;
            }
            Node node = machine.life().node();
            List<Member> members = node.state().members();
            if (members.stream().anyMatch(member -> member.id() == id)) {
                RunningCluster running = new RunningCluster(node.clusterId(), members);
                Machine added = new Machine(this, name, id, Optional.of(running));
                machines.add(added);
                added.start();
                return;
            }
        }
    }

    void retire(Machine machine) {
        timeline.after(0, new Retirement(this, machine));
    }

    private record Retirement(World world, Machine machine) implements Timeline.Action {
        @Override
        public void run() {
            machine.retire();
            world.machines.remove(machine);
            world.retired.add(machine.id());
        }

        @Override
        public String toString() {
            return machine + ": was removed and ends";
        }
    }

    /** Runs so many events of trouble, then demands that all gets well. */
    Outcome run(long events) {
        try {
            machines.forEach(Machine::start);
            clients.start();
            nemesis.start();
            administrator.start();
            leases.start();
            while (timeline.happened() < events) {
                step();
            }
            heal();
            clients.check();
            return new Outcome(
                    seed,
                    timeline.happened(),
                    timeline.now(),
                    judge.committed(),
                    clients.answered(),
                    clients.unanswered(),
                    clients.refused(),
                    administrator.changes(),
                    trace.digest());
        } catch (Violation violation) {
            throw violation;
        } catch (RuntimeException | AssertionError e) {
            throw new Violation("the simulation or a member failed: " + e, e);
        }
    }

    private void heal() {
        nemesis.stop();
        administrator.stop();
        leases.stop();
        network.calm();
        timeline.after(0, new Care(this));
        long deadline = timeline.now() + PATIENCE;
        long events = timeline.happened() + PATIENCE_EVENTS;
        while (!agree()) {
            boolean late = timeline.now() > deadline || timeline.happened() > events;
            if (late && isHalfOfAPair()) {
                return;
            }
            if (late) {
                throw new Violation("no progress in a healed world:\n" + states());
            }
            step();
        }
    }

    private void step() {
        timeline.step();
        if (found != null) {
            throw found;
        }
    }

    /**
     * Remembers what was found by somebody whose callers may catch everything: turns of loops are
     * taken inside turns of other loops.
     */
    Violation found(Violation violation) {
        found = found == null ? violation : found;
        return found;
    }

    /** Starts what is down and tries to write, again and again, as people would. */
    private record Care(World world) implements Timeline.Action {
        @Override
        public void run() {
            world.restartAll();
            world.writeLast();
            world.timeline.after(SECOND, this);
        }

        @Override
        public String toString() {
            return "---- everything is started";
        }
    }

    private void writeLast() {
        Machine leader = leader();
        if (leader == null || writtenLast) {
            return;
        }
        clients.stop();
        Life life = leader.life();
        Node node = life.node();
        node.propose(Clients.put(Clients.bytes("the-end"), "reached"), node.state().auth().root())
                .whenComplete((done, thrown) -> writtenLast |= thrown == null);
        life.wake();
    }

    private void restartAll() {
        for (Machine machine : List.copyOf(machines)) {
            if (!machine.isUp()) {
                machine.start();
            }
        }
        for (Machine machine : List.copyOf(machines)) {
            for (Member member : machine.life().node().state().members()) {
                String url = member.peerUrls().getFirst();
                join(url.substring("http://".length(), url.lastIndexOf(':')), member.id());
            }
        }
    }

    /**
     * Raft's membership change has this hole by design: of two members the leader removes itself,
     * learns first that the change is committed, and is gone before the other one hears of it.
     */
    private boolean isHalfOfAPair() {
        for (Machine machine : machines) {
            List<Member> voters =
                    machine.life().node().state().members().stream()
                            .filter(member -> !member.learner())
                            .toList();
            if (voters.size() == 2
                    && voters.stream().anyMatch(voter -> retired.contains(voter.id()))) {
                return true;
            }
        }
        return false;
    }

    /** Whether a last write was made, and all members have applied it and are equal. */
    private boolean agree() {
        Machine leader = leader();
        if (leader == null || !writtenLast || !clients.areDone()) {
            return false;
        }
        Node node = leader.life().node();
        KvHash hash = null;
        for (Member member : node.state().members()) {
            Machine machine = machine(member.id());
            if (machine == null || !machine.isUp()) {
                return false;
            }
            Node other = machine.life().node();
            if (other.appliedIndex() < node.committedIndex()
                    || other.state().compactionPending()
                    || !other.state().leases().isEmpty()
                    || other.state().revision() != node.state().revision()
                    || machine.watched != node.state().revision()) {
                return false;
            }
        }
        for (Member member : node.state().members()) {
            KvHash other = machine(member.id()).life().node().hashKv(0);
            if (hash != null && !hash.equals(other)) {
                throw new Violation("members differ at the end: " + hash + ", " + other);
            }
            hash = other;
        }
        return true;
    }

    Machine machine(long id) {
        for (Machine machine : machines) {
            if (machine.id() == id) {
                return machine;
            }
        }
        return null;
    }

    private String states() {
        StringBuilder text = new StringBuilder();
        for (Machine machine : machines) {
            text.append(machine.name());
            if (machine.isUp()) {
                Node node = machine.life().node();
                text.append(
                        " %x: term %d, leader %x, commit %d, applied %d, log to %d, members %s"
                                .formatted(
                                        machine.id(),
                                        node.term(),
                                        node.leader(),
                                        node.committedIndex(),
                                        node.appliedIndex(),
                                        machine.life().log().lastIndex(),
                                        node.state().members().stream()
                                                .map(m ->
                                                        Long.toHexString(m.id())
                                                                + (m.learner() ? " learner" : ""))
                                                .toList()));
            } else {
                text.append(" is down");
            }
            text.append('\n');
        }
        return text.toString();
    }
}
