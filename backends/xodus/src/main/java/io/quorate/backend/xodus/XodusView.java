package io.quorate.backend.xodus;

import io.quorate.spi.storage.Applied;
import io.quorate.spi.storage.Cursor;
import io.quorate.spi.storage.Keyspace;
import io.quorate.spi.storage.ReadView;
import io.quorate.spi.storage.StorageException;

import jetbrains.exodus.ByteIterable;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** A snapshot of the state, held. */
final class XodusView implements ReadView {
    private final Applied applied;
    private final BooleanSupplier storeClosed;
    private final AtomicReference<Snapshot> snapshot; // null once closed

    /** Takes over the reference that the caller holds on the snapshot. */
    XodusView(Snapshot snapshot, BooleanSupplier storeClosed) {
        this.applied = snapshot.applied();
        this.storeClosed = storeClosed;
        this.snapshot = new AtomicReference<>(snapshot);
    }

    @Override
    public Applied applied() {
        return applied;
    }

    @Override
    public byte[] get(Keyspace keyspace, byte[] key) {
        Snapshot held = hold();
        try {
            return read(
                    held,
                    () -> {
                        ByteIterable found =
                                held.database()
                                        .data()
                                        .get(held.transaction(), StateWriter.key(keyspace, key));
                        return found == null
                                ? null
                                : held.database().values().decode(held.transaction(), found);
                    });
        } finally {
            held.release();
        }
    }

    /**
     * One thread at a time: a tree of Xodus reads its pages through one iterator, and views that
     * share a snapshot share its trees. What Xodus throws when it is closed under a reader is not
     * damage.
     */
    private <T> T read(Snapshot held, Supplier<T> call) {
        try {
            synchronized (held) {
                return Database.translated(call);
            }
        } catch (StorageException e) {
            throw storeClosed.getAsBoolean() ? new StorageException.Closed("read view") : e;
        }
    }

    @Override
    public Cursor cursor(Keyspace keyspace, byte[] from, byte[] toExclusive, boolean descending) {
        Snapshot held = hold();
        try {
            return read(held, () -> new XodusCursor(held, keyspace, from, toExclusive, descending));
        } finally {
            held.release();
        }
    }

    @Override
    public void close() {
        Snapshot held = snapshot.getAndSet(null);
        if (held != null) held.release();
    }

    /** A reference for one call: another thread may close the view meanwhile. */
    private Snapshot hold() {
        Snapshot held = snapshot.get();
        if (held == null || storeClosed.getAsBoolean() || !held.tryRetain()) {
            throw new StorageException.Closed("read view");
        }
        return held;
    }

    private final class XodusCursor implements Cursor {
        private final Snapshot held;
        private final jetbrains.exodus.env.Cursor cursor;
        private final byte[] from; // with the keyspace before it
        private final byte[] toExclusive; // likewise; null behind the last keyspace
        private final boolean descending;
        private boolean started;
        private byte[] key;
        private byte[] value; // null until asked for

        XodusCursor(
                Snapshot held,
                Keyspace keyspace,
                byte[] from,
                byte[] toExclusive,
                boolean descending) {
            this.held = held;
            this.descending = descending;
            byte id = (byte) keyspace.id();
            this.from = from == null ? new byte[] {id} : prefixed(id, from);
            byte[] end = keyspace.id() == 255 ? null : new byte[] {(byte) (id + 1)};
            this.toExclusive = toExclusive == null ? end : prefixed(id, toExclusive);
            cursor = held.database().data().openCursor(held.transaction());
        }

        private static byte[] prefixed(byte id, byte[] key) {
            byte[] stored = new byte[1 + key.length];
            stored[0] = id;
            System.arraycopy(key, 0, stored, 1, key.length);
            return stored;
        }

        @Override
        public boolean next() {
            if (hold() != held) throw new IllegalStateException();
            try {
                value = null;
                key = read(held, this::step);
                return key != null;
            } finally {
                held.release();
            }
        }

        /** The next key without its keyspace, or null. */
        private byte[] step() {
            boolean found = started ? advance() : start();
            started = true;
            if (!found) return null;
            byte[] stored = Database.bytes(cursor.getKey());
            boolean inside =
                    Arrays.compareUnsigned(stored, from) >= 0
                            && (toExclusive == null
                                    || Arrays.compareUnsigned(stored, toExclusive) < 0);
            return inside ? Arrays.copyOfRange(stored, 1, stored.length) : null;
        }

        private boolean advance() {
            if (key == null) return false;
            return descending ? cursor.getPrev() : cursor.getNext();
        }

        private boolean start() {
            if (!descending) return cursor.getSearchKeyRange(Database.iterable(from)) != null;
            boolean behind =
                    toExclusive != null
                            && cursor.getSearchKeyRange(Database.iterable(toExclusive)) != null;
            return behind ? cursor.getPrev() : cursor.getLast();
        }

        @Override
        public byte[] key() {
            return key;
        }

        @Override
        public byte[] value() {
            if (value == null && key != null) {
                if (hold() != held) throw new IllegalStateException();
                try {
                    value =
                            read(
                                    held,
                                    () ->
                                            held.database()
                                                    .values()
                                                    .decode(held.transaction(), cursor.getValue()));
                } finally {
                    held.release();
                }
            }
            return value;
        }

        @Override
        public void close() {
            synchronized (held) {
                cursor.close();
            }
        }
    }
}
