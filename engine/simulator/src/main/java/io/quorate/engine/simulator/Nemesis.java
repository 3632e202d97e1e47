package io.quorate.engine.simulator;

import io.quorate.engine.node.MemberIds;
import io.quorate.engine.node.Node;
import io.quorate.engine.state.Command;
import io.quorate.engine.state.Member;

import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/** Makes things go wrong, and changes the cluster meanwhile. */
final class Nemesis {
    private static final long MILLI = 1_000_000;
    private static final int MACHINES_MAX = 12;

    private final World world;
    private final RandomGenerator random;
    private boolean stopped;
    private int joined;

    Nemesis(World world) {
        this.world = world;
        this.random = world.random();
    }

    /** What may go wrong, and how often in an average world. */
    enum Fault {
        CRASH(10),
        CRASH_ALL(2),
        CRASH_LEADER(8),
        CRASH_IN_WRITE(10),
        PAUSE(8),
        PAUSE_LEADER(6),
        PAUSE_LEADER_IN_ROUND(16),
        PARTITION(10),
        ISOLATE_LEADER(8),
        ISOLATE_SLEEPY_LEADER(8),
        ONE_WAY(4),
        CLOCK_JUMP(4),
        WALL_CLOCK_STEP(4),
        DISK_STALL(6),
        SLOW_LOOPS(6),
        TRANSFER(6),
        ADD_MEMBER(3),
        ADD_LEARNER(3),
        PROMOTE(6),
        REMOVE_MEMBER(4),
        CHANGE_MANY(4),
        COMPACT(4);

        private final int weight;

        Fault(int weight) {
            this.weight = weight;
        }

        int weight() {
            return weight;
        }
    }

    void start() {
        next();
    }

    void stop() {
        stopped = true;
    }

    private void next() {
        long wait = 1 + random.nextLong(2 * world.settings().faultNanos());
        Fault fault = draw();
        world.timeline().after(wait, new Strike(this, fault));
    }

    private Fault draw() {
        Map<Fault, Integer> weights = world.settings().faults();
        int dice = random.nextInt(weights.values().stream().mapToInt(w -> w).sum());
        for (Map.Entry<Fault, Integer> weight : weights.entrySet()) {
            dice -= weight.getValue();
            if (dice < 0) {
                return weight.getKey();
            }
        }
        throw new AssertionError("weights do not add up");
    }

    private record Strike(Nemesis nemesis, Fault fault) implements Timeline.Action {
        @Override
        public void run() {
            if (!nemesis.stopped) {
                nemesis.strike(fault);
                nemesis.next();
            }
        }

        @Override
        public String toString() {
            return "---- " + fault;
        }
    }

    private long duration() {
        return (10 + random.nextInt(random.nextBoolean() ? 500 : 6000)) * MILLI;
    }

    /** Longer than it takes to elect somebody else, most likely. */
    private long longDuration() {
        return (2500 + random.nextInt(3500)) * MILLI;
    }

    private void strike(Fault fault) {
        List<Machine> up = world.machines().stream().filter(Machine::isUp).toList();
        if (up.isEmpty()) {
            return;
        }
        Machine any = up.get(random.nextInt(up.size()));
        Machine leader = world.leader() == null ? any : world.leader();
        switch (fault) {
            case CRASH -> crash(any);
            case CRASH_LEADER -> crash(leader);
            case CRASH_IN_WRITE -> any.disk().onNextWrite(new PowerCut(this, any));
            case CRASH_ALL -> up.forEach(this::crash);
            case PAUSE -> any.life().pause(duration());
            case PAUSE_LEADER -> leader.life().pause(duration());
            case PAUSE_LEADER_IN_ROUND -> {
                // It wakes up to answers from before somebody else took over, who must be awake.
                if (up.stream().noneMatch(machine -> machine.life().isPaused())) {
                    leader.life().pauseInNextRound(longDuration());
                }
            }
            case PARTITION -> partition();
            case ISOLATE_LEADER -> isolate(leader);
            case ISOLATE_SLEEPY_LEADER -> {
                // It answers, but hardly notices how time goes by, nor that it is alone.
                leader.life().starveTicks(duration());
                isolate(leader);
            }
            case ONE_WAY -> cutUntilLater(any, up.get(random.nextInt(up.size())), false);
            case CLOCK_JUMP -> any.life().jump(duration() * (1 + random.nextInt(20)));
            case WALL_CLOCK_STEP -> any.life().stepWall(random.nextInt(-86_400, 86_400));
            case DISK_STALL -> any.disk().stall(duration());
            case SLOW_LOOPS -> any.life().slowDown(duration());
            case TRANSFER -> leader.life().node().moveLeader(any.id());
            case ADD_MEMBER -> add(any, false);
            case ADD_LEARNER -> add(any, true);
            case PROMOTE -> promote(leader);
            case REMOVE_MEMBER -> remove(any);
            case CHANGE_MANY -> {
                for (int i = random.nextInt(4); i >= 0; i--) {
                    if (random.nextBoolean()) {
                        add(leader, false);
                    } else {
                        remove(leader);
                    }
                }
            }
            case COMPACT -> compact(any);
        }
    }

