package io.quorate.backend.file;

import io.quorate.spi.storage.FileIo;
import io.quorate.spi.storage.HardState;
import io.quorate.spi.storage.Identity;
import io.quorate.spi.storage.StorageException;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads the segments of a directory and says what the log is.
 *
 * <ol>
 *   <li>The <em>tip</em> is the segment with the highest id whose first record is whole. Its first
 *       group was written only after everything before had been forced.
 *   <li>The <em>chain</em> goes back from the tip by the previous-segment ids. What is not in the
 *       chain is spare: released by a compaction, or prepared and never used.
 *   <li>A segment before the tip must be whole up to the end that its successor names.
 *   <li>The tip is whole up to its longest valid run, cut to whole units. A whole record of a later
 *       group behind that is {@link StorageException.Corruption} (see {@link WalFormat}); else the
 *       rest is a torn tail of writes that nobody was told about.
 * </ol>
 */
final class WalRecovery {
    private final FileIo io;
    private final Path directory;
    private final long cacheBytesMax;

    private final List<WalSegment> chain = new ArrayList<>();
    private final List<WalSegment> others = new ArrayList<>();
    private LogIndex index;
    private Identity identity;
    private HardState hardState = HardState.EMPTY;
    private long baseIndex;
    private long baseTerm;
    // The last record of the run.
    private long group;
    private boolean groupEnded = true;
    private int end;
    private boolean remnants;
    private long highestGroup;
    private ByteBuffer buffer = ByteBuffer.allocate(0);

    /**
     * What was found.
     *
     * @param chain the segments of the log, oldest first; empty for a new log
     * @param others segments that hold nothing of the log
     * @param end offset in the last segment where to go on
     * @param group number of the last group accepted, 0 for none
     * @param mustResume whether a {@link WalFormat#RESUME} record has to void a torn tail first
     * @param highestGroup the highest group number seen anywhere
     */
    record Found(
            List<WalSegment> chain,
            List<WalSegment> others,
            LogIndex index,
            Identity identity,
            HardState hardState,
            int end,
            long group,
            boolean mustResume,
            long highestGroup) {}

    private WalRecovery(FileIo io, Path directory, long cacheBytesMax) {
        this.io = io;
        this.directory = directory;
        this.cacheBytesMax = cacheBytesMax;
        index = new LogIndex(cacheBytesMax, 0, 0);
    }

    static Found recover(FileIo io, Path directory, long cacheBytesMax) throws IOException {
        WalRecovery recovery = new WalRecovery(io, directory, cacheBytesMax);
        boolean done = false;
        try {
            Found found = recovery.run();
            done = true;
            return found;
        } finally {
            if (!done) recovery.closeAll();
        }
    }

    private Found run() throws IOException {
        findChain();
        for (int i = 0; i < chain.size(); i++) {
            WalSegment segment = chain.get(i);
            load(segment, segment.bytes);
            if (i + 1 < chain.size()) {
                WalFormat.SegmentStart next = start(chain.get(i + 1));
                replayInner(segment, i == 0, next);
            } else {
                replayTip(segment, i == 0);
            }
        }
        for (WalSegment other : others) checkUnused(other);
        settleBase();
        boolean mustResume = !chain.isEmpty() && (remnants || !groupEnded);
        return new Found(
                chain,
                others,
                index,
                identity,
                hardState,
                end,
                group,
                mustResume,
                Math.max(highestGroup, group));
    }

    private void findChain() throws IOException {
        Map<Long, WalSegment> started = new HashMap<>();
        WalSegment tip = null;
        for (Path path : io.list(directory)) {
            long id = WalSegment.idOf(path);
            if (id == 0) continue;
            WalSegment segment = new WalSegment(io, path, id);
            others.add(segment);
            if (start(segment) == null) continue;
            started.put(id, segment);
            if (tip == null || id > tip.id) tip = segment;
        }
        for (WalSegment at = tip; at != null; ) {
            chain.addFirst(at);
            others.remove(at);
            at = started.get(start(at).previousId());
        }
        others.sort(Comparator.comparingLong(segment -> segment.id));
    }

