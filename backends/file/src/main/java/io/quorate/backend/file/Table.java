package io.quorate.backend.file;

import io.quorate.spi.storage.FileIo;
import io.quorate.spi.storage.StorageException;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A table file, open for reading. Immutable; its index lives in the heap, its blocks do not. Kept
 * open, and on disk, while somebody holds a reference.
 */
final class Table {
    /** One key found, or not. */
    record Hit(Block block, int entry) {}

    private final Path path;
    private final long id;
    private final long bytes;
    private final FileIo.Channel channel;
    private final BlockCache cache;
    private final Keyspaces[] keyspaces = new Keyspaces[256];
    private long entries;
    private long tombstones;
    private final AtomicInteger references = new AtomicInteger();
    private volatile boolean obsolete;

    /** The blocks of one keyspace. */
    private record Keyspaces(
            boolean cleared, byte[] lastKey, byte[][] firstKeys, long[] offsets, int[] lengths) {}

    private Table(Path path, long id, long bytes, FileIo.Channel channel, BlockCache cache) {
        this.path = path;
        this.id = id;
        this.bytes = bytes;
        this.channel = channel;
        this.cache = cache;
    }

    static String fileName(long id) {
        return "%016x.table".formatted(id);
    }

    /** The id in a file name, or 0 when it is not a table's. */
    static long idOf(Path path) {
        String name = path.getFileName().toString();
        return name.matches("[0-9a-f]{16}\\.table") ? Long.parseUnsignedLong(name, 0, 16, 16) : 0;
    }

    /**
     * @param bytes the length that the manifest knows
     */
    static Table open(FileIo io, Path directory, long id, long bytes, BlockCache cache)
            throws IOException {
        Path path = directory.resolve(fileName(id));
        if (!io.exists(path)) throw damaged(path, "is missing", null);
        FileIo.Channel channel = io.open(path, FileIo.Mode.READ);
        boolean opened = false;
        try {
            if (channel.size() != bytes) {
                throw damaged(path, "has " + channel.size() + " bytes, not " + bytes, null);
            }
            Table table = new Table(path, id, bytes, channel, cache);
            table.readIndex();
            opened = true;
            return table;
        } finally {
            if (!opened) channel.close();
        }
    }

    long id() {
        return id;
    }

    Path path() {
        return path;
    }

    long bytes() {
        return bytes;
    }

    long entries() {
        return entries;
    }

    long tombstones() {
        return tombstones;
    }

    boolean isCleared(int keyspace) {
        return keyspaces[keyspace] != null && keyspaces[keyspace].cleared;
    }

    boolean has(int keyspace) {
        return keyspaces[keyspace] != null;
    }

    /** The entry of a key, which may be a tombstone, or null. */
    Hit find(int keyspace, byte[] key) {
        Keyspaces blocks = keyspaces[keyspace];
        if (blocks == null || blocks.firstKeys.length == 0) return null;
        if (Arrays.compareUnsigned(key, blocks.lastKey) > 0) return null;
        int at = blockFor(blocks, key);
        if (at < 0) return null;
        Block block = block(blocks, at, true);
        int entry = block.search(key);
        return entry < 0 ? null : new Hit(block, entry);
    }

