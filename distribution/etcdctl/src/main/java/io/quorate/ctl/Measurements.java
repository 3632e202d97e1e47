package io.quorate.ctl;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** How long calls took and how they failed; used by many threads. */
final class Measurements {
    private final long startNanos = System.nanoTime();
    private final List<Double> seconds = new ArrayList<>();
    private final Map<String, Integer> failures = new TreeMap<>();

    synchronized void succeeded(double tookSeconds) {
        seconds.add(tookSeconds);
    }

    synchronized void failed(String reason) {
        failures.merge(reason, 1, Integer::sum);
    }

    /**
     * What came of it.
     *
     * @param perSecond successful calls a second, over the whole time
     * @param slowest seconds of the slowest; 0 without any
     * @param deviation standard deviation in seconds
     * @param failures how often each reason was given
     */
    record Summary(
            double perSecond, double slowest, double deviation, Map<String, Integer> failures) {}

    synchronized Summary summary() {
        double total = (System.nanoTime() - startNanos) / 1e9;
        double sum = 0;
        double slowest = 0;
        for (double took : seconds) {
            sum += took;
            slowest = Math.max(slowest, took);
        }
        double average = seconds.isEmpty() ? 0 : sum / seconds.size();
        double squares = 0;
        for (double took : seconds) squares += (took - average) * (took - average);
        double deviation = seconds.isEmpty() ? 0 : Math.sqrt(squares / seconds.size());
        return new Summary(seconds.size() / total, slowest, deviation, new TreeMap<>(failures));
    }
}
