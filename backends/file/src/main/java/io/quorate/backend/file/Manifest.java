package io.quorate.backend.file;

import io.quorate.spi.storage.Applied;
import io.quorate.spi.storage.DirectoryLock;
import io.quorate.spi.storage.FileIo;
import io.quorate.spi.storage.StorageException;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * The file that says which tables are the state, and as of which log position. It is replaced as a
 * whole by a rename, which is the commit of a flush, a merge or an install. Big-endian: magic u64,
 * applied index and term u64, next table id u64, 256 times the live bytes of a keyspace u64, count
 * of tables u32, per table its id and length u64, CRC32C u32 over all before.
 *
 * @param applied whose effects the tables hold
 * @param nextTableId above every id ever used
 * @param liveBytes bytes of live entries by keyspace id, 256 of them
 * @param tables newest first
 */
record Manifest(Applied applied, long nextTableId, long[] liveBytes, List<TableRef> tables) {
    private static final String FILE = "MANIFEST";
    private static final long MAGIC = 0x51754F724D614E31L;
    static final int KEYSPACES = 256;
    private static final int FIXED_BYTES = 8 * 4 + 8 * KEYSPACES + 4 + 4;
    private static final int MAX_BYTES = 1 << 20;

    /**
     * A table by id.
     *
     * @param bytes length of its file
     */
    record TableRef(long id, long bytes) {}

    static Manifest empty() {
        return new Manifest(Applied.NONE, 1, new long[KEYSPACES], List.of());
    }

    static Path path(Path directory) {
        return directory.resolve(FILE);
    }

    /** Replaces the manifest, durable on return; the tables it names must be durable. */
    void write(FileIo io, Path directory) throws IOException {
        Path draft = directory.resolve(FILE + DirectoryLock.DRAFT_SUFFIX);
        if (io.exists(draft)) io.delete(draft);
        try (FileIo.Channel channel = io.open(draft, FileIo.Mode.CREATE_NEW)) {
            channel.write(encode(), 0);
            channel.force(true);
        }
        io.rename(draft, path(directory));
        io.forceDirectory(directory);
    }

    static Manifest read(FileIo io, Path directory) throws IOException {
        Path path = path(directory);
        try (FileIo.Channel channel = io.open(path, FileIo.Mode.READ)) {
            long size = channel.size();
            if (size < FIXED_BYTES || size > MAX_BYTES) throw damaged(path);
            ByteBuffer bytes = ByteBuffer.allocate((int) size);
            while (bytes.hasRemaining()) {
                if (channel.read(bytes, bytes.position()) < 0) throw damaged(path);
            }
            return decode(bytes.flip(), path);
        }
    }

    private ByteBuffer encode() {
        ByteBuffer bytes = ByteBuffer.allocate(FIXED_BYTES + 16 * tables.size());
        bytes.putLong(MAGIC).putLong(applied.index()).putLong(applied.term()).putLong(nextTableId);
        for (long live : liveBytes) bytes.putLong(live);
        bytes.putInt(tables.size());
        for (TableRef table : tables) bytes.putLong(table.id).putLong(table.bytes);
        bytes.putInt(crc(bytes.array(), bytes.position()));
        return bytes.flip();
    }

    private static Manifest decode(ByteBuffer bytes, Path path) {
        int crcAt = bytes.limit() - 4;
        boolean good = bytes.getInt(crcAt) == crc(bytes.array(), crcAt) && bytes.getLong() == MAGIC;
        if (!good) throw damaged(path);
        Applied applied = new Applied(bytes.getLong(), bytes.getLong());
        long nextTableId = bytes.getLong();
        long[] live = new long[KEYSPACES];
        for (int i = 0; i < KEYSPACES; i++) live[i] = bytes.getLong();
        int count = bytes.getInt();
        List<TableRef> tables = new ArrayList<>();
        for (int i = 0; i < count; i++) tables.add(new TableRef(bytes.getLong(), bytes.getLong()));
        return new Manifest(applied, nextTableId, live, tables);
    }

    private static int crc(byte[] bytes, int length) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, length);
        return (int) crc.getValue();
    }

    private static StorageException.Corruption damaged(Path path) {
        return new StorageException.Corruption(
                path + " is damaged; restore this member from its peers or from a backup", null);
    }
}
