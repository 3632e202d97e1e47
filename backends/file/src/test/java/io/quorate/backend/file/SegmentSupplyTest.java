package io.quorate.backend.file;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.spi.storage.FileIo;
import io.quorate.spi.storage.HardState;
import io.quorate.spi.storage.LogEntry;
import io.quorate.spi.storage.RaftLog;
import io.quorate.spi.storage.StorageException;
import io.quorate.spi.storage.tck.StorageTesting;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;

/** How the segments of a log grow, and that a restart takes them as they are. */
class SegmentSupplyTest {
    private static final Map<String, String> SETTINGS =
            Map.of("segment-bytes", "64KiB", "cache-bytes", "0");

    @TempDir private Path directory;

    @Test
    void newLogOfDefaultSettingsTakesFewMegabytes() throws IOException {
        try (RaftLog log = open(Map.of())) {
            log.append(List.of(entry(1, 100)), null).join();
        }
        assertEquals(List.of(1L << 20, 4L << 20), sizes());
    }

    @Test
    @Timeout(60)
    void anErrorWhileASegmentIsMadeReachesWhoWaitsForIt() throws IOException {
        FileIo broken =
                (FileIo)
                        Proxy.newProxyInstance(
                                FileIo.class.getClassLoader(),
                                new Class<?>[] {FileIo.class},
                                (proxy, method, arguments) -> {
                                    if (method.getName().equals("exists")) return false;
                                    throw new OutOfMemoryError(method.getName());
                                });
        List<StorageException> reported = new CopyOnWriteArrayList<>();
        SegmentSupply supply = new SegmentSupply(broken, directory, 1024, 0, 1, reported::add);
        StorageException.Fatal told =
                assertThrows(StorageException.Fatal.class, () -> supply.take(100));
        assertInstanceOf(OutOfMemoryError.class, told.getCause());
        supply.close();
        assertEquals(List.of(told), reported);
    }

    @Test
    void segmentsGrowToTheConfiguredSizeAndStayThere() throws IOException {
        try (RaftLog log = open(SETTINGS)) {
            appendTo(log, 400, 500);
        }
        assertEquals(List.of(1L << 10, 4L << 10, 16L << 10, 64L << 10), sizes().subList(0, 4));
        assertEquals(64L << 10, new TreeSet<>(sizes()).last());
    }

    @Test
    void everySizeIsReadBackAndGrowthGoesOnAfterARestart() throws IOException {
        for (int last = 1; last <= 120; last += 7) {
            try (RaftLog log = open(SETTINGS)) {
                appendTo(log, last, 600);
            }
            try (RaftLog log = open(SETTINGS)) {
                List<LogEntry> found = log.read(1, log.lastIndex() + 1, Long.MAX_VALUE);
                assertEquals(log.lastIndex(), found.size());
                for (LogEntry entry : found) {
                    assertArrayEquals(payload(entry.index(), 600), entry.data());
                }
            }
        }
        assertEquals(64L << 10, new TreeSet<>(sizes()).last());
    }

    @Test
    void groupLargerThanThePreparedSegmentGetsOneThatFits() throws IOException {
        try (RaftLog log = open(SETTINGS)) {
            log.append(List.of(entry(1, 10_000)), null).join();
            log.append(List.of(entry(2, 200_000)), null).join();
            log.append(List.of(entry(3, 10)), null).join();
        }
        try (RaftLog log = open(SETTINGS)) {
            assertEquals(3, log.lastIndex());
            assertArrayEquals(
                    payload(2, 200_000), log.read(2, 3, Long.MAX_VALUE).getFirst().data());
        }
    }

    @Test
    void outgrownSegmentsAreDeletedAndFullOnesRecycled() throws IOException {
        try (RaftLog log = open(SETTINGS)) {
            for (int last = 100; last <= 1000; last += 100) {
                appendTo(log, last, 1000);
                log.append(List.of(), new HardState(1, 0, last)).join();
                log.compact(last - 10);
            }
            log.append(List.of(entry(1001, 10)), null).join();
        }
        try (RaftLog log = open(SETTINGS)) {
            assertEquals(1001, log.lastIndex());
        }
        assertTrue(sizes().stream().allMatch(size -> size == 64L << 10), sizes()::toString);
        assertTrue(sizes().size() <= 6, sizes()::toString);
    }

    private RaftLog open(Map<String, String> settings) {
        return new FileStorageProvider().openLog(StorageTesting.env(directory).with(settings));
    }

    private void appendTo(RaftLog log, int last, int bytes) {
        for (long i = log.lastIndex() + 1; i <= last; i++) {
            log.append(List.of(entry(i, bytes)), null).join();
        }
    }

    private static LogEntry entry(long index, int bytes) {
        return new LogEntry(index, 1, 0, payload(index, bytes));
    }

    private static byte[] payload(long index, int bytes) {
        byte[] data = new byte[bytes];
        new Random(index).nextBytes(data);
        return data;
    }

    /** Sizes of the segments in the order of their ids. */
    private List<Long> sizes() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> WalSegment.idOf(file) > 0)
                    .sorted()
                    .map(SegmentSupplyTest::size)
                    .toList();
        }
    }

    private static long size(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
