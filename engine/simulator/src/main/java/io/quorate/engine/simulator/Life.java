package io.quorate.engine.simulator;

import io.quorate.engine.metrics.MetricRegistry;
import io.quorate.engine.node.ClusterSettings;
import io.quorate.engine.node.Loop;
import io.quorate.engine.node.Node;
import io.quorate.engine.node.NodeConfig;
import io.quorate.engine.node.NodeListener;
import io.quorate.engine.node.NodeRuntime;
import io.quorate.engine.node.Ticker;
import io.quorate.engine.node.Workers;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.random.RandomGenerator;

/**
 * One life of a member, from its start to its crash: the real replica, whose clock, ticks and loops
 * the simulation moves.
 */
final class Life implements NodeListener, Workers {
    private static final long MICRO = 1_000;
    private static final int STARVED = 8;
    private static final long EPOCH_SECONDS = 1_700_000_000;

    private final World world;
    private final Machine machine;
    private final int number;
    private final RandomGenerator random;
    private final SimulatedLog log;
    private final SimulatedStore store;
    private final List<Runner> runners = new ArrayList<>();
    private final long born;
    private final double speed;
    private final Node node;
    private long jumped;
    private Instant wall;
    private long pausedUntil;
    // 0 for not at all.
    private long pauseInRound;
    private boolean over;
    private long slowUntil;
    private long starvedUntil;

    // Snapshots on their way into it. Meanwhile its log is not what it has committed.
    int installs;

    // What the judge knows of this life.
    long term;
    long commit;
    long checked;
    long applied;
    long termLed;
    long termLeading;
    final TreeSet<Long> membershipChanges = new TreeSet<>();

    Life(World world, Machine machine, int number, NodeConfig config, ClusterSettings settings) {
        this.world = world;
        this.machine = machine;
        this.number = number;
        this.random = world.random();
        this.born = world.timeline().now();
        this.speed = 0.95 + random.nextDouble() / 10;
        machine.disk().mount(this);
        this.log = new SimulatedLog(machine.disk(), this, world.judge());
        this.store = new SimulatedStore(machine.disk());
        world.judge().begins(this);
        this.wall = Instant.ofEpochSecond(EPOCH_SECONDS + random.nextInt(7200)).plusNanos(born);
        this.node =
                Node.start(
                        config,
                        settings,
                        log,
                        store,
                        new MetricRegistry(),
                        this,
                        new NodeRuntime(this::nanoTime, this::wallClock, this::tick, random, this));
        this.term = node.term();
        world.watches().open(this);
        wake();
    }

    Node node() {
        return node;
    }

    SimulatedLog log() {
        return log;
    }

    SimulatedStore store() {
        return store;
    }

    Machine machine() {
        return machine;
    }

    boolean isOver() {
        return over;
    }

    void end() {
        over = true;
    }

    // ---- time

    /** The member's own monotonic clock, which does not run as others do. */
    long nanoTime() {
        return (long) ((world.timeline().now() - born) * speed) + jumped;
    }

    void jump(long nanos) {
        jumped += nanos;
        world.clockJumped(nanos);
    }

    private Instant wallClock() {
        return wall.plusNanos(world.timeline().now() - born);
    }

    /** Somebody sets the time of day; nothing that lasts may notice. */
    void stepWall(long seconds) {
        wall = wall.plusSeconds(seconds);
    }

    boolean isPaused() {
        return world.timeline().now() < pausedUntil;
    }

    /** Nothing of the member runs before then; what comes meanwhile waits. */
    void pause(long nanos) {
        pausedUntil = Math.max(pausedUntil, world.timeline().now() + nanos);
    }

    /** Pauses when it has asked the others for its next reads: their answers find it paused. */
    void pauseInNextRound(long nanos) {
        pauseInRound = nanos;
    }

    /** It asks another member whether it still leads. */
    void asksForReads() {
        if (pauseInRound > 0) {
            world.timeline().after(0, new Pause(this, pauseInRound));
            pauseInRound = 0;
        }
    }

    private record Pause(Life life, long nanos) implements Timeline.Action {
        @Override
        public void run() {
            life.pause(nanos);
        }

        @Override
        public String toString() {
            return life + ": pauses while answers are on their way";
        }
    }

    /**
     * When the last pause is over for what comes from there. What came over one connection stays in
     * order, with what comes later too; one connection is read sooner than another.
     */
    long resumesFor(long source) {
        long mixed = (source ^ pausedUntil) * 0x9e3779b97f4a7c15L;
        return pausedUntil + (source == 0 ? 0 : (mixed >>> 40) % world.settings().backlogNanos());
    }

