package io.quorate.spi.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * The small file in every data directory that says which plugin wrote it, what it holds and in
 * which format, so that another plugin refuses it by name instead of finding it corrupt.
 *
 * <p>It is text: {@code plugin=file}, {@code part=log}, {@code format=1}, {@code crc=...} on lines
 * of their own; the checksum is CRC32C over the lines before.
 *
 * @param plugin name of the plugin
 * @param part the half that the directory holds
 * @param format version of the plugin's format, from 1
 */
public record Stamp(String plugin, StorageProvider.Part part, int format) {
    private static final String FILE = "STAMP";
    private static final int MAX_BYTES = 4096;

    /**
     * Checks the stamp of a directory, or writes this one, durable on return, when there is none.
     * The caller holds the directory's lock and calls from a thread that is not interrupted.
     *
     * @return the format found, at most this stamp's
     * @throws StorageException.Foreign for the data of another plugin, the other half, or a later
     *     format
     * @throws StorageException.Corruption for a damaged stamp
     * @throws StorageException.NoSpace when it cannot be written
     */
    public int checkOrWrite(FileIo io, Path directory) {
        Path path = directory.resolve(FILE);
        try {
            if (!io.exists(path)) {
                write(io, directory);
                return format;
            }
            Stamp found = read(io, path);
            requireMine(found, directory);
            return found.format;
        } catch (FileIo.OutOfSpace e) {
            throw new StorageException.NoSpace("no space to write " + path + "; free some", e);
        } catch (IOException e) {
            throw new StorageException.Fatal("cannot read or write " + path, e);
        }
    }

    /**
     * The stamp of a directory, which stays as it is; empty where there is none.
     *
     * @throws StorageException.Corruption for a damaged stamp
     * @throws IOException when it cannot be read
     */
    public static Optional<Stamp> find(FileIo io, Path directory) throws IOException {
        Path path = directory.resolve(FILE);
        return io.exists(path) ? Optional.of(read(io, path)) : Optional.empty();
    }

    private void requireMine(Stamp found, Path directory) {
        String written =
                directory + " was written by \"" + found.plugin + "\" format " + found.format;
        if (!found.plugin.equals(plugin)) {
            throw new StorageException.Foreign(
                    written + "; this server uses \"" + plugin + "\". See etcdutl migrate.");
        }
        if (found.part != part) {
            throw new StorageException.Foreign(
                    directory
                            + " holds a "
                            + name(found.part)
                            + ", not a "
                            + name(part)
                            + "; check the data directories in the configuration.");
        }
        if (found.format > format) {
            throw new StorageException.Foreign(
                    written
                            + "; this server knows formats up to "
                            + format
                            + ". Start the release that wrote it, or a later one.");
        }
    }

    private void write(FileIo io, Path directory) throws IOException {
        Path draft = directory.resolve(FILE + ".tmp");
        if (io.exists(draft)) io.delete(draft);
        try (FileIo.Channel channel = io.open(draft, FileIo.Mode.CREATE_NEW)) {
            channel.write(ByteBuffer.wrap(text().getBytes(StandardCharsets.UTF_8)), 0);
            channel.force(true);
        }
        io.rename(draft, directory.resolve(FILE));
        io.forceDirectory(directory);
    }

    private static Stamp read(FileIo io, Path path) throws IOException {
        String text;
        try (FileIo.Channel channel = io.open(path, FileIo.Mode.READ)) {
            ByteBuffer bytes = ByteBuffer.allocate((int) Math.min(channel.size(), MAX_BYTES));
            while (bytes.hasRemaining() && channel.read(bytes, bytes.position()) > 0) continue;
            text = new String(bytes.array(), 0, bytes.position(), StandardCharsets.UTF_8);
        }
        Stamp stamp = parse(text);
        if (stamp == null || !stamp.text().equals(text)) {
            throw new StorageException.Corruption(
                    path + " is damaged; restore the member from its peers or from a backup", null);
        }
        return stamp;
    }

    /** The stamp in a text, or null; {@link #text()} of the result must give the text again. */
    private static Stamp parse(String text) {
        String[] lines = text.split("\n", -1);
        if (lines.length != 5 || !lines[0].startsWith("plugin=")) return null;
        try {
            return new Stamp(
                    lines[0].substring("plugin=".length()),
                    lines[1].equals("part=log")
                            ? StorageProvider.Part.LOG
                            : StorageProvider.Part.STATE,
                    Integer.parseInt(lines[2].replaceFirst("^format=", "")));
        } catch (NumberFormatException e) {
            return null;
        }
    }

    private String text() {
        String lines = "plugin=" + plugin + "\npart=" + name(part) + "\nformat=" + format + "\n";
        CRC32C crc = new CRC32C();
        crc.update(lines.getBytes(StandardCharsets.UTF_8));
        return lines + "crc=" + Long.toHexString(crc.getValue()) + "\n";
    }

    private static String name(StorageProvider.Part part) {
        return switch (part) {
            case LOG -> "log";
            case STATE -> "state";
        };
    }
}
