package io.quorate.backend.file;

import io.quorate.spi.storage.DirectoryLock;
import io.quorate.spi.storage.FileIo;
import io.quorate.spi.storage.HardState;
import io.quorate.spi.storage.Identity;
import io.quorate.spi.storage.IoThread;
import io.quorate.spi.storage.LogEntry;
import io.quorate.spi.storage.RaftLog;
import io.quorate.spi.storage.Stamp;
import io.quorate.spi.storage.StorageEnv;
import io.quorate.spi.storage.StorageException;
import io.quorate.spi.storage.StorageProvider;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * A write-ahead log in segment files; see {@link WalFormat} for the bytes and {@link WalRecovery}
 * for what a restart makes of them.
 *
 * <p>append() changes the index in memory and queues a unit; one writer thread drains the queue,
 * writes all it found with one write and one fdatasync, and completes the futures in order. So the
 * slower the disk, the larger the groups.
 *
 * <p>What can go wrong: no room for a new segment is NoSpace and takes the units that did not reach
 * the disk back; any other failure of a write or a force poisons the log, because nobody can know
 * what the disk holds (after a failed fsync the kernel may have dropped the dirty pages).
 */
final class FileRaftLog implements RaftLog {
    private static final long[] NO_VALUES = {};
    private static final int GROUP_BYTES_MAX = 8 << 20;
    private static final int READ_BYTES_MAX = 4 << 20;

    /** Records between two entries that are cheaper to read over than to seek past. */
    private static final int READ_GAP_BYTES = 1 << 10;

    /** A file offset is an int in memory. */
    private static final long UNIT_BYTES_MAX = 1 << 30;

    private final StorageEnv env;
    private final Path directory;
    private final AutoCloseable directoryLock;
    private final SegmentSupply supply;
    private final long cacheBytesMax;
    private final Thread writer;

    // Used by the writer thread, and by the opener before it starts.
    private WalSegment current; // null before the first unit of a new log
    private long offset;
    private long group;
    private long resumeGroup; // above 0: voids the records of a failed or torn group first
    private WalFormat.SegmentStart written; // what the log would start a segment with now
    private ByteBuffer buffer = ByteBuffer.allocateDirect(64 << 10);

    // The rest is guarded by lock.
    private final Object lock = new Object();
    private final ArrayDeque<WalSegment> segments = new ArrayDeque<>(); // oldest first
    private final ArrayDeque<Unit> queue = new ArrayDeque<>();
    private long queuedBytes;
    private volatile long roomBytes; // left in the current segment beside what is queued
    private LogIndex index;
    private Identity identity;
    private HardState hardState;
    private long durableIndex;
    private StorageException failure;
    private volatile boolean closing;
    private boolean closed;

    /** One append or one control record on its way to disk. */
    private static final class Unit {
        final List<LogEntry> entries;
        final HardState hardState; // or null
        final byte controlKind; // or 0
        final long[] control;
        final long bytes;
        final CompletableFuture<Void> future = new CompletableFuture<>();

        // To take the unit back.
        final LogIndex oldIndex;
        final long oldLastIndex;
        final LogIndex.Suffix replaced; // or null
        final HardState oldHardState;
        final Identity oldIdentity;

        Unit(
                FileRaftLog log,
                List<LogEntry> entries,
                HardState hardState,
                byte controlKind,
                long[] control,
                long bytes,
                long oldLastIndex,
                LogIndex.Suffix replaced) {
            this.entries = entries;
            this.hardState = hardState;
            this.controlKind = controlKind;
            this.control = control;
            this.bytes = bytes;
            this.oldIndex = log.index;
            this.oldLastIndex = oldLastIndex;
            this.replaced = replaced;
            this.oldHardState = log.hardState;
            this.oldIdentity = log.identity;
        }

        static long bytes(List<LogEntry> entries, HardState hardState) {
            long sum = hardState == null ? 0 : WalFormat.controlBytes(3);
            for (LogEntry entry : entries) sum += entryBytes(entry);
            return sum;
        }

        static long entryBytes(LogEntry entry) {
            return WalFormat.recordBytes((long) WalFormat.ENTRY_PREFIX_BYTES + entry.data().length);
        }

