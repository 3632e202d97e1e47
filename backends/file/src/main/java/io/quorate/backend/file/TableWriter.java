package io.quorate.backend.file;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/**
 * Writes a table file: sorted entries, keyspace after keyspace, in bounded memory (one block, and a
 * key for each block). The file, big-endian:
 *
 * <pre>
 * blocks    see {@link Block}; a block holds entries of one keyspace
 * index     per keyspace: id u8, cleared u8, block count u32, last key,
 *           per block: offset u64, length u32, first key   (a key: length u32, bytes)
 *           then CRC32C as of a block
 * footer    index offset u64 | index length u32 | entries u64 | tombstones u64 | magic u64 | crc u32
 * </pre>
 */
final class TableWriter {
    static final long MAGIC = 0x51754F7261546231L;
    static final int FOOTER_BYTES = 40;
    private static final int CHUNK_BYTES = 256 << 10;

    /** Takes the bytes of the file in order. */
    interface Sink {
        void write(ByteBuffer bytes, long offset) throws IOException;
    }

    private final long id;
    private final int blockBytes;
    private final Sink sink;
    private final List<KeyspaceIndex> index = new ArrayList<>();
    private ByteBuffer chunk = ByteBuffer.allocate(CHUNK_BYTES);
    private long chunkOffset;
    // The block being filled.
    private byte[] block;
    private int blockLength;
    private int[] offsets = new int[64];
    private int count;
    private byte[] firstKey;
    private byte[] lastKey;
    private long entries;
    private long tombstones;
    private BitSet cleared = new BitSet();

    /**
     * Where the blocks of one keyspace are.
     *
     * @param firstKeys of each block
     */
    static final class KeyspaceIndex {
        final int keyspace;
        final List<byte[]> firstKeys = new ArrayList<>();
        final List<Long> offsets = new ArrayList<>();
        final List<Integer> lengths = new ArrayList<>();
        byte[] lastKey = new byte[0];

        KeyspaceIndex(int keyspace) {
            this.keyspace = keyspace;
        }
    }

    TableWriter(long id, int blockBytes, Sink sink) {
        this.id = id;
        this.blockBytes = blockBytes;
        this.sink = sink;
        block = new byte[blockBytes * 2];
    }

    /** Keyspaces in order of id, keys ascending in each. */
    void add(int keyspace, byte[] key, byte[] valueOrTombstone) throws IOException {
        KeyspaceIndex current = index.isEmpty() ? null : index.getLast();
        if (current == null || current.keyspace != keyspace) {
            if (current != null && keyspace < current.keyspace) throw notAscending();
            endBlock();
            index.add(new KeyspaceIndex(keyspace));
        } else if (Arrays.compareUnsigned(key, lastKey) <= 0) {
            throw notAscending();
        }
        boolean tombstone = valueOrTombstone == MemTable.TOMBSTONE;
        int length = 8 + key.length + valueOrTombstone.length;
        reserve(length);
        if (count == 0) firstKey = key;
        if (count == offsets.length) offsets = Arrays.copyOf(offsets, 2 * count);
        offsets[count++] = blockLength;
        Block.putInt32(block, blockLength, key.length);
        Block.putInt32(block, blockLength + 4, tombstone ? -1 : valueOrTombstone.length);
        System.arraycopy(key, 0, block, blockLength + 8, key.length);
        System.arraycopy(
                valueOrTombstone, 0, block, blockLength + 8 + key.length, valueOrTombstone.length);
        blockLength += length;
        lastKey = key;
        entries++;
        if (tombstone) tombstones++;
        if (blockLength >= blockBytes) endBlock();
    }

    /** Marks a keyspace as hiding what older tables hold of it. */
    void clear(int keyspace) {
        cleared.set(keyspace);
    }

    /** Bytes given to the sink or about to be. */
    long length() {
        return chunkOffset + chunk.position() + blockLength;
    }

