package io.quorate.spi.storage.tck;

import io.quorate.spi.storage.FileIo;
import io.quorate.spi.storage.StorageException;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;

/**
 * A disk in memory that loses what was not forced. {@link #crash} gives a disk as a power cut could
 * leave it:
 *
 * <ul>
 *   <li>of the 512-byte sectors of a file written since its last force, any subset is there;
 *   <li>a length changed since then is the old or the new one;
 *   <li>of the creations, renames and deletions in a directory since its last force, any subset
 *       happened, each as a whole.
 * </ul>
 *
 * <p>It also fails on demand: see {@link #fail}, {@link #powerOffAfter}, {@link #shortReads}. Safe
 * for several threads.
 */
public final class SimulatedDisk implements FileIo {
    private static final int SECTOR = 512;

    private final Map<Path, Inode> files = new TreeMap<>();
    private final Map<Path, Inode> durable = new TreeMap<>();
    private final Map<Path, List<Change>> pending = new HashMap<>(); // by directory
    private final Set<Path> locks = new HashSet<>();
    private Fault fault = (call, path) -> {};
    private Random shortReads; // or null
    private final List<Write> unforced = new ArrayList<>(); // in order
    private long callsLeft = Long.MAX_VALUE;
    private boolean off;

    /** The calls that can fail. */
    public enum Call {
        CREATE,
        OPEN,
        READ,
        /** A write into bytes that the file has already. */
        OVERWRITE,
        /** A write that makes the file longer. */
        EXTEND,
        PREALLOCATE,
        TRUNCATE,
        FORCE,
        RENAME,
        DELETE,
        FORCE_DIRECTORY;

        /** Whether a full disk can refuse it. */
        public boolean allocates() {
            return this == CREATE || this == EXTEND || this == PREALLOCATE || this == RENAME;
        }

        /** Whether it makes something durable. */
        public boolean forces() {
            return this == FORCE || this == FORCE_DIRECTORY;
        }
    }

    /** Asked before each call; what it throws is the outcome of the call. */
    public interface Fault {
        void before(Call call, Path path) throws IOException;
    }

    private static final class Inode {
        byte[] bytes = new byte[0];
        int size;
        byte[] forced = new byte[0];
        int forcedSize;
        final BitSet dirty = new BitSet();

        void resize(int newSize) {
            if (newSize > bytes.length) {
                bytes = Arrays.copyOf(bytes, Math.max(newSize, bytes.length * 3 / 2));
            }
            if (newSize < size) Arrays.fill(bytes, newSize, size, (byte) 0);
            size = newSize;
        }

        void force() {
            forced = grown(forced, size);
            for (int s = dirty.nextSetBit(0); s >= 0; s = dirty.nextSetBit(s + 1)) {
                int from = s * SECTOR;
                int length = Math.min(SECTOR, size - from);
                if (length > 0) System.arraycopy(bytes, from, forced, from, length);
            }
            dirty.clear();
            forcedSize = size;
        }

        private static byte[] grown(byte[] array, int size) {
            return array.length < size
                    ? Arrays.copyOf(array, Math.max(size, array.length * 3 / 2))
                    : array;
        }

        /** What a power cut leaves, as if it had been forced. */
        Inode afterCrash(Random random) {
            Inode left = new Inode();
            // Often all or nothing: the corner cases of any subset.
            int mode = random.nextInt(4);
            boolean newSize = mode == 0 || mode != 1 && random.nextBoolean();
            left.size = newSize ? size : forcedSize;
            left.bytes = new byte[left.size];
            System.arraycopy(forced, 0, left.bytes, 0, Math.min(forcedSize, left.size));
            for (int s = dirty.nextSetBit(0); s >= 0; s = dirty.nextSetBit(s + 1)) {
                int from = s * SECTOR;
                int length = Math.min(SECTOR, Math.min(size, left.size) - from);
                if (length <= 0) continue;
                if (mode == 0 || mode != 1 && random.nextBoolean()) {
                    System.arraycopy(bytes, from, left.bytes, from, length);
                }
            }
            left.forced = left.bytes.clone();
            left.forcedSize = left.size;
            return left;
        }
    }

    private record Write(Inode inode, int position, byte[] bytes) {}

    /** Names that go and names that come, together. */
    private record Change(Path removed, Path added, Inode inode) {
        void apply(Map<Path, Inode> names) {
            if (removed != null) names.remove(removed);
            if (added != null) names.put(added, inode);
        }
    }

    /** Sets what fails from now on; {@code (call, path) -> {}} ends it. */
    public synchronized void fail(Fault newFault) {
        fault = newFault;
    }

    /** Reads return fewer bytes than asked, as the seed has it. */
    public synchronized void shortReads(long seed) {
        shortReads = new Random(seed);
    }