        int records() {
            return entries.size() + (hardState == null ? 0 : 1) + (control.length > 0 ? 1 : 0);
        }
    }

    private FileRaftLog(
            StorageEnv env,
            LogSettings settings,
            AutoCloseable directoryLock,
            WalRecovery.Found found)
            throws IOException {
        this.env = env;
        this.directory = env.directory();
        this.directoryLock = directoryLock;
        this.cacheBytesMax = settings.cacheBytes();
        index = found.index();
        identity = found.identity();
        hardState = found.hardState();
        durableIndex = index.lastIndex();
        segments.addAll(found.chain());
        current = segments.peekLast();
        offset = found.end();
        group = found.group();
        resumeGroup = found.mustResume() ? found.highestGroup() + 1 : 0;
        roomBytes = current == null ? 0 : current.bytes - offset;
        written =
                new WalFormat.SegmentStart(
                        0,
                        0,
                        index.lastIndex(),
                        identity,
                        hardState,
                        index.baseIndex(),
                        index.baseTerm());
        supply = supply(settings, found);
        boolean durable = false;
        try {
            if (current != null) makeDurable();
            durable = true;
        } finally {
            if (!durable) closeFiles();
        }
        supply.prepare();
        writer = Thread.ofPlatform().daemon().name("quorate-log-writer").unstarted(this::writeLoop);
    }

    /** Opens and recovers, or creates, the log of a directory. */
    static FileRaftLog open(StorageEnv env) {
        LogSettings settings = LogSettings.of(env.settings());
        AutoCloseable directoryLock = DirectoryLock.take(env);
        boolean opened = false;
        IoThread opener = new IoThread("quorate-log-open");
        try {
            FileRaftLog log = opener.call(() -> openLocked(env, settings, directoryLock));
            log.writer.start();
            opened = true;
            return log;
        } finally {
            opener.finish();
            if (!opened) DirectoryLock.release(directoryLock);
        }
    }

    private static FileRaftLog openLocked(
            StorageEnv env, LogSettings settings, AutoCloseable directoryLock) {
        Path directory = env.directory();
        try {
            new Stamp(FileStorageProvider.NAME, StorageProvider.Part.LOG, 1)
                    .checkOrWrite(env.io(), directory);
            DirectoryLock.deleteDrafts(env.io(), directory);
            WalRecovery.Found found =
                    WalRecovery.recover(env.io(), directory, settings.cacheBytes());
            return new FileRaftLog(env, settings, directoryLock, found);
        } catch (IOException e) {
            throw StorageException.of("cannot open the raft log in " + directory, e);
        }
    }

    private SegmentSupply supply(LogSettings settings, WalRecovery.Found found) throws IOException {
        long highestId = 0;
        for (WalSegment segment : found.chain()) highestId = Math.max(highestId, segment.id);
        for (WalSegment segment : found.others()) highestId = Math.max(highestId, segment.id);
        SegmentSupply made =
                new SegmentSupply(
                        env.io(),
                        directory,
                        settings.segmentBytes(),
                        current == null ? 0 : current.bytes,
                        highestId + 1,
                        this::poison);
        for (WalSegment segment : found.others()) made.release(segment);
        return made;
    }

    /**
     * What was read may stand in the page cache only (the process was killed, not the machine), and
     * a torn tail must be voided before anything is written over it.
     */
    private void makeDurable() throws IOException {
        current.force();
        if (resumeGroup > 0) writeResume();
    }

    @Override
    public Identity identity() {
        synchronized (lock) {
            requireUsable();
            return identity;
        }
    }

    @Override
    public void initialize(Identity given) {
        Unit unit;
        synchronized (lock) {
            requireUsable();
            if (identity != null && !identity.equals(given)) {
                throw new IllegalArgumentException(directory + " belongs to " + identity);
            }
            unit = control(WalFormat.IDENTITY, given.clusterId(), given.memberId());
            identity = given;
            enqueue(unit);
        }
        IoThread.await(unit.future);
    }

    @Override
    public long baseIndex() {
        synchronized (lock) {
            requireUsable();
            return index.baseIndex();
        }
    }

    @Override
    public long baseTerm() {
        synchronized (lock) {
            requireUsable();
            return index.baseTerm();
        }
    }

