package io.quorate.microbenchmarks;

import io.quorate.backend.file.FileStorageProvider;
import io.quorate.benchmarks.BenchedStorage;
import io.quorate.spi.storage.HardState;
import io.quorate.spi.storage.LogEntry;
import io.quorate.spi.storage.RaftLog;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Appends of a batch of entries to the Raft log of the plugin {@code file}, until they are durable:
 * real files, real fsync, so the disk's share is in it.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class LogAppendBenchmark {
    private static final int KEEP = 20_000;

    @Param({"1", "100"})
    public int entries;

    private final byte[] payload = new byte[300];
    private Path folder;
    private BenchedStorage storage;
    private RaftLog log;

    @Setup(Level.Trial)
    public void open() throws IOException {
        folder = Files.createTempDirectory("microbenchmark-");
        storage = new BenchedStorage(new FileStorageProvider(), Map.of(), folder);
        log = storage.openLog();
        log.append(List.of(), new HardState(1, 0, 0)).join();
    }

    @TearDown(Level.Trial)
    public void close() throws IOException {
        log.close();
        storage.close();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) Files.delete(file);
        }
    }

    @Benchmark
    public long appendDurably() {
        long last = log.lastIndex();
        List<LogEntry> batch = new ArrayList<>(entries);
        for (int i = 1; i <= entries; i++) batch.add(new LogEntry(last + i, 1, 0, payload));
        log.append(batch, null).join();
        if (last - log.baseIndex() > 2 * KEEP) log.compact(last - KEEP);
        return log.durableIndex();
    }
}
