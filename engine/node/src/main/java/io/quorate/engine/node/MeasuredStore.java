package io.quorate.engine.node;

import io.quorate.engine.metrics.Gauge;
import io.quorate.spi.storage.Applied;
import io.quorate.spi.storage.Cursor;
import io.quorate.spi.storage.Install;
import io.quorate.spi.storage.Keyspace;
import io.quorate.spi.storage.ReadView;
import io.quorate.spi.storage.StateStore;
import io.quorate.spi.storage.WriteBatch;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A store that counts the views open on it (ME-20), whatever the backend: a view that nobody closes
 * keeps the backend from giving space back.
 */
final class MeasuredStore implements StateStore {
    private final StateStore store;
    private final Gauge openViews;

    MeasuredStore(StateStore store, Gauge openViews) {
        this.store = store;
        this.openViews = openViews;
    }

    @Override
    public ReadView view() {
        ReadView view = store.view();
        openViews.add(1);
        return new CountedView(view, openViews);
    }

    @Override
    public Applied applied() {
        return store.applied();
    }

    @Override
    public Applied durableApplied() {
        return store.durableApplied();
    }

    @Override
    public CompletableFuture<Void> commit(WriteBatch batch, Applied at, Durability durability) {
        return store.commit(batch, at, durability);
    }

    @Override
    public Install beginInstall(Applied at) {
        return store.beginInstall(at);
    }

    @Override
    public long sizeOnDisk() {
        return store.sizeOnDisk();
    }

    @Override
    public long sizeInUse() {
        return store.sizeInUse();
    }

    @Override
    public void defragment() {
        store.defragment();
    }

    @Override
    public void verify() {
        store.verify();
    }

    @Override
    public void close() {
        store.close();
    }

    /** One view; closing it again does nothing, as the backends have it. */
    private static final class CountedView implements ReadView {
        private final ReadView view;
        private final Gauge openViews;
        private final AtomicBoolean closed = new AtomicBoolean();

        private CountedView(ReadView view, Gauge openViews) {
            this.view = view;
            this.openViews = openViews;
        }

        @Override
        public Applied applied() {
            return view.applied();
        }

        @Override
        public byte[] get(Keyspace keyspace, byte[] key) {
            return view.get(keyspace, key);
        }

        @Override
        public Cursor cursor(
                Keyspace keyspace, byte[] from, byte[] toExclusive, boolean descending) {
            return view.cursor(keyspace, from, toExclusive, descending);
        }

        @Override
        public void close() {
            if (closed.compareAndSet(false, true)) {
                openViews.add(-1);
            }
            view.close();
        }
    }
}