    /** Its loops get less of the processor for a while. */
    void slowDown(long nanos) {
        slowUntil = world.timeline().now() + nanos;
    }

    /** Its timer hardly gets the processor for a while; all else goes on. */
    void starveTicks(long nanos) {
        starvedUntil = world.timeline().now() + nanos;
    }

    private Ticker.Handle tick(Duration period, Runnable tick) {
        Ticking ticking = new Ticking(this, (long) (period.toNanos() / speed), tick);
        ticking.next();
        return ticking;
    }

    private static final class Ticking implements Timeline.Action, Ticker.Handle {
        private final Life life;
        private final long period;
        private final Runnable tick;
        private boolean closed;

        private Ticking(Life life, long period, Runnable tick) {
            this.life = life;
            this.period = period;
            this.tick = tick;
        }

        private void next() {
            boolean starved = life.world.timeline().now() < life.starvedUntil;
            life.world.timeline().after(starved ? STARVED * period : period, life, this);
        }

        @Override
        public void run() {
            if (!closed) {
                tick.run();
                next();
            }
        }

        @Override
        public void close() {
            closed = true;
        }

        @Override
        public String toString() {
            return life + ": tick";
        }
    }

    // ---- work

    @Override
    public Worker start(String name, Loop loop) {
        Runner runner = new Runner(this, name.substring(0, name.indexOf('-')), loop);
        runners.add(runner);
        return runner;
    }

    @Override
    public void execute(String name, Runnable task) {
        executeAfter(0, name, task);
    }

    @Override
    public void executeAfter(long nanos, String name, Runnable task) {
        world.timeline().after(nanos + delay(), this, new Task(this, name, task));
    }

    /** Plans a turn of each loop that has something to do. */
    void wake() {
        for (int i = 0; i < runners.size(); i++) {
            runners.get(i).wake();
        }
    }

    long delay() {
        boolean slow = world.timeline().now() < slowUntil;
        return 5 * MICRO + random.nextLong(slow ? 100_000 * MICRO : 60 * MICRO);
    }

    private static final class Runner implements Timeline.Action, Worker {
        private final Life life;
        private final String name;
        private final Loop loop;
        private boolean planned;
        private boolean begun;
        private boolean inTurn;
        private boolean ended;

        private Runner(Life life, String name, Loop loop) {
            this.life = life;
            this.name = name;
            this.loop = loop;
            planned = true;
            loop.onWork(this::brought);
            life.world.timeline().after(life.delay(), life, this);
        }

        /**
         * Somebody brought work, perhaps from inside a turn of another loop: he may take the turn
         * himself, as threads do (ADR 13).
         */
        private void brought() {
            if (!begun || inTurn || ended || life.over || life.isPaused()) {
                return;
            }
            int percent = life.world.settings().sharedTurnPercent();
            if (loop.mayTurnAnywhere() && life.random.nextInt(100) < percent) {
                turn();
                // What came up for the others meanwhile.
                life.wake();
            }
        }

        private void wake() {
            if (!planned && !ended && loop.hasWork()) {
                planned = true;
                life.world.timeline().after(life.delay(), life, this);
            }
        }

        @Override
        public void run() {
            planned = false;
            if (!ended) {
                turn();
            }
        }

        private void turn() {
            begun = true;
            inTurn = true;
            ended = !loop.turn();
            inTurn = false;
            long led = life.termLed;
            try {
                life.world.judge().observe(life);
            } catch (Violation violation) {
                throw life.world.found(violation);
            }
            if (life.termLed != led) {
                life.world.nemesis().elected(life.machine);
            }
        }

        @Override
        public void join() {
            while (!ended && !inTurn) {
                ended = !loop.turn();
            }
        }

        @Override
        public String toString() {
            return life + ": turn of " + name;
        }
    }

    private record Task(Life life, String name, Runnable task) implements Timeline.Action {
        @Override
        public void run() {
            task.run();
        }

        @Override
        public String toString() {
            return life + ": " + name;
        }
    }

    // ---- the end

    @Override
    public void failed(Throwable cause) {
        throw world.found(new Violation(this + " failed by itself: " + cause, cause));
    }

    @Override
    public void removed() {
        world.retire(machine);
    }

    @Override
    public String toString() {
        return machine.name() + number;
    }
}