    /** After so many more calls that change something, every call fails: the power is gone. */
    public synchronized void powerOffAfter(long calls) {
        callsLeft = calls;
    }

    /** What is left of {@link #powerOffAfter}: tells how many calls a run makes. */
    public synchronized long callsLeft() {
        return callsLeft;
    }

    /** Whether the power is gone. */
    public synchronized boolean isOff() {
        return off;
    }

    /** A disk as this one could be after a power cut now. This one is dead from here on. */
    public synchronized SimulatedDisk crash(Random random) {
        off = true;
        Map<Path, Inode> names = new TreeMap<>(durable);
        for (List<Change> changes : pending.values()) {
            int mode = random.nextInt(4);
            for (Change change : changes) {
                if (mode == 0 || mode != 1 && random.nextBoolean()) change.apply(names);
            }
        }
        SimulatedDisk left = new SimulatedDisk();
        names.forEach((path, inode) -> left.adopt(path, inode.afterCrash(random)));
        return left;
    }

    /** A disk with all that was written, as after the kill of the process alone. */
    public synchronized SimulatedDisk afterKill() {
        off = true;
        SimulatedDisk left = new SimulatedDisk();
        files.forEach((path, inode) -> left.adopt(path, copy(inode)));
        return left;
    }

    /** Bytes written since the last force of their files. */
    public synchronized int unforcedBytes() {
        int sum = 0;
        for (Write write : unforced) sum += write.bytes.length;
        return sum;
    }

    /**
     * A disk as it is when the power goes in the middle of a write: what was written is there in
     * order, up to this many bytes of what was not forced.
     */
    public synchronized SimulatedDisk torn(int bytes) {
        off = true;
        Map<Inode, Inode> images = new java.util.IdentityHashMap<>();
        SimulatedDisk left = new SimulatedDisk();
        files.forEach((path, inode) -> {
            Inode image = new Inode();
            image.resize(inode.forcedSize);
            System.arraycopy(inode.forced, 0, image.bytes, 0, inode.forcedSize);
            images.put(inode, image);
            left.adopt(path, image);
        });
        int budget = bytes;
        for (Write write : unforced) {
            int count = Math.min(budget, write.bytes.length);
            budget -= count;
            Inode image = images.get(write.inode);
            if (image == null || count == 0) continue;
            if (write.position + count > image.size) image.resize(write.position + count);
            System.arraycopy(write.bytes, 0, image.bytes, write.position, count);
        }
        for (Inode image : images.values()) {
            image.forced = Arrays.copyOf(image.bytes, image.size);
            image.forcedSize = image.size;
        }
        return left;
    }

    /** An independent copy of this disk, all of it durable; this one goes on. */
    public synchronized SimulatedDisk copy() {
        SimulatedDisk left = new SimulatedDisk();
        files.forEach((path, inode) -> left.adopt(path, copy(inode)));
        return left;
    }

    private static Inode copy(Inode inode) {
        Inode same = new Inode();
        same.bytes = Arrays.copyOf(inode.bytes, inode.size);
        same.size = inode.size;
        same.forced = same.bytes.clone();
        same.forcedSize = inode.size;
        return same;
    }

    private synchronized void adopt(Path path, Inode inode) {
        files.put(path, inode);
        durable.put(path, inode);
    }

    /** The files and their lengths. */
    public synchronized Map<Path, Integer> files() {
        Map<Path, Integer> sizes = new TreeMap<>();
        files.forEach((path, inode) -> sizes.put(path, inode.size));
        return sizes;
    }

    /** Damages one bit, behind everybody's back. */
    public synchronized void flipBit(Path path, int offset, int bit) {
        Inode inode = files.get(path);
        inode.bytes[offset] ^= (byte) (1 << bit);
        if (offset < inode.forcedSize) inode.forced[offset] ^= (byte) (1 << bit);
    }

    /** Sum of all lengths. */
    public synchronized long totalBytes() {
        long sum = 0;
        for (Inode inode : files.values()) sum += inode.size;
        return sum;
    }

    @Override
    public synchronized Channel open(Path path, Mode mode) throws IOException {
        if (mode == Mode.CREATE_NEW) {
            before(Call.CREATE, path);
            if (files.containsKey(path)) throw new FileAlreadyExistsException(path.toString());
            change(path.getParent(), new Change(null, path, new Inode()));
        } else {
            before(Call.OPEN, path);
        }
        Inode inode = files.get(path);
        if (inode == null) throw new FileNotFoundException(path.toString());
        return new SimulatedChannel(path, inode, mode);
    }

    @Override
    public synchronized void rename(Path from, Path to) throws IOException {
        before(Call.RENAME, from);
        Inode inode = files.get(from);
        if (inode == null) throw new FileNotFoundException(from.toString());
        change(from.getParent(), new Change(from, to, inode));
    }

