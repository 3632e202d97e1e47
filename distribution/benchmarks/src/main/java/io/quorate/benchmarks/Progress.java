package io.quorate.benchmarks;

import java.io.PrintStream;
import java.util.Locale;

/**
 * A bar on the terminal that shows how much of the expected time is over; where there is no
 * terminal, a line for each part. Parts are begun by one thread.
 */
final class Progress implements AutoCloseable {
    private static final int WIDTH = 30;
    private static final long REPAINT_MILLIS = 500;

    private final PrintStream out;
    private final boolean terminal;
    private final double totalSeconds;
    private final double mostSeconds;
    private final long beganNanos = System.nanoTime();
    private double doneSeconds;
    private double partSeconds;
    private long partBeganNanos = beganNanos;
    private String text = "";
    private boolean closed;

    /**
     * @param totalSeconds what all parts are expected to take
     * @param mostSeconds after which those that are left will be skipped
     */
    Progress(PrintStream out, boolean terminal, double totalSeconds, double mostSeconds) {
        this.mostSeconds = mostSeconds;
        this.out = out;
        this.terminal = terminal;
        this.totalSeconds = totalSeconds;
        if (terminal) Thread.ofVirtual().start(this::repaint);
    }

    /** On standard error, where it does not mix with the results. */
    static Progress of(double totalSeconds, double mostSeconds) {
        boolean terminal = System.console() != null && System.console().isTerminal();
        return new Progress(System.err, terminal, totalSeconds, mostSeconds);
    }

    /** Ends the part before, and begins one that is expected to take so long. */
    synchronized void begin(double seconds, String text) {
        doneSeconds += partSeconds;
        partSeconds = seconds;
        partBeganNanos = System.nanoTime();
        this.text = text;
        if (terminal) paint();
        else out.println(line());
    }

    /** Parts that will not be begun. */
    synchronized void skip(double seconds) {
        doneSeconds += seconds;
    }

    private void repaint() {
        while (paintUnlessClosed()) Pause.millis(REPAINT_MILLIS);
    }

    private synchronized boolean paintUnlessClosed() {
        if (!closed) paint();
        return !closed;
    }

    private void paint() {
        // "Erase to the end of the line": the text before may have been longer.
        out.print("\r" + line() + "\u001b[K");
        out.flush();
    }

    /** The share that is over: a part that takes longer than expected stands still. */
    private double share(long now) {
        double part = Math.min(partSeconds, (now - partBeganNanos) / 1e9);
        return Math.clamp((doneSeconds + part) / Math.max(totalSeconds, 1e-9), 0, 1);
    }

    private String line() {
        long now = System.nanoTime();
        double share = share(now);
        int full = (int) (share * WIDTH);
        double elapsed = (now - beganNanos) / 1e9;
        double left = totalSeconds - doneSeconds - (now - partBeganNanos) / 1e9;
        left = Math.max(0, Math.min(left, mostSeconds - elapsed));
        return String.format(
                Locale.ROOT,
                "[%s%s] %3.0f %% %s, %s left: %s",
                "#".repeat(full),
                "-".repeat(WIDTH - full),
                share * 100,
                time(elapsed),
                time(left),
                text);
    }

    private static String time(double seconds) {
        long whole = Math.round(seconds);
        return String.format(Locale.ROOT, "%d:%02d", whole / 60, whole % 60);
    }

    @Override
    public synchronized void close() {
        closed = true;
        if (terminal) out.print("\r\u001b[K");
    }
}
