package io.quorate.engine.simulator;

import java.util.PriorityQueue;
import java.util.random.RandomGenerator;

/**
 * What is going to happen, by simulated time; what is due at the same moment happens in the order
 * in which it was planned, so that a run depends on its seed alone.
 */
final class Timeline {
    private static final long BACKLOG_NANOS = 3_000_000;

    private final PriorityQueue<Event> queue = new PriorityQueue<>();
    private final Trace trace;
    private final RandomGenerator random;
    private long now;
    private long planned;
    private long happened;

    Timeline(Trace trace, RandomGenerator random) {
        this.trace = trace;
        this.random = random;
    }

    /** Simulated nanoseconds since the start. */
    long now() {
        return now;
    }

    /** Events so far. */
    long happened() {
        return happened;
    }

    /** Plans something for the world at large. */
    void after(long nanos, Action action) {
        at(now + nanos, null, action);
    }

    /**
     * Plans something for one life of a member: it does not happen when the life is over, and waits
     * while it is paused.
     */
    void after(long nanos, Life life, Action action) {
        at(now + nanos, life, action);
    }

    private void at(long time, Life life, Action action) {
        queue.add(new Event(time, planned++, life, action));
    }

    /** Lets the next thing happen. */
    void step() {
        Event event = queue.remove();
        now = Math.max(now, event.time);
        Life life = event.life;
        if (life == null) {
            happen(event);
        } else if (life.pausedUntil() > now) {
            // What waited comes within moments of the end, not all at once.
            at(life.pausedUntil() + random.nextLong(BACKLOG_NANOS), life, event.action);
        } else if (!life.isOver()) {
            happen(event);
            life.wake();
        }
    }

    private void happen(Event event) {
        happened++;
        trace.add(now, event.action);
        event.action.run();
    }

    /** Something that happens. Its text is made only when a trace is printed. */
    interface Action {
        void run();

        @Override
        String toString();
    }

    private record Event(long time, long number, Life life, Action action)
            implements Comparable<Event> {
        @Override
        public int compareTo(Event other) {
            int byTime = Long.compare(time, other.time);
            return byTime != 0 ? byTime : Long.compare(number, other.number);
        }
    }
}
