package io.quorate.backend.file;

import io.quorate.spi.storage.Applied;
import io.quorate.spi.storage.FileIo;
import io.quorate.spi.storage.StorageException;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/** Makes, opens and removes the table files of a directory. Called by threads that do I/O. */
final class TableFiles {
    private final FileIo io;
    private final Path directory;
    private final int blockBytes;
    private final BlockCache cache;
    private final AtomicLong nextId;

    TableFiles(FileIo io, Path directory, int blockBytes, BlockCache cache, long nextId) {
        this.io = io;
        this.directory = directory;
        this.blockBytes = blockBytes;
        this.cache = cache;
        this.nextId = new AtomicLong(nextId);
    }

    /** Fills a table. */
    interface Content {
        void writeTo(TableWriter writer) throws IOException;
    }

    List<Table> openAll(List<Manifest.TableRef> refs) throws IOException {
        List<Table> tables = new ArrayList<>();
        boolean done = false;
        try {
            for (Manifest.TableRef ref : refs) {
                tables.add(Table.open(io, directory, ref.id(), ref.bytes(), cache));
            }
            done = true;
            return tables;
        } finally {
            if (!done) for (Table table : tables) table.close();
        }
    }

    /** A new table, durable and open, but in no manifest yet; null when it would be empty. */
    Table write(Content content) throws IOException {
        Draft draft = begin();
        boolean done = false;
        try {
            TableWriter writer = draft.writer();
            content.writeTo(writer);
            Table table = draft.finish(writer);
            done = table != null;
            return table;
        } finally {
            if (!done) draft.discard();
        }
    }

    Draft begin() throws IOException {
        long id = nextId.getAndIncrement();
        Path path = directory.resolve(Table.fileName(id));
        return new Draft(id, path, io.open(path, FileIo.Mode.CREATE_NEW));
    }

    /**
     * A table that is being written. It is forced piece by piece: one fsync of all of it would keep
     * the disk, and with it the Raft log's fsyncs, busy for as long as the whole table takes.
     */
    final class Draft implements TableWriter.Sink {
        private static final int PIECE_BYTES = 1 << 20;

        private final long id;
        private final Path path;
        private final FileIo.Channel channel;
        private int unforced;

        private Draft(long id, Path path, FileIo.Channel channel) {
            this.id = id;
            this.path = path;
            this.channel = channel;
        }

        /** Writes here, in the caller's thread. */
        TableWriter writer() {
            return writer(this);
        }

        TableWriter writer(TableWriter.Sink sink) {
            return new TableWriter(id, blockBytes, sink);
        }

        @Override
        public void write(ByteBuffer bytes, long offset) throws IOException {
            unforced += bytes.remaining();
            channel.write(bytes, offset);
            if (unforced < PIECE_BYTES) return;
            force(false);
            unforced = 0;
        }

        /** Ends the file and makes it durable; null, and nothing done, for an empty one. */
        Table finish(TableWriter writer) throws IOException {
            if (writer.isEmpty()) return null;
            return finish(writer.finish());
        }

        Table finish(long bytes) throws IOException {
            force(true);
            channel.close();
            io.forceDirectory(directory);
            return Table.open(io, directory, id, bytes, cache);
        }

        private void force(boolean metadata) {
            try {
                channel.force(metadata);
            } catch (IOException e) {
                throw new StorageException.Fatal(
                        "fsync of " + path + " failed; check the disk, then restart", e);
            }
        }

        void discard() throws IOException {
            channel.close();
            io.delete(path);
        }
    }

    void writeManifest(Applied applied, long[] live, List<Table> tables) throws IOException {
        List<Manifest.TableRef> refs = new ArrayList<>();
        for (Table table : tables) refs.add(new Manifest.TableRef(table.id(), table.bytes()));
        new Manifest(applied, nextId.get(), live, refs).write(io, directory);
    }

    /** Removes a table that never got into a manifest. */
    void discard(Table tableOrNull) throws IOException {
        if (tableOrNull == null) return;
        tableOrNull.close();
        io.delete(tableOrNull.path());
    }

    void dispose(Table table, Consumer<StorageException> report) {
        closeOnly(table, report);
        if (!table.isObsolete()) return;
        try {
            io.delete(table.path());
        } catch (IOException e) {
            report.accept(StorageException.of("cannot delete " + table.path(), e));
        }
    }

    void closeOnly(Table table, Consumer<StorageException> report) {
        try {
            table.close();
        } catch (IOException e) {
            report.accept(StorageException.of("cannot close " + table.path(), e));
        }
    }
}
