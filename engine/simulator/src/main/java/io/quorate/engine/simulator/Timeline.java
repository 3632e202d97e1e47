package io.quorate.engine.simulator;

import java.util.PriorityQueue;

/**
 * What is going to happen, by simulated time; what is due at the same moment happens in the order
 * in which it was planned, so that a run depends on its seed alone.
 */
final class Timeline {
    private final PriorityQueue<Event> queue = new PriorityQueue<>();
    private final Trace trace;
    private long now;
    private long planned;
    private long happened;

    Timeline(Trace trace) {
        this.trace = trace;
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
        } else if (life.resumesFor(event.action.source()) > now) {
            at(life.resumesFor(event.action.source()), life, event.action);
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

        /** Whose it is, when it comes to a member from outside; 0 for what is its own. */
        default long source() {
            return 0;
        }

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