    @Override
    public long lastIndex() {
        synchronized (lock) {
            requireUsable();
            return index.lastIndex();
        }
    }

    @Override
    public long durableIndex() {
        synchronized (lock) {
            requireUsable();
            return durableIndex;
        }
    }

    @Override
    public HardState hardState() {
        synchronized (lock) {
            requireUsable();
            return hardState;
        }
    }

    @Override
    public long term(long at) {
        synchronized (lock) {
            requireUsable();
            if (at != index.baseIndex()) requireHeld(at);
            return index.term(at);
        }
    }

    @Override
    public CompletableFuture<Void> append(List<LogEntry> entries, HardState hardStateOrNull) {
        List<LogEntry> added = List.copyOf(entries);
        long bytes = Unit.bytes(added, hardStateOrNull);
        if (bytes > UNIT_BYTES_MAX) {
            throw new IllegalArgumentException(
                    "a unit of " + bytes + " bytes; at most " + UNIT_BYTES_MAX + " are possible");
        }
        requireRoom(bytes);
        synchronized (lock) {
            requireUsable();
            if (added.isEmpty() && hardStateOrNull == null) return lastFuture();
            requireContiguous(added);
            long oldLast = index.lastIndex();
            LogIndex.Suffix replaced = addToIndex(added);
            Unit unit =
                    new Unit(
                            this,
                            added,
                            hardStateOrNull,
                            (byte) 0,
                            NO_VALUES,
                            bytes,
                            oldLast,
                            replaced);
            if (hardStateOrNull != null) hardState = hardStateOrNull;
            enqueue(unit);
            return unit.future;
        }
    }

    /** An empty unit is durable when the one before is. */
    private CompletableFuture<Void> lastFuture() {
        Unit last = queue.peekLast();
        return last == null ? CompletableFuture.completedFuture(null) : last.future.copy();
    }

    /**
     * Refuses a unit while there is no room for the next segment, before anything of it is taken.
     * That a segment which is just being made fails is rare; the writer then takes units back.
     */
    private void requireRoom(long bytes) {
        if (closing || bytes <= roomBytes) return;
        StorageException noSegment = supply.failureAfterRetry();
        if (noSegment != null) throw noSegment;
    }

    private LogIndex.Suffix addToIndex(List<LogEntry> added) {
        if (added.isEmpty()) return null;
        long first = added.getFirst().index();
        LogIndex.Suffix replaced = null;
        if (index.holds(first)) {
            replaced = index.dropFrom(first);
            durableIndex = Math.min(durableIndex, first - 1);
        }
        for (LogEntry entry : added) index.add(entry);
        return replaced;
    }

    private void requireContiguous(List<LogEntry> added) {
        if (added.isEmpty()) return;
        long next = added.getFirst().index();
        if (next > index.lastIndex() + 1) {
            throw new IllegalArgumentException(
                    "entry " + next + " leaves a gap after " + index.lastIndex());
        }
        long fixed = Math.min(hardState.commit(), index.lastIndex());
        if (next <= Math.max(index.baseIndex(), fixed)) {
            throw new IllegalArgumentException("entry " + next + " would replace a committed one");
        }
        for (LogEntry entry : added) {
            if (entry.index() != next++) {
                throw new IllegalArgumentException(
                        "entry " + entry.index() + " where " + (next - 1) + " was due");
            }
        }
    }

    private Unit control(byte kind, long... values) {
        long bytes = WalFormat.controlBytes(values.length);
        return new Unit(this, List.of(), null, kind, values, bytes, index.lastIndex(), null);
    }

    private void enqueue(Unit unit) {
        // The writer waits for an empty queue to fill, and for nothing else.
        if (queue.isEmpty()) lock.notifyAll();
        queue.add(unit);
        queuedBytes += unit.bytes;
        roomBytes -= unit.bytes;
    }