    @Override
    public synchronized void delete(Path path) throws IOException {
        before(Call.DELETE, path);
        if (!files.containsKey(path)) throw new FileNotFoundException(path.toString());
        change(path.getParent(), new Change(path, null, null));
    }

    /** Directories need not exist here. */
    @Override
    public void createDirectory(Path path) {}

    @Override
    public synchronized void forceDirectory(Path directory) throws IOException {
        before(Call.FORCE_DIRECTORY, directory);
        List<Change> changes = pending.remove(directory);
        if (changes != null) for (Change change : changes) change.apply(durable);
    }

    @Override
    public synchronized List<Path> list(Path directory) throws IOException {
        requirePower();
        List<Path> paths = new ArrayList<>();
        for (Path path : files.keySet()) if (path.getParent().equals(directory)) paths.add(path);
        return paths;
    }

    @Override
    public synchronized boolean exists(Path path) throws IOException {
        requirePower();
        return files.containsKey(path);
    }

    @Override
    public synchronized AutoCloseable lock(Path path) {
        if (!locks.add(path)) throw new StorageException.Locked(path.getParent() + " is in use");
        return () -> {
            synchronized (this) {
                locks.remove(path);
            }
        };
    }

    private void change(Path directory, Change change) {
        change.apply(files);
        pending.computeIfAbsent(directory, ignored -> new ArrayList<>()).add(change);
    }

    private void before(Call call, Path path) throws IOException {
        requirePower();
        boolean changes = call != Call.READ && call != Call.OPEN;
        if (changes && callsLeft-- <= 0) off = true;
        requirePower();
        fault.before(call, path);
    }

    private void requirePower() throws IOException {
        if (off) throw new IOException("the power is gone");
    }

    private final class SimulatedChannel implements Channel {
        private final Path path;
        private final Inode inode;
        private final Mode mode;
        private boolean open = true;

        SimulatedChannel(Path path, Inode inode, Mode mode) {
            this.path = path;
            this.inode = inode;
            this.mode = mode;
        }

        @Override
        public int read(ByteBuffer target, long position) throws IOException {
            synchronized (SimulatedDisk.this) {
                requireOpen();
                before(Call.READ, path);
                if (position >= inode.size) return -1;
                int count = (int) Math.min(target.remaining(), inode.size - position);
                if (shortReads != null && count > 1) count = 1 + shortReads.nextInt(count);
                target.put(inode.bytes, (int) position, count);
                return count;
            }
        }

        @Override
        public void write(ByteBuffer source, long position) throws IOException {
            synchronized (SimulatedDisk.this) {
                requireWritable();
                int end = Math.toIntExact(position + source.remaining());
                before(end > inode.size ? Call.EXTEND : Call.OVERWRITE, path);
                if (end > inode.size) inode.resize(end);
                markDirty((int) position, end);
                int count = source.remaining();
                source.get(inode.bytes, (int) position, count);
                byte[] written = Arrays.copyOfRange(inode.bytes, (int) position, end);
                unforced.add(new Write(inode, (int) position, written));
            }
        }

        @Override
        public void force(boolean metadata) throws IOException {
            synchronized (SimulatedDisk.this) {
                requireWritable();
                before(Call.FORCE, path);
                inode.force();
                unforced.removeIf(write -> write.inode == inode);
            }
        }

        @Override
        public void preallocate(long bytes) throws IOException {
            synchronized (SimulatedDisk.this) {
                requireWritable();
                int from = inode.size;
                try {
                    before(Call.PREALLOCATE, path);
                } catch (OutOfSpace e) {
                    grow(from, from + (int) (bytes - from) / 2);
                    throw e;
                }
                grow(from, Math.toIntExact(bytes));
            }
        }

        private void grow(int from, int to) {
            if (to <= from) return;
            inode.resize(to);
            markDirty(from, to);
        }

        @Override
        public long size() throws IOException {
            synchronized (SimulatedDisk.this) {
                requireOpen();
                return inode.size;
            }
        }

        @Override
        public void truncate(long size) throws IOException {
            synchronized (SimulatedDisk.this) {
                requireWritable();
                before(Call.TRUNCATE, path);
                if (size < inode.size) inode.resize((int) size);
            }
        }

        @Override
        public void close() {
            synchronized (SimulatedDisk.this) {
                open = false;
            }
        }

        private void markDirty(int from, int to) {
            if (to > from) inode.dirty.set(from / SECTOR, (to - 1) / SECTOR + 1);
        }

        private void requireOpen() throws IOException {
            if (!open) throw new IOException(path + " is closed");
            requirePower();
        }

        private void requireWritable() throws IOException {
            requireOpen();
            if (mode == Mode.READ) throw new IOException(path + " is open for reading only");
        }
    }
}
