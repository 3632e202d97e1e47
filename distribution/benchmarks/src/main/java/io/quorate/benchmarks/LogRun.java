package io.quorate.benchmarks;

import io.quorate.spi.storage.HardState;
import io.quorate.spi.storage.LogEntry;
import io.quorate.spi.storage.RaftLog;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.CompletableFuture;

/**
 * A Raft log alone, beside the least that the machine needs for the same bytes: pwrite and
 * fdatasync in C, into zeros. Both take turns in every round, as the disk's speed changes by the
 * minute.
 */
final class LogRun {
    private static final int[] BATCHES = {1, 10, 100};

    /** Appends under way at any time, and the entries of each; the raft loop appends batches. */
    private static final int[][] PROPOSERS = {
        {1, 1}, {10, 1}, {100, 1}, {1000, 1}, {4, 25}, {4, 250}, {10, 100}
    };

    /** Few, so that both have the same disk in a round, whatever else happens on the machine. */
    private static final int APPENDS = 200;

    private static final int GROUPED = 1_500;
    private static final int KEEP = 20_000;

    /** About what a record of ours has beside its payload. */
    private static final int RECORD_BYTES = 36;

    private final StorageOptions options;
    private final Measured measured = new Measured();
    private final byte[] payload;

    private LogRun(StorageOptions options) {
        this.options = options;
        payload = new byte[options.valueBytes()];
        new Random(7).nextBytes(payload);
    }