    /** A new leader finds the disks of the others busy, so that it leads before it commits. */
    void elected(Machine leader) {
        if (stopped || random.nextInt(100) >= world.settings().busyElectionPercent()) {
            return;
        }
        for (Machine other : world.machines()) {
            if (other != leader && other.isUp()) {
                other.disk().stall((50 + random.nextInt(800)) * MILLI);
            }
        }
    }

    private void crash(Machine machine) {
        machine.crash();
        world.timeline().after(duration(), new Restart(machine));
    }

    private record PowerCut(Nemesis nemesis, Machine machine) implements Timeline.Action {
        @Override
        public void run() {
            if (!nemesis.stopped) {
                nemesis.crash(machine);
            }
        }

        @Override
        public String toString() {
            return machine.name() + ": the power fails in a write";
        }
    }

    private record Restart(Machine machine) implements Timeline.Action {
        @Override
        public void run() {
            if (!machine.isUp() && !machine.isRetired()) {
                machine.start();
            }
        }

        @Override
        public String toString() {
            return machine.name() + ": starts";
        }
    }

    private void partition() {
        world.network().mend();
        List<Machine> machines = world.machines();
        boolean[] side = new boolean[machines.size()];
        for (int i = 0; i < side.length; i++) {
            side[i] = random.nextBoolean();
        }
        for (int i = 0; i < side.length; i++) {
            for (int j = 0; j < side.length; j++) {
                if (side[i] != side[j]) {
                    world.network().cut(machines.get(i).id(), machines.get(j).id());
                }
            }
        }
        mendLater();
    }

    private void isolate(Machine victim) {
        for (Machine other : world.machines()) {
            if (other != victim) {
                world.network().cut(victim.id(), other.id());
                world.network().cut(other.id(), victim.id());
            }
        }
        mendLater();
    }

    private void cutUntilLater(Machine from, Machine to, boolean both) {
        if (from != to) {
            world.network().cut(from.id(), to.id());
            if (both) {
                world.network().cut(to.id(), from.id());
            }
            mendLater();
        }
    }

    private void mendLater() {
        world.timeline().after(duration(), new Mend(world));
    }

    private record Mend(World world) implements Timeline.Action {
        @Override
        public void run() {
            world.network().mend();
        }

        @Override
        public String toString() {
            return "---- the network is whole";
        }
    }

    private void add(Machine at, boolean learner) {
        if (world.machines().size() >= MACHINES_MAX) {
            return;
        }
        String name = "j" + ++joined;
        List<String> urls = List.of(Machine.url(name));
        long id = MemberIds.joiningMember(urls, joined);
        Node node = at.life().node();
        node.reconfigure(new Command.MemberAdd(new Member(id, "", urls, List.of(), learner)));
        world.timeline().after(duration(), new Join(world, name, id));
    }

    /** The new member starts once the cluster knows it, if it ever does. */
    private record Join(World world, String name, long id) implements Timeline.Action {
        @Override
        public void run() {
            world.join(name, id);
        }

        @Override
        public String toString() {
            return name + ": joins if it may";
        }
    }

    private void promote(Machine leader) {
        Node node = leader.life().node();
        List<Member> learners = node.state().members().stream().filter(Member::learner).toList();
        // Who does not lead would ask the leader over HTTP, which is not simulated.
        if (!learners.isEmpty() && node.leader() == node.memberId()) {
            long learner = learners.get(random.nextInt(learners.size())).id();
            node.reconfigure(new Command.MemberPromote(learner));
        }
    }

    private void remove(Machine at) {
        Node node = at.life().node();
        List<Member> members = node.state().members();
        if (members.size() > 1) {
            long victim = members.get(random.nextInt(members.size())).id();
            node.reconfigure(new Command.MemberRemove(victim));
        }
    }

    private void compact(Machine at) {
        Node node = at.life().node();
        long revision = node.state().revision() - random.nextInt(20);
        if (revision > 0) {
            node.propose(new Command.Compact(revision, false));
        }
    }
}
