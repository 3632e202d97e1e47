package io.quorate.engine.node;

import io.quorate.backend.memory.MemoryStorageProvider;
import io.quorate.spi.storage.Applied;
import io.quorate.spi.storage.Install;
import io.quorate.spi.storage.Keyspace;
import io.quorate.spi.storage.ReadView;
import io.quorate.spi.storage.StateStore;
import io.quorate.spi.storage.StorageException;
import io.quorate.spi.storage.WriteBatch;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;

/**
 * A state in the heap whose lazy commits are lost by a crash unless a force came after. Commits can
 * be held up or made to fail.
 */
final class SimulatedStore implements StateStore {
    private final StateStore memory = new MemoryStorageProvider().openState(TestStorage.env(null));
    private final List<Commit> commits = new ArrayList<>();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition released = lock.newCondition();
    private int durableCommits;
    private boolean commitsHeld;
    private boolean installsHeld;
    private StorageException failure;
    private boolean outOfMemory;
    private int commitsWithoutMemory;
    private boolean closed;

    /** The state as a crash at this moment may leave it. */
    SimulatedStore crash(RandomGenerator random) {
        lock.lock();
        try {
            SimulatedStore survivor = new SimulatedStore();
            int kept = durableCommits + random.nextInt(commits.size() - durableCommits + 1);
            for (Commit commit : commits.subList(0, kept)) {
                survivor.commit(commit.batch, commit.at, Durability.FORCE);
            }
            return survivor;
        } finally {
            lock.unlock();
        }
    }

    /** Log and state as a crash of both at one moment may leave them. */
    Survivors crash(SimulatedLog log, RandomGenerator random) {
        lock.lock();
        try {
            synchronized (log) {
                return new Survivors(log.crash(random), crash(random));
            }
        } finally {
            lock.unlock();
        }
    }

    record Survivors(SimulatedLog log, SimulatedStore store) {}

    /** Commits, of snapshots too, block from now on, until {@link #release}. */
    void hold() {
        lock.lock();
        commitsHeld = true;
        installsHeld = true;
        lock.unlock();
    }

    /** The same, for snapshots only. */
    void holdInstalls() {
        lock.lock();
        installsHeld = true;
        lock.unlock();
    }

    void release() {
        lock.lock();
        commitsHeld = false;
        installsHeld = false;
        released.signalAll();
        lock.unlock();
    }

    /** A test that has failed does not release; the member must be able to stop all the same. */
    private void await(BooleanSupplier released) {
        long left = TimeUnit.SECONDS.toNanos(120);
        while (!released.getAsBoolean()) {
            if (left <= 0) {
                throw new IllegalStateException("nobody released the store");
            }
            try {
                left = this.released.awaitNanos(left);
            } catch (InterruptedException e) {
                throw new IllegalStateException("nobody may interrupt the member's threads", e);
            }
        }
    }

    void failNextCommit(StorageException thrown) {
        lock.lock();
        failure = thrown;
        lock.unlock();
    }

    /** Each commit from now on finds no memory. */
    void exhaustMemory() {
        lock.lock();
        outOfMemory = true;
        lock.unlock();
    }

    /** Commits that found no memory. */
    int commitsWithoutMemory() {
        lock.lock();
        try {
            return commitsWithoutMemory;
        } finally {
            lock.unlock();
        }
    }

    boolean isClosed() {
        lock.lock();
        try {
            return closed;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public CompletableFuture<Void> commit(WriteBatch batch, Applied at, Durability durability) {
        lock.lock();
        try {
            await(() -> !commitsHeld);
            if (outOfMemory) {
                commitsWithoutMemory++;
                throw new OutOfMemoryError("simulated");
            }
            if (failure != null) {
                throw failure;
            }
            // The batch is reused by nobody, so it can be replayed after a crash.
            commits.add(new Commit(batch, at));
            if (durability == Durability.FORCE) {
                durableCommits = commits.size();
            }
            return memory.commit(batch, at, durability);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public Applied applied() {
        return memory.applied();
    }

    @Override
    public Applied durableApplied() {
        lock.lock();
        try {
            return durableCommits == 0 ? Applied.NONE : commits.get(durableCommits - 1).at;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public ReadView view() {
        return memory.view();
    }

    @Override
    public Install beginInstall(Applied at) {
        Install install = memory.beginInstall(at);
        return new Install() {
            @Override
            public void put(Keyspace keyspace, byte[] key, byte[] value) {
                install.put(keyspace, key, value);
            }

            @Override
            public void commit() {
                lock.lock();
                try {
                    SimulatedStore.this.await(() -> !installsHeld);
                    install.commit();
                } finally {
                    lock.unlock();
                }
            }

            @Override
            public void close() {
                install.close();
            }
        };
    }

    @Override
    public long sizeOnDisk() {
        return memory.sizeOnDisk();
    }

    @Override
    public long sizeInUse() {
        return memory.sizeInUse();
    }

    @Override
    public void defragment() {
        memory.defragment();
    }

    @Override
    public void verify() {
        memory.verify();
    }

    @Override
    public void close() {
        lock.lock();
        closed = true;
        lock.unlock();
        memory.close();
    }

    private record Commit(WriteBatch batch, Applied at) {}
}
