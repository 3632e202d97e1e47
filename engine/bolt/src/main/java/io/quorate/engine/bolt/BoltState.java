package io.quorate.engine.bolt;

import io.quorate.spi.storage.Applied;
import io.quorate.spi.storage.Cursor;
import io.quorate.spi.storage.Install;
import io.quorate.spi.storage.Keyspace;
import io.quorate.spi.storage.ReadView;
import io.quorate.spi.storage.StateStore;
import io.quorate.spi.storage.WriteBatch;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;

/**
 * A snapshot file as a state that is read only, so that whatever reads a state, such as the hash of
 * the keys, reads a file. Values are read from the file each time they are asked for.
 *
 * <p>What would change it throws {@link UnsupportedOperationException}; so does a walk downwards.
 */
public final class BoltState implements StateStore {
    private static final byte[] INDEX = utf8("consistent_index");
    private static final byte[] TERM = utf8("term");
    private static final String META = "meta";

    private final BoltFile file;
    private final Applied applied;

    /**
     * @param file stays the caller's to close, after this
     */
    public BoltState(BoltFile file) {
        this.file = file;
        this.applied = new Applied(number(INDEX), number(TERM));
    }

    private long number(byte[] name) {
        return SnapshotStatus.value(file, META, name)
                .filter(value -> value.length == Long.BYTES)
                .map(value -> ByteBuffer.wrap(value).getLong())
                .orElse(0L);
    }

    @Override
    public Applied applied() {
        return applied;
    }

    @Override
    public Applied durableApplied() {
        return applied;
    }

    @Override
    public ReadView view() {
        return new View();
    }

    @Override
    public CompletableFuture<Void> commit(WriteBatch batch, Applied at, Durability durability) {
        throw readOnly();
    }

    @Override
    public Install beginInstall(Applied at) {
        throw readOnly();
    }

    @Override
    public void defragment() {
        throw readOnly();
    }

    private UnsupportedOperationException readOnly() {
        return new UnsupportedOperationException(file.path() + " is only read");
    }

    @Override
    public long sizeOnDisk() {
        return file.bytes();
    }

    @Override
    public long sizeInUse() {
        return file.bytes();
    }

    @Override
    public void verify() {
        file.check();
    }

    @Override
    public void close() {}

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private final class View implements ReadView {
        @Override
        public Applied applied() {
            return applied;
        }

        @Override
        public byte[] get(Keyspace keyspace, byte[] key) {
            return SnapshotStatus.value(file, keyspace.name(), key).orElse(null);
        }

        @Override
        public Cursor cursor(
                Keyspace keyspace, byte[] from, byte[] toExclusive, boolean descending) {
            if (descending) throw new UnsupportedOperationException("a walk downwards");
            return file.cursor(utf8(keyspace.name()), from, toExclusive);
        }

        @Override
        public void close() {}
    }
}