    /** The first record of a segment, or null when it is not whole. */
    private WalFormat.SegmentStart start(WalSegment segment) throws IOException {
        if (segment.bytes < WalFormat.SEGMENT_RECORD_BYTES) return null;
        ByteBuffer first = ByteBuffer.allocate(WalFormat.SEGMENT_RECORD_BYTES);
        segment.readFully(first, 0);
        first.flip();
        boolean whole = WalFormat.isWhole(first, 0, 0, segment.id);
        if (!whole || WalFormat.kind(first, 0) != WalFormat.SEGMENT) return null;
        return WalFormat.SegmentStart.read(first, 0);
    }

    private void load(WalSegment segment, long bytes) throws IOException {
        if (bytes > Integer.MAX_VALUE - 64) throw corrupt(segment, 0, "is too large", null);
        if (buffer.capacity() < bytes) buffer = ByteBuffer.allocate((int) bytes);
        buffer.clear().limit((int) bytes);
        segment.readFully(buffer, 0);
        buffer.flip();
    }

    private void replayInner(WalSegment segment, boolean first, WalFormat.SegmentStart next) {
        long expected = next.previousEnd();
        if (next.previousId() != segment.id || expected > buffer.limit()) {
            throw corrupt(segment, 0, "does not fit its successor", null);
        }
        buffer.limit((int) expected);
        int runEnd = replay(segment, first);
        if (runEnd != expected || end != expected) {
            throw corrupt(
                    segment, runEnd, "is damaged: whole records follow in later segments", null);
        }
    }

    private void replayTip(WalSegment segment, boolean first) {
        int runEnd = replay(segment, first);
        remnants = runEnd > end;
        requireNoLaterGroup(segment, runEnd);
    }

    /** A segment outside the chain must not hold what was written after the chain's end. */
    private void checkUnused(WalSegment segment) throws IOException {
        WalSegment tip = chain.isEmpty() ? null : chain.getLast();
        if (tip != null && segment.id < tip.id) return;
        load(segment, segment.bytes);
        requireNoLaterGroup(segment, 0);
    }

    private void requireNoLaterGroup(WalSegment segment, int from) {
        long torn = groupEnded ? group + 1 : group;
        for (int at = from; at + WalFormat.HEADER_BYTES <= buffer.limit(); at += 8) {
            if (!WalFormat.isWhole(buffer, at, at, segment.id)) continue;
            long number = WalFormat.groupNumber(buffer, at);
            if (number > torn) {
                throw corrupt(
                        segment,
                        from,
                        "is damaged: a whole record that was written later follows at " + at,
                        null);
            }
            remnants = true;
            highestGroup = Math.max(highestGroup, number);
        }
    }

    /** Takes the whole units from the start of the buffer; returns the end of the valid run. */
    private int replay(WalSegment segment, boolean first) {
        int at = 0;
        int unitStart = 0;
        end = 0;
        while (WalFormat.isWhole(buffer, at, at, segment.id) && follows(at)) {
            group = WalFormat.groupNumber(buffer, at);
            groupEnded = WalFormat.isEndOfGroup(buffer, at);
            int next = at + (int) WalFormat.recordBytes(buffer.getInt(at));
            if (WalFormat.isEndOfUnit(buffer, at)) {
                takeUnit(segment, unitStart, next, first);
                unitStart = next;
                end = next;
            }
            at = next;
        }
        return at;
    }

    private boolean follows(int at) {
        long number = WalFormat.groupNumber(buffer, at);
        if (!groupEnded && number == group) return true;
        return switch (WalFormat.kind(buffer, at)) {
            case WalFormat.RESUME -> number > group;
            case WalFormat.SEGMENT -> at == 0 && number > group;
            default -> groupEnded && number == group + 1;
        };
    }

