package io.quorate.backend.file;

import io.quorate.spi.storage.HardState;
import io.quorate.spi.storage.Identity;
import io.quorate.spi.storage.LogEntry;

import java.util.List;
import java.util.concurrent.CompletableFuture;

/** One append or one control record on its way to disk. */
final class WalUnit {
    private static final long[] NO_VALUES = {};

    final List<LogEntry> entries;
    final HardState hardState; // or null
    final byte controlKind; // or 0
    final long[] control;
    final long bytes;
    final Before before;
    final LogIndex.Suffix replaced; // or null
    final CompletableFuture<Void> future = new CompletableFuture<>();

    /** What the log said before, to take the unit back. */
    record Before(LogIndex index, HardState hardState, Identity identity) {}

    private WalUnit(
            List<LogEntry> entries,
            HardState hardState,
            byte controlKind,
            long[] control,
            long bytes,
            Before before,
            LogIndex.Suffix replaced) {
        this.entries = entries;
        this.hardState = hardState;
        this.controlKind = controlKind;
        this.control = control;
        this.bytes = bytes;
        this.before = before;
        this.replaced = replaced;
    }

    /**
     * @param bytes of {@link #bytes(List, HardState)}
     */
    static WalUnit append(
            List<LogEntry> entries,
            HardState hardStateOrNull,
            long bytes,
            Before before,
            LogIndex.Suffix replacedOrNull) {
        return new WalUnit(
                entries, hardStateOrNull, (byte) 0, NO_VALUES, bytes, before, replacedOrNull);
    }

    static WalUnit control(byte kind, Before before, long... values) {
        long bytes = WalFormat.controlBytes(values.length);
        return new WalUnit(List.of(), null, kind, values, bytes, before, null);
    }

    /** Bytes in the file. */
    static long bytes(List<LogEntry> entries, HardState hardStateOrNull) {
        long sum = hardStateOrNull == null ? 0 : WalFormat.controlBytes(3);
        for (LogEntry entry : entries) {
            sum += WalFormat.recordBytes((long) WalFormat.ENTRY_PREFIX_BYTES + entry.data().length);
        }
        return sum;
    }

    /** Whether entries that are durable without it may no longer be there after it. */
    boolean lowersDurable() {
        return replaced != null || controlKind == WalFormat.RESET;
    }

    int records() {
        return entries.size() + (hardState == null ? 0 : 1) + (controlKind == 0 ? 0 : 1);
    }
}