    /** The last block whose first key is at most this one; -1 when all are larger. */
    private static int blockFor(Keyspaces blocks, byte[] key) {
        int low = 0;
        int high = blocks.firstKeys.length - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            if (Arrays.compareUnsigned(blocks.firstKeys[middle], key) <= 0) low = middle + 1;
            else high = middle - 1;
        }
        return high;
    }

    /**
     * A walk over a keyspace in [from, toExclusive).
     *
     * @param caching whether blocks read enter the cache; a merge would only spoil it
     */
    Source source(
            int keyspace, byte[] from, byte[] toExclusive, boolean descending, boolean caching) {
        Keyspaces blocks = keyspaces[keyspace];
        if (blocks == null || blocks.firstKeys.length == 0) return Source.NONE;
        // Revisions ascend, so most tables lie wholly beside the range; no block of them is read.
        boolean before = from != null && Arrays.compareUnsigned(blocks.lastKey, from) < 0;
        boolean behind =
                toExclusive != null
                        && Arrays.compareUnsigned(blocks.firstKeys[0], toExclusive) >= 0;
        if (before || behind) return Source.NONE;
        return new TableSource(blocks, from, toExclusive, descending, caching);
    }

    /** Reads every block and its order. */
    void verify() throws IOException {
        readIndex();
        long seen = 0;
        for (int keyspace = 0; keyspace < keyspaces.length; keyspace++) {
            Keyspaces blocks = keyspaces[keyspace];
            if (blocks == null) continue;
            byte[] last = null;
            for (int i = 0; i < blocks.firstKeys.length; i++) {
                Block block = block(blocks, i, false);
                for (int entry = 0; entry < block.count(); entry++, seen++) {
                    byte[] key = block.key(entry);
                    if (last != null && Arrays.compareUnsigned(key, last) <= 0) {
                        throw damaged(path, "is out of order at " + blocks.offsets[i], null);
                    }
                    last = key;
                }
            }
        }
        if (seen != entries) {
            throw damaged(path, "has " + seen + " entries, not " + entries, null);
        }
    }

    void retain() {
        references.incrementAndGet();
    }

    /** Gives up a reference; true for the last one. */
    boolean release() {
        return references.decrementAndGet() == 0;
    }

    /** No manifest names it any more: the file goes with the last reference. */
    void markObsolete() {
        obsolete = true;
    }

    boolean isObsolete() {
        return obsolete;
    }

    void close() throws IOException {
        channel.close();
    }

    private void readIndex() throws IOException {
        if (bytes < TableWriter.FOOTER_BYTES) throw damaged(path, "is too short", null);
        long footerAt = bytes - TableWriter.FOOTER_BYTES;
        byte[] footerBytes = read(footerAt, TableWriter.FOOTER_BYTES);
        ByteBuffer footer = ByteBuffer.wrap(footerBytes);
        long indexAt = footer.getLong();
        int indexLength = footer.getInt();
        entries = footer.getLong();
        tombstones = footer.getLong();
        boolean good =
                footer.getLong() == TableWriter.MAGIC && Block.check(footerBytes, id, footerAt);
        if (!good || indexAt + indexLength != footerAt || indexLength < 4) {
            throw damaged(path, "has a damaged footer", null);
        }
        byte[] index = read(indexAt, indexLength);
        if (!Block.check(index, id, indexAt)) throw damaged(path, "has a damaged index", null);
        parseIndex(ByteBuffer.wrap(index, 0, indexLength - 4));
    }

    private void parseIndex(ByteBuffer index) {
        while (index.hasRemaining()) {
            int keyspace = Byte.toUnsignedInt(index.get());
            boolean cleared = index.get() != 0;
            int count = index.getInt();
            byte[] lastKey = key(index);
            byte[][] firstKeys = new byte[count][];
            long[] offsets = new long[count];
            int[] lengths = new int[count];
            for (int i = 0; i < count; i++) {
                offsets[i] = index.getLong();
                lengths[i] = index.getInt();
                firstKeys[i] = key(index);
            }
            keyspaces[keyspace] = new Keyspaces(cleared, lastKey, firstKeys, offsets, lengths);
        }
    }

    private static byte[] key(ByteBuffer from) {
        byte[] key = new byte[from.getInt()];
        from.get(key);
        return key;
    }

    private Block block(Keyspaces blocks, int at, boolean caching) {
        long offset = blocks.offsets[at];
        Block cached = caching ? cache.get(id, offset) : null;
        if (cached != null) return cached;
        byte[] read;
        try {
            read = read(offset, blocks.lengths[at]);
        } catch (IOException e) {
            throw StorageException.of("cannot read " + path, e);
        }
        if (!Block.check(read, id, offset)) throw damaged(path, "is damaged at " + offset, null);
        Block block = new Block(read);
        if (caching) cache.put(id, offset, block);
        return block;
    }

    private byte[] read(long offset, int length) throws IOException {
        ByteBuffer target = ByteBuffer.allocate(length);
        while (target.hasRemaining()) {
            int count = channel.read(target, offset + target.position());
            if (count < 0) throw damaged(path, "ends at " + (offset + target.position()), null);
        }
        return target.array();
    }

    private static StorageException.Corruption damaged(Path path, String what, Throwable cause) {
        return new StorageException.Corruption(
                path + " " + what + "; restore this member from its peers or from a backup", cause);
    }

    private final class TableSource implements Source {
        private final Keyspaces blocks;
        private final byte[] stop;
        private final boolean descending;
        private final boolean caching;
        private int blockAt;
        private Block block;
        private int entry;
        private byte[] key;

        TableSource(
                Keyspaces blocks,
                byte[] from,
                byte[] toExclusive,
                boolean descending,
                boolean caching) {
            this.blocks = blocks;
            this.descending = descending;
            this.caching = caching;
            stop = descending ? from : toExclusive;
            seek(descending ? toExclusive : from);
        }

        private void seek(byte[] start) {
            if (start == null) {
                blockAt = descending ? blocks.firstKeys.length - 1 : 0;
                block = block(blocks, blockAt, caching);
                entry = descending ? block.count() : -1;
                return;
            }
            blockAt = Math.max(0, blockFor(blocks, start));
            block = block(blocks, blockAt, caching);
            int found = block.search(start);
            int lower = found < 0 ? -found - 1 : found;
            entry = descending ? lower : lower - 1;
        }

        @Override
        public boolean next() {
            if (block == null) return false;
            entry += descending ? -1 : 1;
            if (entry < 0 || entry >= block.count()) {
                blockAt += descending ? -1 : 1;
                if (blockAt < 0 || blockAt >= blocks.firstKeys.length) return end();
                block = block(blocks, blockAt, caching);
                entry = descending ? block.count() - 1 : 0;
            }
            key = block.key(entry);
            if (stop == null) return true;
            int order = Arrays.compareUnsigned(key, stop);
            return descending ? order >= 0 || end() : order < 0 || end();
        }

        private boolean end() {
            block = null;
            key = null;
            return false;
        }

        @Override
        public byte[] key() {
            return key;
        }

        @Override
        public byte[] value() {
            return block.value(entry);
        }

        @Override
        public boolean isTombstone() {
            return block.isTombstone(entry);
        }
    }
}