    static Measured run(StorageOptions options) throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory(options.directory(), "log-");
        try {
            return new LogRun(options).measure(folder);
        } finally {
            ServerProcess.delete(folder);
        }
    }

    private Measured measure(Path folder) throws IOException, InterruptedException {
        Optional<Path> floor = compiledFloor(folder);
        Path directory = Files.createDirectory(folder.resolve("log"));
        try (var storage = BenchedStorage.named(options.backend(), options.settings(), directory)) {
            measure(storage, folder, floor);
            long begin = System.nanoTime();
            RaftLog log = storage.openLog();
            measured.addMillis("open ms", begin);
            measured.addMebibytes("disk MiB", BenchedStorage.bytes(directory));
            log.close();
        }
        return measured;
    }

    private void measure(BenchedStorage storage, Path folder, Optional<Path> floor)
            throws IOException, InterruptedException {
        long begin = System.nanoTime();
        RaftLog log = storage.openLog();
        log.append(entries(1, 1), new HardState(1, 0, 0)).join();
        measured.addMillis("open and first append ms", begin);
        appendInTurn(log, 100, GROUPED); // the compilers, and segments of full size
        if (floor.isPresent()) floor(floor.get(), folder, 1); // makes its file
        for (int batch : BATCHES) {
            List<Double> ratios = new ArrayList<>();
            long best = Long.MAX_VALUE;
            long bestFloor = Long.MAX_VALUE;
            for (int round = 0; round < options.rounds(); round++) {
                long ours = appendInTurn(log, batch, APPENDS);
                best = Math.min(best, ours);
                if (floor.isEmpty()) continue;
                long theirs = floor(floor.get(), folder, batch).quantile(0.5);
                bestFloor = Math.min(bestFloor, theirs);
                ratios.add((double) theirs / ours);
            }
            measured.add("batch " + batch + " p50 us", best / 1e3);
            if (ratios.isEmpty()) continue;
            measured.add("batch " + batch + " C floor p50 us", bestFloor / 1e3);
            measured.add("batch " + batch + " floor/ours best", (double) bestFloor / best);
            measured.add("batch " + batch + " floor/ours median", median(ratios));
        }
        for (int[] load : PROPOSERS) group(storage, log, load[0], load[1], floor, folder);
        log.close();
    }

    /** The median time of an append that waits for its fsync. */
    private long appendInTurn(RaftLog log, int batch, int count) {
        Histogram latencies = new Histogram();
        for (int i = 0; i < count; i++) {
            List<LogEntry> entries = entries(log.lastIndex() + 1, batch);
            long sent = System.nanoTime();
            log.append(entries, null).join();
            latencies.record(System.nanoTime() - sent);
            trim(log);
        }
        return latencies.quantile(0.5);
    }

    /**
     * So many proposals under way at any time, each an append of its own: what group commit makes
     * of it. A force of ours, with all that lies between two of them, stands beside pwrite and
     * fdatasync of as many bytes in C.
     */
    private void group(
            BenchedStorage storage,
            RaftLog log,
            int proposers,
            int batch,
            Optional<Path> floor,
            Path folder)
            throws IOException, InterruptedException {
        List<Double> rates = new ArrayList<>();
        List<Double> groups = new ArrayList<>();
        List<Double> inDisk = new ArrayList<>();
        List<Double> ratios = new ArrayList<>();
        int appends = GROUPED * Math.min(proposers, 40) / batch + 200;
        int count = appends * batch;
        for (int round = 0; round < options.rounds(); round++) {
            long forcesBefore = storage.logForces();
            long nanosBefore = storage.logNanos();
            long begin = System.nanoTime();
            propose(log, proposers, batch, appends);
            double nanos = System.nanoTime() - begin;
            double forces = storage.logForces() - forcesBefore;
            rates.add(count / nanos * 1e9);
            groups.add(count / forces);
            inDisk.add((storage.logNanos() - nanosBefore) / nanos);
            if (floor.isEmpty()) continue;
            double theirs = floor(floor.get(), folder, (int) Math.round(count / forces)).mean();
            ratios.add(theirs / (nanos / forces));
        }
        String name = proposers + " x " + batch;
        measured.add(name + " entries/s", median(rates));
        measured.add(name + " entries a force", median(groups));
        measured.add(name + " share of time in write and fsync", median(inDisk));
        if (!ratios.isEmpty()) measured.add(name + " floor/ours", median(ratios));
    }

    private void propose(RaftLog log, int proposers, int batch, int appends) {
        Queue<CompletableFuture<Void>> underWay = new ArrayDeque<>(proposers);
        long next = log.lastIndex() + 1;
        for (int i = 0; i < appends; i++) {
            if (underWay.size() == proposers) underWay.remove().join();
            underWay.add(log.append(entries(next, batch), null));
            next += batch;
            if (i % 64 == 0) trim(log);
        }
        underWay.forEach(CompletableFuture::join);
    }

    private static double median(List<Double> values) {
        return values.stream().sorted().skip(values.size() / 2).findFirst().orElseThrow();
    }

    private static void trim(RaftLog log) {
        long durable = log.durableIndex();
        if (durable - log.baseIndex() < 2 * KEEP) return;
        log.append(List.of(), new HardState(1, 0, durable)).join();
        log.compact(durable - KEEP);
    }

    private List<LogEntry> entries(long from, int count) {
        List<LogEntry> entries = new ArrayList<>(count);
        for (long i = from; i < from + count; i++) entries.add(new LogEntry(i, 1, 0, payload));
        return entries;
    }

    private static Optional<Path> compiledFloor(Path folder)
            throws IOException, InterruptedException {
        Path source = folder.resolve("fdatasync_floor.c");
        try (var text = LogRun.class.getResourceAsStream("fdatasync_floor.c")) {
            Files.copy(text, source);
        }
        Path program = folder.resolve("fdatasync_floor");
        try {
            Process compiler =
                    new ProcessBuilder("cc", "-O2", "-o", program.toString(), source.toString())
                            .inheritIO()
                            .start();
            if (compiler.waitFor() == 0) return Optional.of(program);
        } catch (IOException e) {
            System.err.println("no C compiler (" + e.getMessage() + "): without the floor");
        }
        return Optional.empty();
    }

    private Histogram floor(Path program, Path folder, int batch)
            throws IOException, InterruptedException {
        int bytes = batch * (options.valueBytes() + RECORD_BYTES);
        Process process =
                new ProcessBuilder(
                                program.toString(),
                                folder.resolve("floor").toString(),
                                Integer.toString(bytes),
                                Integer.toString(APPENDS))
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        Histogram latencies = new Histogram();
        try (var lines = process.inputReader(StandardCharsets.US_ASCII)) {
            lines.lines().forEach(line -> latencies.record(Long.parseLong(line)));
        }
        if (process.waitFor() != 0) throw new IOException("the C floor failed");
        return latencies;
    }
}
