package io.quorate.ctl;

import io.quorate.cli.Terminal;

import java.math.BigDecimal;
import java.math.RoundingMode;

/** How far a long check is, on one line of standard error that is written over. */
final class ProgressBar {
    private static final int WIDTH = 60;

    private final Terminal terminal;
    private final long total;
    private final long startNanos = System.nanoTime();
    private long done;
    private int shown = -1;

    /** A bar that is full after {@code total} steps. */
    ProgressBar(Terminal terminal, long total) {
        this.terminal = terminal;
        this.total = total;
        show();
    }

    /** One step more; redraws when that can be seen. */
    synchronized void step() {
        done++;
        show();
    }

    private void show() {
        int permille = (int) (done * 1000 / total);
        if (permille == shown) return;
        shown = permille;
        int filled = (int) (done * WIDTH / total);
        String head = filled == 0 || filled == WIDTH ? "" : ">";
        String bar =
                "-".repeat(Math.max(0, filled - head.length())) + head + "_".repeat(WIDTH - filled);
        terminal.progress(
                "\r" + done + " / " + total + " [" + bar + "] " + percent() + "% " + speed());
    }

    private String percent() {
        return BigDecimal.valueOf(done * 100)
                .divide(BigDecimal.valueOf(total), 2, RoundingMode.HALF_UP)
                .toPlainString();
    }

    private String speed() {
        double seconds = (System.nanoTime() - startNanos) / 1e9;
        return done == 0 || seconds == 0 ? "? p/s" : Math.round(done / seconds) + " p/s";
    }

    /** Leaves the bar's line. */
    synchronized void finish() {
        terminal.progress("\n");
    }
}
