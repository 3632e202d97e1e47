package io.quorate.engine.simulator;

import java.util.List;
import java.util.random.RandomGenerator;

/** Keeps what was written, and of what is being written when the power fails a prefix of units. */
final class PerfectPlatter implements Platter {
    private final LogImage log = new LogImage();
    private final RandomGenerator random;

    PerfectPlatter(RandomGenerator random) {
        this.random = random;
    }

    @Override
    public void write(LogImage.Op op) {
        log.apply(op);
    }

    @Override
    public LogImage crash(List<LogImage.Op> writing) {
        writing.subList(0, random.nextInt(writing.size() + 1)).forEach(log::apply);
        return new LogImage(log);
    }
}
