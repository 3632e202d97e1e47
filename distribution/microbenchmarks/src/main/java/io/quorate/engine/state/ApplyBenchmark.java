package io.quorate.engine.state;

import io.quorate.backend.memory.MemoryStorageProvider;
import io.quorate.benchmarks.BenchedStorage;
import io.quorate.spi.storage.Applied;
import io.quorate.spi.storage.StateStore.Durability;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/** Applying a batch of puts and committing it, over a state store in memory; time of one put. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class ApplyBenchmark {
    private static final int BATCH = 64;
    private static final int KEYS = 10_000;

    private final SplittableRandom random = new SplittableRandom(7);
    private final byte[] value = new byte[256];
    private final byte[][] keys = new byte[KEYS][];
    private BenchedStorage storage;
    private StateMachine machine;
    private long index;

    /** Anew for each iteration: the history stays in memory. */
    @Setup(Level.Iteration)
    public void open() {
        for (int i = 0; i < KEYS; i++) {
            keys[i] = String.format("%016d", i).getBytes(StandardCharsets.US_ASCII);
        }
        index = 0;
        // It writes no files.
        storage = new BenchedStorage(new MemoryStorageProvider(), Map.of(), Path.of(""));
        machine = StateMachine.open(storage.openState());
    }

    @TearDown(Level.Iteration)
    public void close() {
        machine.close();
        storage.close();
    }

    @Benchmark
    @OperationsPerInvocation(BATCH)
    public Object putsOfABatch() {
        for (int i = 0; i < BATCH; i++) {
            byte[] key = keys[random.nextInt(KEYS)];
            machine.apply(
                    new Command.Put(key, value, 0, false, false, false), new Applied(++index, 1));
        }
        return machine.commit(Durability.LAZY);
    }
}
