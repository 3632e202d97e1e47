package io.quorate.backend.file;

import io.quorate.spi.storage.Applied;
import io.quorate.spi.storage.Install;
import io.quorate.spi.storage.IoThread;
import io.quorate.spi.storage.Keyspace;
import io.quorate.spi.storage.StorageException;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.Semaphore;

/**
 * A new state on its way in: one table, written by a thread of its own behind the feeder, which
 * waits when it is {@link #PENDING_MAX} chunks ahead. Leftovers of a crash are removed at open.
 */
final class FileInstall implements Install {
    private static final int PENDING_MAX = 8;

    private final FileStateStore store;
    private final TableFiles files;
    private final Applied at;
    private final IoThread thread = new IoThread("quorate-state-install");
    private final Semaphore pending = new Semaphore(PENDING_MAX);
    private final long[] live = new long[Manifest.KEYSPACES];
    private TableFiles.Draft draft;
    private TableWriter writer;
    private volatile StorageException failure;
    private boolean ended;

    FileInstall(FileStateStore store, TableFiles files, Applied at) {
        this.store = store;
        this.files = files;
        this.at = at;
    }

    @Override
    public void put(Keyspace keyspace, byte[] key, byte[] value) {
        requireOpen();
        byte[] own = value == MemTable.TOMBSTONE ? new byte[0] : value;
        try {
            if (draft == null) {
                draft = thread.call(this::begin);
                writer = draft.writer(this::write);
            }
            writer.add(keyspace.id(), key, own);
        } catch (IOException e) {
            throw StorageException.of("cannot write the new state", e);
        }
        live[keyspace.id()] += (long) key.length + own.length + Block.ENTRY_OVERHEAD_BYTES;
    }

    @Override
    public void commit() {
        requireOpen();
        try {
            long bytes = draft == null ? 0 : writer.finish();
            requireOpen();
            thread.call(() -> commitOnThread(bytes));
        } catch (IOException e) {
            throw StorageException.of("cannot write the new state", e);
        }
        end();
    }

    private Void commitOnThread(long bytes) {
        requireOpen();
        try {
            Table table = draft == null ? null : draft.finish(bytes);
            draft = null;
            store.commitInstall(at, live, table);
            return null;
        } catch (StorageException.Fatal e) {
            throw store.poison(e);
        } catch (IOException e) {
            StorageException failed = StorageException.of("cannot install the new state", e);
            throw failed instanceof StorageException.Fatal ? store.poison(failed) : failed;
        }
    }

    @Override
    public synchronized void close() {
        if (ended) return;
        TableFiles.Draft abandoned = draft;
        draft = null;
        try {
            if (abandoned != null) {
                thread.call(() -> discard(abandoned));
            }
        } finally {
            end();
        }
    }

    private synchronized void end() {
        if (ended) return;
        ended = true;
        thread.finish();
        store.endInstall();
    }

    private TableFiles.Draft begin() {
        try {
            return files.begin();
        } catch (IOException e) {
            throw StorageException.of("cannot create a table for the new state", e);
        }
    }

    private static Void discard(TableFiles.Draft abandoned) {
        try {
            abandoned.discard();
            return null;
        } catch (IOException e) {
            throw StorageException.of("cannot remove an abandoned table", e);
        }
    }

    /** Gives a chunk to the writing thread. */
    private void write(ByteBuffer chunk, long offset) {
        pending.acquireUninterruptibly();
        TableFiles.Draft target = draft;
        thread.execute(() -> {
            try {
                if (failure == null) target.write(chunk, offset);
            } catch (StorageException e) {
                failure = e;
            } catch (IOException e) {
                failure = StorageException.of("cannot write the new state", e);
            } finally {
                pending.release();
            }
        });
        if (failure != null) throw failure;
    }

    private synchronized void requireOpen() {
        if (ended) throw new StorageException.Closed("install");
        if (failure != null) throw failure;
    }
}
