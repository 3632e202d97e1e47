package io.quorate.backend.file;

import io.quorate.spi.storage.Applied;
import io.quorate.spi.storage.Cursor;
import io.quorate.spi.storage.Keyspace;
import io.quorate.spi.storage.ReadView;
import io.quorate.spi.storage.StorageException;

import java.util.concurrent.atomic.AtomicReference;

/** A version of the state, held. */
final class FileView implements ReadView {
    private final Applied applied;
    private final AtomicReference<Version> version; // null once closed

    /** Takes over the reference that the caller holds on its set. */
    FileView(Version version) {
        this.applied = version.applied();
        this.version = new AtomicReference<>(version);
    }

    @Override
    public Applied applied() {
        return applied;
    }

    @Override
    public byte[] get(Keyspace keyspace, byte[] key) {
        Version held = hold();
        try {
            return held.get(keyspace.id(), key);
        } finally {
            held.set().release();
        }
    }

    @Override
    public Cursor cursor(Keyspace keyspace, byte[] from, byte[] toExclusive, boolean descending) {
        Version held = hold();
        try {
            return new FileCursor(held, held.source(keyspace.id(), from, toExclusive, descending));
        } finally {
            held.set().release();
        }
    }

    @Override
    public void close() {
        Version held = version.getAndSet(null);
        if (held != null) held.set().release();
    }

    /** A reference for one call: another thread may close the view meanwhile. */
    private Version hold() {
        Version held = version.get();
        if (held == null || !held.set().tryRetain()) {
            throw new StorageException.Closed("read view");
        }
        return held;
    }

    private final class FileCursor implements Cursor {
        private final Version held;
        private final Source source;
        private byte[] key; // null where the cursor stands on nothing
        private byte[] value; // null until asked for: a walk over keys copies no values

        FileCursor(Version held, Source source) {
            this.held = held;
            this.source = source;
        }

        @Override
        public boolean next() {
            hold();
            try {
                value = null;
                while (source.next()) {
                    if (source.isTombstone()) continue;
                    key = source.key();
                    return true;
                }
            } finally {
                held.set().release();
            }
            key = null;
            return false;
        }

        @Override
        public byte[] key() {
            return key;
        }

        @Override
        public byte[] value() {
            if (value != null || key == null) return value;
            hold();
            try {
                value = source.value();
            } finally {
                held.set().release();
            }
            return value;
        }

        @Override
        public void close() {
            // Holds nothing of its own.
        }
    }
}