    @Override
    public List<LogEntry> read(long from, long toExclusive, long maxBytes) {
        List<LogEntry> entries = new ArrayList<>();
        List<Place> places = new ArrayList<>();
        synchronized (lock) {
            requireUsable();
            if (from >= toExclusive) return List.of();
            requireHeld(from);
            requireHeld(toExclusive - 1);
            long taken = 0;
            for (long i = from; i < toExclusive; i++) {
                taken += index.dataLength(i);
                if (taken > maxBytes && i > from) break;
                LogEntry cached = index.cached(i);
                entries.add(cached);
                if (cached == null) places.add(place(i, (int) (i - from)));
            }
            for (Place place : places) place.segment.retain();
        }
        try {
            readPlaces(places, entries);
        } finally {
            for (Place place : places) place.segment.release();
        }
        return entries;
    }

    /** Where an entry must be read from, and for which position of the answer. */
    private record Place(
            long index, long term, int dataLength, WalSegment segment, int offset, int position) {
        int end() {
            return offset
                    + (int) WalFormat.recordBytes((long) WalFormat.ENTRY_PREFIX_BYTES + dataLength);
        }
    }

    private Place place(long i, int position) {
        return new Place(
                i, index.term(i), index.dataLength(i), index.segment(i), index.offset(i), position);
    }

    private void readPlaces(List<Place> places, List<LogEntry> entries) {
        for (int i = 0; i < places.size(); ) {
            int end = i + 1;
            while (end < places.size() && continues(places, i, end)) end++;
            readRun(places.subList(i, end), entries);
            i = end;
        }
    }

    private static boolean continues(List<Place> places, int first, int next) {
        Place previous = places.get(next - 1);
        Place place = places.get(next);
        int gap = place.offset - previous.end();
        return place.segment == previous.segment
                && gap >= 0
                && gap <= READ_GAP_BYTES
                && place.end() - places.get(first).offset <= READ_BYTES_MAX;
    }

    private void readRun(List<Place> run, List<LogEntry> entries) {
        WalSegment segment = run.getFirst().segment;
        int start = run.getFirst().offset;
        ByteBuffer bytes = ByteBuffer.allocate(run.getLast().end() - start);
        try {
            segment.readFully(bytes, start);
        } catch (IOException e) {
            throw poison(StorageException.of("cannot read " + segment.path, e));
        }
        bytes.flip();
        for (Place place : run) entries.set(place.position, decode(bytes, start, place));
    }

    private static LogEntry decode(ByteBuffer bytes, int start, Place place) {
        int at = place.offset - start;
        boolean whole =
                WalFormat.isWhole(bytes, at, place.offset, place.segment.id)
                        && WalFormat.kind(bytes, at) == WalFormat.ENTRY
                        && WalFormat.index(bytes, at) == place.index
                        && WalFormat.entryTerm(bytes, at) == place.term;
        if (!whole) {
            throw new StorageException.Corruption(
                    place.segment.path
                            + " at offset "
                            + place.offset
                            + " does not hold entry "
                            + place.index
                            + " as it was written; restore this member from its peers",
                    null);
        }
        return new LogEntry(
                place.index, place.term, WalFormat.entryType(bytes, at), WalFormat.data(bytes, at));
    }

    @Override
    public void compact(long to) {
        synchronized (lock) {
            requireUsable();
            if (to <= index.baseIndex()) return;
            requireHeld(to);
            if (to > durableIndex) {
                throw new IllegalArgumentException(
                        "compact to " + to + " above the durable index " + durableIndex);
            }
            index.dropTo(to);
            enqueue(control(WalFormat.BASE, to, index.baseTerm()));
        }
    }

    @Override
    public void reset(long to, long term) {
        Unit unit;
        synchronized (lock) {
            requireUsable();
            unit = control(WalFormat.RESET, to, term);
            index = new LogIndex(cacheBytesMax, to, term);
            hardState = withCommitAtLeast(hardState, to);
            durableIndex = to;
            enqueue(unit);
        }
        IoThread.await(unit.future);
    }

    static HardState withCommitAtLeast(HardState state, long commit) {
        if (state.commit() >= commit) return state;
        return new HardState(state.term(), state.vote(), commit);
    }

    @Override
    public long sizeOnDisk() {
        synchronized (lock) {
            requireUsable();
            long sum = supply.idleBytes();
            for (WalSegment segment : segments) sum += segment.bytes;
            return sum;
        }
    }

