package io.quorate.engine.simulator;

import io.quorate.backend.file.FileStorageProvider;
import io.quorate.spi.storage.LogEntry;
import io.quorate.spi.storage.RaftLog;
import io.quorate.spi.storage.StorageException;
import io.quorate.spi.storage.tck.SimulatedDisk;
import io.quorate.spi.storage.tck.StorageTesting;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletionException;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.random.RandomGenerator;

/**
 * The same clusters over logs in files: each crash cuts the power in the middle of a write, at any
 * call to the disk and with torn sectors, and what the file log makes of it is what the member goes
 * on with. The log has threads of its own, so a seed repeats the run but for the place of the cut.
 */
class FileLogTest {
    private static final int SEEDS = Integer.getInteger("simulator.fileSeeds", 3);
    private static final long FIRST =
            Long.getLong("simulator.seed", new Random().nextLong() >>> 16);
    private static final long EVENTS = Long.getLong("simulator.events", 6_000);

    // Kept, or the level would be collected with it.
    private static final Logger LOGGER = Logger.getLogger("io.quorate");

    private static int cuts;

    @BeforeAll
    static void silence() {
        LOGGER.setLevel(Level.OFF);
    }

    @Test
    @Tag("T1")
    @Tag("T2")
    @Tag("T22")
    void clustersOverTornFilesKeepAllPromises() {
        // A crash hits a write in one world and not in another.
        for (long seed = FIRST; seed < FIRST + SEEDS || cuts < 3; seed++) {
            try {
                new World(seed, (machine, random) -> new FilePlatter(random)).run(EVENTS);
            } catch (AssertionError e) {
                throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
            }
        }
        System.out.println("simulator: " + cuts + " writes to file logs cut by a crash");
    }

    /** A file log on a disk that loses power. */
    private static final class FilePlatter implements Platter {
        private static final int CALLS_OF_A_WRITE = 2;

        private final RandomGenerator random;
        private SimulatedDisk disk = new SimulatedDisk();
        private RaftLog log;

        private FilePlatter(RandomGenerator random) {
            this.random = random;
            this.log = open();
        }

        private RaftLog open() {
            return new FileStorageProvider()
                    .openLog(
                            StorageTesting.env(Path.of("log"))
                                    .on(disk)
                                    .with("segment-bytes", "65536"));
        }

        @Override
        public void write(LogImage.Op op) {
            switch (op) {
                case LogImage.Initialize(var identity) -> log.initialize(identity);
                case LogImage.Append(var entries, var hardState) ->
                        log.append(entries, hardState).join();
                case LogImage.Compact(long index) -> log.compact(index);
                case LogImage.Reset(long index, long term) -> log.reset(index, term);
            }
        }

        @Override
        public LogImage crash(List<LogImage.Op> writing) {
            disk.powerOffAfter(random.nextInt(CALLS_OF_A_WRITE * writing.size() + 1));
            try {
                writing.forEach(this::write);
            } catch (StorageException | CompletionException cut) {
                cuts++;
            }
            SimulatedDisk after = disk.crash(new Random(random.nextLong()));
            try {
                log.close();
            } catch (StorageException off) {
                // Nobody is there to hear it.
            }
            disk = after;
            log = open();
            return image();
        }

        private LogImage image() {
            LogImage image = new LogImage();
            image.identity = log.identity();
            image.baseIndex = log.baseIndex();
            image.baseTerm = log.baseTerm();
            image.hardState = log.hardState();
            if (log.lastIndex() > log.baseIndex()) {
                List<LogEntry> entries =
                        log.read(log.baseIndex() + 1, log.lastIndex() + 1, Long.MAX_VALUE);
                image.entries.addAll(entries);
            }
            return image;
        }
    }
}
