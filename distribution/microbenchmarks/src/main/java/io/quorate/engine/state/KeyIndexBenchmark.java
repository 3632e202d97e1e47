package io.quorate.engine.state;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/** The index of keys in memory: every read and every write of the store passes through it. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class KeyIndexBenchmark {
    /** Commands between two frozen trees, as under load: readers see the effects batch by batch. */
    private static final int BATCH = 64;

    private static final int RANGE = 1_000;

    @Param({"10000", "1000000"})
    public int keys;

    private final KeyIndex index = new KeyIndex();
    private final SplittableRandom random = new SplittableRandom(7);
    private byte[][] all;
    private KeyIndex.Node frozen;
    private long revision = 1;

    @Setup
    public void fill() {
        all = new byte[keys][];
        for (int i = 0; i < keys; i++) {
            all[i] = String.format("%016d", i).getBytes(StandardCharsets.US_ASCII);
            put(all[i]);
        }
        frozen = index.freeze();
    }

    private void put(byte[] key) {
        long main = ++revision;
        // History is left out, or the heap would grow without end.
        index.put(key, newest -> new IndexEntry(key, main, 0, false, main, 1, 0, null, null));
    }

    @Benchmark
    public Object get() {
        return KeyIndex.get(frozen, all[random.nextInt(keys)]);
    }

    @Benchmark
    public Object putOverwrites() {
        put(all[random.nextInt(keys)]);
        return revision % BATCH == 0 ? index.freeze() : index;
    }

    @Benchmark
    public int countOfRange() {
        int from = random.nextInt(keys - RANGE);
        return KeyIndex.count(frozen, all[from], all[from + RANGE]);
    }

    @Benchmark
    public int scanOfRange() {
        int from = random.nextInt(keys - RANGE);
        int[] seen = new int[1];
        KeyIndex.ascend(frozen, all[from], all[from + RANGE], newest -> ++seen[0] > 0);
        return seen[0];
    }
}
