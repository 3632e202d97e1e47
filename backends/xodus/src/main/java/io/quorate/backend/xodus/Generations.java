package io.quorate.backend.xodus;

import io.quorate.spi.storage.DirectoryLock;
import io.quorate.spi.storage.FileIo;
import io.quorate.spi.storage.StorageException;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.zip.CRC32C;

/**
 * Which environment of a directory counts: the file {@code CURRENT} names it, and replacing that
 * file is what makes an install or a defragmentation happen, at once and for good. What belongs to
 * any other generation is a leftover.
 */
final class Generations {
    private static final String FILE = "CURRENT";
    private static final int BYTES = 8 + 8 + 4;
    private static final long MAGIC = 0x7175_6f72_786f_6447L;

    /** Marks that an environment has before anything in it was acknowledged. */
    private static final long MARKS_OF_CREATION = 2;

    private Generations() {}

    /** Opens the current environment of a directory, or makes the first, and tidies up. */
    static Database openCurrent(
            FileIo io, Path directory, XodusSettings settings, Consumer<StorageException> poisoned)
            throws IOException {
        DirectoryLock.deleteDrafts(io, directory);
        if (io.exists(directory.resolve(FILE))) {
            long generation = read(io, directory);
            deleteOthers(io, directory, generation);
            return Database.open(io, directory, generation, settings, poisoned);
        }
        requireNothingLost(io, directory);
        deleteOthers(io, directory, 0);
        Database first = Database.create(io, directory, 1, settings, poisoned);
        try {
            write(io, directory, 1);
            return first;
        } catch (IOException | RuntimeException e) {
            first.close();
            throw e;
        }
    }

    /** Makes another environment the current one, durable on return. */
    static void write(FileIo io, Path directory, long generation) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(BYTES).putLong(MAGIC).putLong(generation);
        bytes.putInt(crc(bytes.array())).rewind();
        Path draft = directory.resolve(FILE + DirectoryLock.DRAFT_SUFFIX);
        if (io.exists(draft)) io.delete(draft);
        try (FileIo.Channel channel = io.open(draft, FileIo.Mode.CREATE_NEW)) {
            channel.write(bytes, 0);
            channel.force(true);
        }
        io.rename(draft, directory.resolve(FILE));
        io.forceDirectory(directory);
    }

    private static long read(FileIo io, Path directory) throws IOException {
        Path path = directory.resolve(FILE);
        ByteBuffer bytes = ByteBuffer.allocate(BYTES);
        try (FileIo.Channel channel = io.open(path, FileIo.Mode.READ)) {
            while (bytes.hasRemaining() && channel.read(bytes, bytes.position()) > 0) continue;
        }
        boolean whole =
                !bytes.hasRemaining()
                        && bytes.getLong(0) == MAGIC
                        && bytes.getInt(16) == crc(bytes.array());
        if (!whole) {
            throw new StorageException.Corruption(
                    path + " is damaged; restore the member from its peers or from a backup", null);
        }
        return bytes.getLong(8);
    }

    private static int crc(byte[] bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, 16);
        return (int) crc.getValue();
    }

    /** Without CURRENT there may be what a crash left of the creation, but no more than that. */
    private static void requireNothingLost(FileIo io, Path directory) throws IOException {
        for (Path path : io.list(directory)) {
            if (!path.getFileName().toString().endsWith(".mark")) continue;
            long sequence;
            try (FileIo.Channel channel = io.open(path, FileIo.Mode.READ)) {
                sequence = Mark.read(channel, path).sequence();
            } catch (StorageException.Corruption e) {
                continue; // cut short in its first write
            }
            if (sequence > MARKS_OF_CREATION) {
                throw new StorageException.Corruption(
                        directory + " has data but no CURRENT; restore it from a backup", null);
            }
        }
    }

    private static void deleteOthers(FileIo io, Path directory, long generation)
            throws IOException {
        String kept = Database.prefix(generation);
        for (Path path : io.list(directory)) {
            String name = path.getFileName().toString();
            boolean environment = name.endsWith(".xd") || name.endsWith(".mark");
            if (environment && !name.startsWith(kept)) io.delete(path);
        }
    }
}
