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
 * <p>append() changes the index in memory and encodes its unit into the group that is staged. One
 * writer thread takes the staged group, writes and forces it, while the next one is being staged,
 * and has the futures completed in order, by {@link Completions}. So the slower the disk, the
 * larger the groups, and between two forces lies next to nothing.
 *
 * <p>What can go wrong: no room for a new segment is NoSpace and takes the units that did not reach
 * the disk back; any other failure of a write or a force poisons the log, because nobody can know
 * what the disk holds (after a failed fsync the kernel may have dropped the dirty pages).
 */
final class FileRaftLog implements RaftLog {
    /** A file offset is an int in memory. */
    private static final long UNIT_BYTES_MAX = 1 << 30;

    private final StorageEnv env;
    private final Path directory;
    private final AutoCloseable directoryLock;
    private final SegmentSupply supply;
    private final long cacheBytesMax;
    private final Thread writer;
    private final Completions completions = new Completions();

    // Used by the writer thread, and by the opener before it starts.
    private WalSegment current; // null before the first unit of a new log
    private long offset;
    private long group;
    private long resumeGroup; // above 0: voids the records of a failed or torn group first
    private WalTail tail; // after what is forced
    private WalGroup free = new WalGroup();

    // The rest is guarded by lock.
    private final Object lock = new Object();
    private final ArrayDeque<WalSegment> segments = new ArrayDeque<>(); // oldest first
    private WalGroup stage = new WalGroup(); // what the writer takes next
    private final ArrayDeque<WalUnit> queue = new ArrayDeque<>(); // what the stage did not take
    private long queuedBytes;
    private volatile long roomBytes; // left in the segment behind all that is staged and queued
    private int lowering; // units staged or queued that lower the durable index
    private CompletableFuture<Void> last = CompletableFuture.completedFuture(null);
    private LogIndex index;
    private Identity identity;
    private HardState hardState;
    private long durableIndex;
    private StorageException failure;
    private volatile boolean closing;
    private boolean closed;

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
        tail = new WalTail(found);
        supply = supply(settings, found);
        boolean durable = false;
        try {
            if (current != null) makeDurable();
            if (current != null && resumeGroup == 0) stage.open(current, offset, group + 1, tail);
            roomBytes = stage.room();
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
            log.completions.start();
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
        WalUnit unit;
        synchronized (lock) {
            requireUsable();
            if (identity != null && !identity.equals(given)) {
                throw new IllegalArgumentException(directory + " belongs to " + identity);
            }
            unit =
                    WalUnit.control(
                            WalFormat.IDENTITY, before(), given.clusterId(), given.memberId());
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
        long bytes = WalUnit.bytes(added, hardStateOrNull);
        if (bytes > UNIT_BYTES_MAX) {
            throw new IllegalArgumentException(
                    "a unit of " + bytes + " bytes; at most " + UNIT_BYTES_MAX + " are possible");
        }
        requireRoom(bytes);
        synchronized (lock) {
            requireUsable();
            // An empty unit is durable when the one before is.
            if (added.isEmpty() && hardStateOrNull == null) return last.copy();
            requireContiguous(added);
            WalUnit.Before before = before();
            LogIndex.Suffix replaced = addToIndex(added);
            WalUnit unit = WalUnit.append(added, hardStateOrNull, bytes, before, replaced);
            if (hardStateOrNull != null) hardState = hardStateOrNull;
            enqueue(unit);
            return unit.future;
        }
    }

    private WalUnit.Before before() {
        return new WalUnit.Before(index, hardState, identity);
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
        index.evict(durableIndex);
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

    private void enqueue(WalUnit unit) {
        // The writer waits for something to write, and for nothing else.
        if (isIdle()) lock.notifyAll();
        if (queue.isEmpty() && stage.takes(unit.bytes)) {
            stage.add(unit, index);
        } else {
            queue.add(unit);
            queuedBytes += unit.bytes;
        }
        roomBytes = stage.room() - queuedBytes;
        if (unit.lowersDurable()) lowering++;
        last = unit.future;
    }

    private boolean isIdle() {
        return stage.isEmpty() && queue.isEmpty();
    }

    @Override
    public List<LogEntry> read(long from, long toExclusive, long maxBytes) {
        List<LogEntry> entries = new ArrayList<>();
        List<WalReader.Place> places = new ArrayList<>();
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
                if (cached == null) places.add(WalReader.Place.of(index, i, (int) (i - from)));
            }
            for (WalReader.Place place : places) place.segment().retain();
        }
        try {
            WalReader.read(places, entries);
        } catch (StorageException.Fatal e) {
            throw poison(e);
        } finally {
            for (WalReader.Place place : places) place.segment().release();
        }
        return entries;
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
            enqueue(WalUnit.control(WalFormat.BASE, before(), to, index.baseTerm()));
        }
    }

    @Override
    public void reset(long to, long term) {
        WalUnit unit;
        synchronized (lock) {
            requireUsable();
            unit = WalUnit.control(WalFormat.RESET, before(), to, term);
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
        if (Thread.currentThread() != writer) join(writer);
        completions.close();
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

    /** Waits for a thread to end without regard to interrupts, which stay set. */
    static void join(Thread thread) {
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
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
        WalGroup next = null;
        while (next != null || awaitWork()) next = commit(next);
    }

    /** Waits for something to write; false at the end. */
    private boolean awaitWork() {
        synchronized (lock) {
            while (isIdle() && !closing) waitForWork();
            return !isIdle();
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

    /** What is staged; from here on the next group is staged, behind it. */
    private WalGroup takeStage() {
        WalGroup taken = stage;
        taken.finish();
        stage = free;
        free = null;
        stage.open(taken.segment(), taken.end(), taken.number() + 1, taken.tail());
        stageQueued();
        return taken;
    }

    private void stageQueued() {
        while (!queue.isEmpty() && stage.takes(queue.peek().bytes)) {
            queuedBytes -= queue.peek().bytes;
            stage.add(queue.poll(), index);
        }
        roomBytes = stage.room() - queuedBytes;
    }

    /**
     * Writes and forces a group; without one, finds it. Returns the next one, null while there is
     * none.
     */
    private WalGroup commit(WalGroup groupOrNull) {
        List<WalUnit> units = groupOrNull == null ? List.of() : groupOrNull.units();
        try {
            if (groupOrNull == null) return nextGroup();
            writeAndForce(groupOrNull);
            return settle(groupOrNull);
        } catch (StorageException.NoSpace e) {
            takeBack(units, e);
            return null;
        } catch (StorageException e) {
            failAll(units, e);
            return null;
        } catch (IOException e) {
            failAll(units, StorageException.of("cannot write to the raft log in " + directory, e));
            return null;
        } catch (RuntimeException | Error e) {
            failAll(units, new StorageException.Fatal("the raft log writer failed: " + e, e));
            return null;
        }
    }

    private WalGroup nextGroup() throws IOException {
        synchronized (lock) {
            if (failure != null) throw failure;
            if (!stage.isEmpty()) return takeStage();
        }
        return openStage();
    }

    /**
     * The stage has no place after an error and when the next unit does not fit the segment. The
     * rest of a failed group is made void, or the next segment taken.
     */
    private WalGroup openStage() throws IOException {
        if (resumeGroup > 0 && current != null) writeResume();
        long needed;
        synchronized (lock) {
            needed = queue.peek().bytes;
        }
        boolean rolls = current == null || offset + needed > current.bytes;
        WalSegment segment = rolls ? supply.take(needed + WalFormat.SEGMENT_RECORD_BYTES) : current;
        synchronized (lock) {
            long number = Math.max(group, resumeGroup) + 1;
            stage.open(segment, rolls ? 0 : offset, number, tail);
            if (rolls) stage.addStart(tail.start(current == null ? 0 : current.id, offset));
            stage.reserve(needed);
            stageQueued();
            return takeStage();
        }
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

    private void writeAndForce(WalGroup taken) throws IOException {
        WalSegment segment = taken.segment();
        long begin = System.nanoTime();
        try {
            segment.write(taken.bytes(), taken.start());
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

    /**
     * After the force: the log says what is durable, and who waits for it is told. Returns the next
     * group, if it is staged.
     */
    private WalGroup settle(WalGroup forced) {
        List<WalUnit> units = forced.units();
        group = forced.number();
        resumeGroup = 0;
        offset = forced.end();
        boolean starts = forced.segment() != current;
        List<WalSegment> released = new ArrayList<>();
        WalGroup next = null;
        boolean moreToWrite;
        synchronized (lock) {
            if (starts) segments.add(forced.segment());
            current = forced.segment();
            forced.noteMaxIndex(segments);
            tail = forced.tail();
            durableIndex = tail.lastIndex();
            lowering -= forced.lowering();
            if (lowering > 0) lowerDurable();
            while (segments.size() > 1 && segments.peek().maxIndex <= tail.baseIndex()) {
                released.add(segments.poll());
            }
            forced.clear();
            free = forced;
            moreToWrite = !isIdle();
            if (failure == null && !stage.isEmpty()) next = takeStage();
        }
        if (moreToWrite) completions.hand(units, null);
        else completions.complete(units, null);
        if (starts) supply.prepare();
        for (WalSegment segment : released) segment.whenUnread(() -> supply.release(segment));
        return next;
    }

    /** What came since may have replaced what was just forced. */
    private void lowerDurable() {
        for (WalUnit unit : waiting()) {
            if (unit.controlKind == WalFormat.RESET) {
                durableIndex = unit.control[0];
            } else if (unit.replaced != null) {
                durableIndex = Math.min(durableIndex, unit.entries.getFirst().index() - 1);
            }
        }
    }

    /** Units that the writer has not taken yet, oldest first. */
    private List<WalUnit> waiting() {
        List<WalUnit> waiting = new ArrayList<>(stage.units());
        waiting.addAll(queue);
        return waiting;
    }

    /** Undoes the units that are not on disk, newest first: nothing of them took effect. */
    private void takeBack(List<WalUnit> units, StorageException.NoSpace cause) {
        List<WalUnit> failed;
        synchronized (lock) {
            failed = takeAll(units);
            for (WalUnit unit : failed.reversed()) undo(unit);
            durableIndex = index.lastIndex();
            roomBytes = current == null ? 0 : current.bytes - offset;
            last = CompletableFuture.completedFuture(null);
        }
        completions.complete(failed, cause);
    }

    /** These and all that came since; afterwards nothing waits and the stage has no place. */
    private List<WalUnit> takeAll(List<WalUnit> first) {
        List<WalUnit> all = new ArrayList<>(first);
        all.addAll(waiting());
        stage.clear();
        if (free == null) free = new WalGroup();
        queue.clear();
        queuedBytes = 0;
        lowering = 0;
        return all;
    }

    private void undo(WalUnit unit) {
        if (unit.controlKind == WalFormat.BASE) return; // nothing is lost: the next one repeats it
        if (unit.controlKind == WalFormat.RESET) index = unit.before.index();
        if (!unit.entries.isEmpty()) {
            long first = unit.entries.getFirst().index();
            if (index.holds(first)) index.dropFrom(first);
            if (unit.replaced != null) index.restore(unit.replaced);
        }
        hardState = unit.before.hardState();
        identity = unit.before.identity();
    }

    private void failAll(List<WalUnit> units, StorageException cause) {
        StorageException fatal =
                cause instanceof StorageException.Fatal
                        ? cause
                        : new StorageException.Fatal(cause.getMessage(), cause);
        poison(fatal);
        List<WalUnit> failed;
        synchronized (lock) {
            failed = takeAll(units);
        }
        completions.complete(failed, fatal);
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