    private void takeUnit(WalSegment segment, int from, int to, boolean first) {
        for (int at = from; at < to; ) {
            switch (WalFormat.kind(buffer, at)) {
                case WalFormat.ENTRY -> takeEntry(segment, at);
                case WalFormat.HARD_STATE -> {
                    long[] v = WalFormat.longs(buffer, at, 3);
                    hardState = new HardState(v[0], v[1], v[2]);
                }
                case WalFormat.IDENTITY -> {
                    long[] v = WalFormat.longs(buffer, at, 2);
                    identity = new Identity(v[0], v[1]);
                }
                case WalFormat.BASE -> {
                    long[] v = WalFormat.longs(buffer, at, 2);
                    raiseBase(v[0], v[1]);
                }
                case WalFormat.RESET -> takeReset(at);
                case WalFormat.SEGMENT -> takeStart(segment, at, first);
                case WalFormat.RESUME -> {}
                default -> throw corrupt(segment, at, "has a record of an unknown kind", null);
            }
            at += (int) WalFormat.recordBytes(buffer.getInt(at));
        }
    }

    private void takeEntry(WalSegment segment, int at) {
        long number = WalFormat.index(buffer, at);
        if (number > index.lastIndex() + 1 || number < 1) {
            throw corrupt(
                    segment, at, "has entry " + number + " after entry " + index.lastIndex(), null);
        }
        if (number <= index.baseIndex()) {
            // Replaces entries of segments that are gone: all of those are below the base by now.
            index = new LogIndex(cacheBytesMax, number - 1, 0);
        } else if (index.holds(number)) {
            index.dropFrom(number);
        }
        int length = WalFormat.dataLength(buffer, at);
        index.addOnDisk(WalFormat.entryTerm(buffer, at), length, segment, at);
        segment.maxIndex = Math.max(segment.maxIndex, number);
    }

    private void takeReset(int at) {
        long[] v = WalFormat.longs(buffer, at, 2);
        baseIndex = v[0];
        baseTerm = v[1];
        index = new LogIndex(cacheBytesMax, baseIndex, baseTerm);
        hardState = FileRaftLog.withCommitAtLeast(hardState, baseIndex);
        for (WalSegment segment : chain) segment.maxIndex = 0;
    }

    private void takeStart(WalSegment segment, int at, boolean first) {
        WalFormat.SegmentStart start = WalFormat.SegmentStart.read(buffer, at);
        if (first) {
            identity = start.identity();
            hardState = start.hardState();
            index = new LogIndex(cacheBytesMax, start.lastIndex(), 0);
            baseIndex = start.baseIndex();
            baseTerm = start.baseTerm();
        } else if (start.lastIndex() != index.lastIndex()) {
            throw corrupt(
                    segment,
                    at,
                    "follows entry " + start.lastIndex() + ", not " + index.lastIndex(),
                    null);
        }
    }

    private void raiseBase(long newIndex, long newTerm) {
        if (newIndex <= baseIndex) return;
        baseIndex = newIndex;
        baseTerm = newTerm;
        if (index.holds(newIndex)) index.dropTo(newIndex);
    }

    /** Cuts the entries to what lies above the base, which must leave no gap. */
    private void settleBase() {
        if (index.holds(baseIndex)) index.dropTo(baseIndex);
        if (index.baseIndex() != baseIndex) {
            throw new StorageException.Corruption(
                    directory
                            + " lacks a segment: the log starts after "
                            + baseIndex
                            + " but the files after "
                            + index.baseIndex(),
                    null);
        }
        if (index.baseTerm() != baseTerm) {
            LogIndex known = new LogIndex(cacheBytesMax, baseIndex, baseTerm);
            for (long i = baseIndex + 1; i <= index.lastIndex(); i++) {
                known.addOnDisk(
                        index.term(i), index.dataLength(i), index.segment(i), index.offset(i));
            }
            index = known;
        }
    }

    private static StorageException.Corruption corrupt(
            WalSegment segment, int at, String what, Throwable cause) {
        return new StorageException.Corruption(
                segment.path
                        + " at offset "
                        + at
                        + " "
                        + what
                        + "; restore this member from its peers or from a backup",
                cause);
    }

    private void closeAll() {
        for (WalSegment segment : chain) closeQuietly(segment);
        for (WalSegment segment : others) closeQuietly(segment);
    }

    /** The failure that ended the recovery is thrown; that of a close adds nothing. */
    private static void closeQuietly(WalSegment segment) {
        try {
            segment.close();
        } catch (IOException e) {
            System.getLogger(WalRecovery.class.getPackageName())
                    .log(System.Logger.Level.WARNING, "cannot close " + segment.path, e);
        }
    }
}
