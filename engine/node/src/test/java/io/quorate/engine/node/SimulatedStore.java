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
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
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
    private boolean held;
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
        held = true;
        lock.unlock();
    }

    void release() {
        lock.lock();
        held = false;
        released.signalAll();
        lock.unlock();
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
            while (held) {
                released.awaitUninterruptibly();
            }
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
                    while (held) {
                        released.awaitUninterruptibly();
                    }
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