    @Override
    public void close() {
        synchronized (lock) {
            if (closing) return;
            closing = true;
            lock.notifyAll();
        }
        if (Thread.currentThread() != writer) joinWriter();
        try {
            closeFiles();
        } catch (IOException e) {
            throw StorageException.of("cannot close the raft log in " + directory, e);
        } finally {
            synchronized (lock) {
                closed = true;
            }
            DirectoryLock.release(directoryLock);
        }
    }

    private void closeFiles() throws IOException {
        supply.close();
        for (WalSegment segment : segments) segment.close();
    }

    private void joinWriter() {
        boolean interrupted = false;
        while (writer.isAlive()) {
            try {
                writer.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) Thread.currentThread().interrupt();
    }

    private void requireUsable() {
        if (closing || closed) throw new StorageException.Closed("raft log " + directory);
        if (failure != null) throw failure;
    }

    private void requireHeld(long at) {
        if (!index.holds(at)) {
            throw new IllegalArgumentException(
                    "entry "
                            + at
                            + " is not held; the log holds ("
                            + index.baseIndex()
                            + ", "
                            + index.lastIndex()
                            + "]");
        }
    }

    // ---- the writer thread ----

    private void writeLoop() {
        while (true) {
            List<Unit> units;
            synchronized (lock) {
                while (queue.isEmpty() && !closing) waitForWork();
                if (queue.isEmpty()) return;
                units = takeGroup();
            }
            writeOrFail(units);
        }
    }

    private void waitForWork() {
        try {
            lock.wait();
        } catch (InterruptedException e) {
            // Nobody has this thread; if somebody interrupts it all the same, it goes on.
            Thread.interrupted();
        }
    }

    /** Units for one force: as many as there are, but all must fit one segment. */
    private List<Unit> takeGroup() {
        List<Unit> units = new ArrayList<>();
        long left = current == null ? 0 : current.bytes - offset;
        if (resumeGroup > 0) left -= WalFormat.controlBytes(0);
        boolean rolls = queue.peek().bytes > left;
        long limit = Math.min(GROUP_BYTES_MAX, rolls ? Long.MAX_VALUE : left);
        long taken = 0;
        while (!queue.isEmpty()) {
            Unit unit = queue.peek();
            if (!units.isEmpty() && (rolls || taken + unit.bytes > limit)) break;
            units.add(queue.poll());
            taken += unit.bytes;
        }
        queuedBytes -= taken;
        return units;
    }

    private void writeOrFail(List<Unit> units) {
        StorageException broken;
        synchronized (lock) {
            broken = failure;
        }
        if (broken != null) {
            failAll(units, broken);
            return;
        }
        try {
            if (resumeGroup > 0 && current != null) writeResume();
            writeGroup(units);
        } catch (StorageException.NoSpace e) {
            takeBack(units, e);
            return;
        } catch (StorageException e) {
            failAll(units, e);
            return;
        } catch (IOException e) {
            failAll(units, StorageException.of("cannot write to the raft log in " + directory, e));
            return;
        } catch (RuntimeException | Error e) {
            failAll(units, new StorageException.Fatal("the raft log writer failed: " + e, e));
            return;
        }
        settle(units);
        for (Unit unit : units) unit.future.complete(null);
    }

    /** Voids what a torn or failed group left behind {@link #offset}; see {@link WalFormat}. */
    private void writeResume() throws IOException {
        if (current.bytes - offset < WalFormat.controlBytes(0)) return; // no room, so no remnants
        ByteBuffer record = ByteBuffer.allocate(WalFormat.controlBytes(0));
        long flags = WalFormat.group(resumeGroup, true, true);
        WalFormat.putControl(record, offset, current.id, flags, WalFormat.RESUME);
        current.write(record.flip(), offset);
        current.force();
        offset += WalFormat.controlBytes(0);
        group = resumeGroup;
        resumeGroup = 0;
    }

    private void writeGroup(List<Unit> units) throws IOException {
        long bytes = 0;
        for (Unit unit : units) bytes += unit.bytes;
        boolean starts = current == null || offset + bytes > current.bytes;
        WalSegment segment = starts ? supply.take(bytes + WalFormat.SEGMENT_RECORD_BYTES) : current;
        long at = starts ? 0 : offset;
        WalFormat.SegmentStart start =
                starts ? startAfter(current == null ? 0 : current.id, offset) : null;
        long number = Math.max(group, resumeGroup) + 1;
        int[] offsets = encode(segment, at, number, start, units, bytes);
        long length = buffer.remaining();
        writeAndForce(segment, at);

        group = number;
        resumeGroup = 0;
        offset = at + length;
        note(segment, starts, units, offsets);
    }

    private WalFormat.SegmentStart startAfter(long previousId, long previousEnd) {
        return new WalFormat.SegmentStart(
                previousId,
                previousEnd,
                written.lastIndex(),
                written.identity(),
                written.hardState(),
                written.baseIndex(),
                written.baseTerm());
    }

    private void writeAndForce(WalSegment segment, long at) throws IOException {
        long begin = System.nanoTime();
        try {
            segment.write(buffer, at);
        } catch (FileIo.OutOfSpace e) {
            if (segment == current) resumeGroup = Math.max(group, resumeGroup) + 2;
            else supply.release(segment);
            throw StorageException.of("cannot write " + segment.path, e);
        }
        long middle = System.nanoTime();
        try {
            segment.force();
        } catch (IOException e) {
            throw new StorageException.Fatal(
                    "fsync of "
                            + segment.path
                            + " failed; check the disk, then restart this member",
                    e);
        }
        env.observe(StorageEnv.Timing.LOG_WRITE, middle - begin);
        env.observe(StorageEnv.Timing.LOG_FSYNC, System.nanoTime() - middle);
    }

    /** Fills {@link #buffer} with the group; returns the file offset of each entry. */
    private int[] encode(
            WalSegment segment,
            long at,
            long number,
            WalFormat.SegmentStart start,
            List<Unit> units,
            long unitBytes) {
        reserve(unitBytes + WalFormat.SEGMENT_RECORD_BYTES);
        int entries = 0;
        for (Unit unit : units) entries += unit.entries.size();
        int[] offsets = new int[entries];
        int placed = 0;
        if (start != null) {
            long flags = WalFormat.group(number, false, true);
            WalFormat.putControl(buffer, at, segment.id, flags, WalFormat.SEGMENT, start.longs());
        }
        for (int i = 0; i < units.size(); i++) {
            Unit unit = units.get(i);
            boolean lastUnit = i == units.size() - 1;
            int records = unit.records();
            for (LogEntry entry : unit.entries) {
                records--;
                long flags = WalFormat.group(number, lastUnit && records == 0, records == 0);
                long fileOffset = at + buffer.position();
                offsets[placed++] = (int) fileOffset;
                WalFormat.putEntry(
                        buffer,
                        fileOffset,
                        segment.id,
                        flags,
                        entry.index(),
                        entry.term(),
                        entry.type(),
                        entry.data());
            }
            if (unit.hardState != null) {
                records--;
                long flags = WalFormat.group(number, lastUnit && records == 0, records == 0);
                HardState state = unit.hardState;
                WalFormat.putControl(
                        buffer,
                        at + buffer.position(),
                        segment.id,
                        flags,
                        WalFormat.HARD_STATE,
                        state.term(),
                        state.vote(),
                        state.commit());
            }
            if (unit.controlKind != 0) {
                long flags = WalFormat.group(number, lastUnit, true);
                WalFormat.putControl(
                        buffer,
                        at + buffer.position(),
                        segment.id,
                        flags,
                        unit.controlKind,
                        unit.control);
            }
        }
        buffer.flip();
        return offsets;
    }

    private void reserve(long bytes) {
        buffer.clear();
        if (buffer.capacity() < bytes) {
            long rounded = Math.max(bytes, Math.min(2L * buffer.capacity(), GROUP_BYTES_MAX));
            buffer = ByteBuffer.allocateDirect((int) rounded);
        } else if (buffer.capacity() > 2 * GROUP_BYTES_MAX && bytes <= GROUP_BYTES_MAX) {
            // One huge entry must not hold on to the memory for good.
            buffer = ByteBuffer.allocateDirect(GROUP_BYTES_MAX);
        }
    }

    /** Makes the memory say where the group now is. */
    private void note(WalSegment segment, boolean starts, List<Unit> units, int[] offsets) {
        synchronized (lock) {
            if (starts) {
                segments.add(segment);
                current = segment;
            }
            roomBytes = current.bytes - offset - queuedBytes;
            int placed = 0;
            for (Unit unit : units) {
                for (LogEntry entry : unit.entries) {
                    index.written(entry, segment, offsets[placed++]);
                    segment.maxIndex = Math.max(segment.maxIndex, entry.index());
                }
                noteWritten(unit);
            }
        }
        supply.prepare();
    }

    private void noteWritten(Unit unit) {
        long last = unit.entries.isEmpty() ? written.lastIndex() : unit.entries.getLast().index();
        HardState state = unit.hardState == null ? written.hardState() : unit.hardState;
        Identity id = written.identity();
        long baseIndex = written.baseIndex();
        long baseTerm = written.baseTerm();
        switch (unit.controlKind) {
            case WalFormat.IDENTITY -> id = new Identity(unit.control[0], unit.control[1]);
            case WalFormat.BASE, WalFormat.RESET -> {
                baseIndex = unit.control[0];
                baseTerm = unit.control[1];
            }
            default -> {}
        }
        if (unit.controlKind == WalFormat.RESET) {
            last = baseIndex;
            state = withCommitAtLeast(state, baseIndex);
            for (WalSegment segment : segments) segment.maxIndex = 0;
        }
        written = new WalFormat.SegmentStart(0, 0, last, id, state, baseIndex, baseTerm);
    }

    /** After the force: moves the durable index on and lets go of segments below the base. */
    private void settle(List<Unit> units) {
        List<WalSegment> released = new ArrayList<>();
        synchronized (lock) {
            for (Unit unit : units) {
                if (!unit.entries.isEmpty()) durableIndex = unit.entries.getLast().index();
                if (unit.controlKind == WalFormat.RESET) durableIndex = unit.control[0];
            }
            // A queued unit may have replaced what was just forced.
            for (Unit unit : queue) {
                if (unit.controlKind == WalFormat.RESET) durableIndex = unit.control[0];
                else if (unit.replaced != null) {
                    durableIndex = Math.min(durableIndex, unit.entries.getFirst().index() - 1);
                }
            }
            index.evict();
            while (segments.size() > 1 && segments.peek().maxIndex <= written.baseIndex()) {
                released.add(segments.poll());
            }
        }
        for (WalSegment segment : released) segment.whenUnread(() -> supply.release(segment));
    }

    /** Undoes the units that are not on disk, newest first: nothing of them took effect. */
    private void takeBack(List<Unit> units, StorageException.NoSpace cause) {
        List<Unit> failed = new ArrayList<>(units);
        synchronized (lock) {
            failed.addAll(queue);
            queue.clear();
            queuedBytes = 0;
            roomBytes = current == null ? 0 : current.bytes - offset;
            for (Unit unit : failed.reversed()) undo(unit);
            durableIndex = index.lastIndex();
        }
        for (Unit unit : failed) unit.future.completeExceptionally(cause);
    }

    private void undo(Unit unit) {
        if (unit.controlKind == WalFormat.BASE) return; // nothing is lost: the next one repeats it
        if (unit.controlKind == WalFormat.RESET) index = unit.oldIndex;
        if (!unit.entries.isEmpty()) {
            long first = unit.entries.getFirst().index();
            if (index.holds(first)) index.dropFrom(first);
            if (unit.replaced != null) index.restore(unit.replaced);
        }
        hardState = unit.oldHardState;
        identity = unit.oldIdentity;
    }

    private void failAll(List<Unit> units, StorageException cause) {
        StorageException fatal =
                cause instanceof StorageException.Fatal
                        ? cause
                        : new StorageException.Fatal(cause.getMessage(), cause);
        List<Unit> failed = new ArrayList<>(units);
        poison(fatal);
        synchronized (lock) {
            failed.addAll(queue);
            queue.clear();
        }
        for (Unit unit : failed) unit.future.completeExceptionally(fatal);
    }

    private StorageException poison(StorageException fatal) {
        synchronized (lock) {
            if (failure != null) return failure;
            failure = fatal;
        }
        env.report(fatal);
        return fatal;
    }
}
