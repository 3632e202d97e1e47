package io.quorate.backend.file;

import io.quorate.spi.storage.HardState;
import io.quorate.spi.storage.LogEntry;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The units that one write and one force carry, encoded for their place in a segment as they come,
 * which is while the force before is under way. Guarded by the lock of the log until the writer
 * takes it; then it is the writer's until {@link #clear()}.
 */
final class WalGroup {
    private static final int BYTES_MAX = 8 << 20;

    private ByteBuffer buffer = ByteBuffer.allocateDirect(16 << 10);
    private List<WalUnit> units = new ArrayList<>();
    private WalSegment segment; // null while the place is not known
    private long start;
    private long number;
    private int lastRecord; // in the buffer

    // Kept up to date by add, so that the writer need not look at each unit between two forces.
    private WalTail tail;
    private long maxIndex; // of the entries, since the last reset
    private boolean resets;
    private int lowering;

    /**
     * Gives an empty group its place.
     *
     * @param start offset in the segment
     * @param before what the units before say
     */
    void open(WalSegment segment, long start, long number, WalTail before) {
        this.segment = segment;
        this.start = start;
        this.number = number;
        tail = new WalTail(before);
        maxIndex = 0;
        resets = false;
        lowering = 0;
    }

    boolean isOpen() {
        return segment != null;
    }

    boolean isEmpty() {
        return units.isEmpty();
    }

    WalSegment segment() {
        return segment;
    }

    long start() {
        return start;
    }

    /** Offset in the segment behind the last record. */
    long end() {
        return start + buffer.position();
    }

    long number() {
        return number;
    }

    List<WalUnit> units() {
        return units;
    }

    /** What the units up to the end of this group say. */
    WalTail tail() {
        return tail;
    }

    /** Units that {@link WalUnit#lowersDurable()}. */
    int lowering() {
        return lowering;
    }

    /** After the force: tells the segments of the log, this group's among them. */
    void noteMaxIndex(Iterable<WalSegment> segments) {
        if (resets) for (WalSegment any : segments) any.maxIndex = 0;
        segment.maxIndex = Math.max(segment.maxIndex, maxIndex);
    }

    /** Bytes that are left in the segment; 0 while there is none. */
    long room() {
        return isOpen() ? segment.bytes - end() : 0;
    }

    /**
     * Whether a unit of so many bytes fits the segment, the size that a force should have, and the
     * memory that there is.
     */
    boolean takes(long bytes) {
        return isOpen()
                && bytes <= room()
                && (units.isEmpty() || buffer.position() + bytes <= BYTES_MAX)
                && hasMemory(bytes);
    }

    private boolean hasMemory(long bytes) {
        try {
            reserve(bytes);
            return true;
        } catch (OutOfMemoryError e) {
            // The writer tries again with the next group, and fails the log with what it gets.
            return false;
        }
    }

    /** The first record of a new segment. */
    void addStart(WalFormat.SegmentStart record) {
        reserve(WalFormat.SEGMENT_RECORD_BYTES);
        putControl(WalFormat.SEGMENT, true, record.longs());
    }

    /** Adds a unit that it {@link #takes} and tells the index where the entries are going to be. */
    void add(WalUnit unit, LogIndex index) {
        units.add(unit);
        tail.add(unit);
        if (unit.lowersDurable()) lowering++;
        if (unit.controlKind == WalFormat.RESET) {
            resets = true;
            maxIndex = 0;
        }
        if (!unit.entries.isEmpty()) maxIndex = Math.max(maxIndex, tail.lastIndex());
        int records = unit.records();
        for (LogEntry entry : unit.entries) {
            index.place(entry, segment, (int) end());
            putEntry(entry, --records == 0);
        }
        if (unit.hardState != null) {
            HardState state = unit.hardState;
            boolean last = --records == 0;
            putControl(WalFormat.HARD_STATE, last, state.term(), state.vote(), state.commit());
        }
        if (unit.controlKind != 0) putControl(unit.controlKind, true, unit.control);
    }

    private void putEntry(LogEntry entry, boolean endOfUnit) {
        lastRecord = buffer.position();
        WalFormat.putEntry(
                buffer,
                end(),
                segment.id,
                WalFormat.group(number, false, endOfUnit),
                entry.index(),
                entry.term(),
                entry.type(),
                entry.data());
    }

    private void putControl(byte kind, boolean endOfUnit, long... values) {
        lastRecord = buffer.position();
        long flags = WalFormat.group(number, false, endOfUnit);
        WalFormat.putControl(buffer, end(), segment.id, flags, kind, values);
    }

    /** Nothing comes any more: marks the last record as the last of its group. */
    void finish() {
        WalFormat.markEndOfGroup(buffer, lastRecord, start + lastRecord);
    }

    /** The encoded bytes, from {@link #start()} to {@link #end()}. */
    ByteBuffer bytes() {
        return buffer.duplicate().flip();
    }

    /** Forgets everything, its place too; the list of units stays with who has it. */
    void clear() {
        units = new ArrayList<>();
        segment = null;
        // One huge entry must not hold on to the memory for good.
        if (buffer.capacity() > 2 * BYTES_MAX) buffer = ByteBuffer.allocateDirect(BYTES_MAX);
        buffer.clear();
    }

    /**
     * Makes room in memory for so many bytes more.
     *
     * @throws OutOfMemoryError and then nothing has changed
     */
    void reserve(long bytes) {
        long needed = buffer.position() + bytes;
        if (needed <= buffer.capacity()) return;
        long rounded = Math.max(needed, Math.min(2L * buffer.capacity(), BYTES_MAX));
        buffer = ByteBuffer.allocateDirect((int) rounded).put(buffer.flip());
    }
}
