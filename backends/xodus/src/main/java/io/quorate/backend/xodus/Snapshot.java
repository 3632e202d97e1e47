package io.quorate.backend.xodus;

import io.quorate.spi.storage.Applied;

import jetbrains.exodus.env.Transaction;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * A read transaction that all views opened between two commits share, counted: Xodus keeps what it
 * shows until it ends. Its trees are not safe for threads; who reads holds its monitor.
 */
final class Snapshot {
    private final Database database;
    private final Transaction transaction;
    private final Applied applied;
    private final Runnable ended;
    private final AtomicInteger references = new AtomicInteger(1);

    /**
     * Starts with one reference, its maker's.
     *
     * @param ended runs when nobody holds it any more
     */
    Snapshot(Database database, Transaction transaction, Applied applied, Runnable ended) {
        this.database = database;
        this.transaction = transaction;
        this.applied = applied;
        this.ended = ended;
    }

    Database database() {
        return database;
    }

    Transaction transaction() {
        return transaction;
    }

    Applied applied() {
        return applied;
    }

    /** Takes a reference; false when the last one has gone already. */
    boolean tryRetain() {
        while (true) {
            int count = references.get();
            if (count == 0) return false;
            if (references.compareAndSet(count, count + 1)) return true;
        }
    }

    void release() {
        if (references.decrementAndGet() == 0) ended.run();
    }
}