    boolean isEmpty() {
        return entries == 0 && cleared.isEmpty();
    }

    /** Writes the rest; returns the length of the file. */
    long finish() throws IOException {
        endBlock();
        long indexOffset = chunkOffset + chunk.position();
        byte[] encoded = encodeIndex();
        Block.putInt32(
                encoded,
                encoded.length - 4,
                Block.crc(encoded, encoded.length - 4, id, indexOffset));
        write(encoded, encoded.length);
        ByteBuffer footer = ByteBuffer.allocate(FOOTER_BYTES);
        footer.putLong(indexOffset).putInt(encoded.length).putLong(entries).putLong(tombstones);
        footer.putLong(MAGIC);
        long at = chunkOffset + chunk.position();
        footer.putInt(Block.crc(footer.array(), FOOTER_BYTES - 4, id, at));
        write(footer.array(), FOOTER_BYTES);
        flushChunk();
        return chunkOffset;
    }

    private byte[] encodeIndex() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        for (int id = cleared.nextSetBit(0); id >= 0; id = cleared.nextSetBit(id + 1)) {
            int keyspace = id;
            if (index.stream().noneMatch(known -> known.keyspace == keyspace)) {
                index.add(new KeyspaceIndex(keyspace));
            }
        }
        for (KeyspaceIndex one : index) {
            out.writeByte(one.keyspace);
            out.writeBoolean(cleared.get(one.keyspace));
            out.writeInt(one.firstKeys.size());
            out.writeInt(one.lastKey.length);
            out.write(one.lastKey);
            for (int i = 0; i < one.firstKeys.size(); i++) {
                out.writeLong(one.offsets.get(i));
                out.writeInt(one.lengths.get(i));
                out.writeInt(one.firstKeys.get(i).length);
                out.write(one.firstKeys.get(i));
            }
        }
        out.writeInt(0); // the checksum
        return bytes.toByteArray();
    }

    private void endBlock() throws IOException {
        if (count == 0) return;
        reserve(4 * count + Block.TRAILER_BYTES);
        for (int i = 0; i < count; i++, blockLength += 4) {
            Block.putInt32(block, blockLength, offsets[i]);
        }
        Block.putInt32(block, blockLength, count);
        blockLength += 4;
        long offset = chunkOffset + chunk.position();
        Block.putInt32(block, blockLength, Block.crc(block, blockLength, id, offset));
        blockLength += 4;
        KeyspaceIndex current = index.getLast();
        current.firstKeys.add(firstKey);
        current.offsets.add(offset);
        current.lengths.add(blockLength);
        current.lastKey = lastKey;
        write(block, blockLength);
        blockLength = 0;
        count = 0;
        if (block.length > 16 * blockBytes) block = new byte[blockBytes * 2];
    }

    private void reserve(int more) {
        long needed = (long) blockLength + more;
        if (needed <= block.length) return;
        if (needed > Integer.MAX_VALUE - 64) {
            throw new IllegalArgumentException("an entry of " + more + " bytes is too large");
        }
        block = Arrays.copyOf(block, (int) Math.min(Integer.MAX_VALUE - 64, needed * 2));
    }

    private void write(byte[] bytes, int length) throws IOException {
        int done = 0;
        while (done < length) {
            int step = Math.min(chunk.remaining(), length - done);
            chunk.put(bytes, done, step);
            done += step;
            if (!chunk.hasRemaining()) flushChunk();
        }
    }

    private void flushChunk() throws IOException {
        if (chunk.position() == 0) return;
        ByteBuffer full = chunk.flip();
        int length = full.remaining();
        // The sink may keep the buffer.
        chunk = ByteBuffer.allocate(CHUNK_BYTES);
        sink.write(full, chunkOffset);
        chunkOffset += length;
    }

    private static IllegalArgumentException notAscending() {
        return new IllegalArgumentException(
                "keys must ascend, and keyspaces in the order of their ids");
    }
}
