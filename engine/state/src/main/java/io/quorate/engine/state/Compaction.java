package io.quorate.engine.state;

import io.quorate.spi.storage.StorageException;
import io.quorate.spi.storage.WriteBatch;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;

/**
 * The physical part of compactions (SE-10..SE-12): walks the index in bounded steps and removes the
 * rows that nobody can read any more. Compacted to revision C, a key keeps its newest version at or
 * before C and all later ones; a tombstone before C goes too, one exactly at C stays until the next
 * compaction, so that a watch from C still sees it.
 *
 * <p>The rows go through the batch of the next commit. The mark {@code scheduledCompactRev} is in
 * the batch of the command, {@code finishedCompactRev} in that of the last step: after a crash in
 * between, the walk starts again and finds what is left. A compaction that arrives while another
 * runs waits for it; of several that wait only the last is done.
 *
 * <p>The apply thread calls all but {@link #done(long)}.
 */
final class Compaction {
    private static final byte[] START = new byte[0];

    /** Keys looked at for each row that a step may remove. */
    private static final int KEYS_PER_ROW = 8;

    private static final String SCHEDULED = "scheduledCompactRev";
    private static final String FINISHED = "finishedCompactRev";

    private final KeyIndex index;
    private final Meta meta;
    private final TreeMap<Long, CompletableFuture<Void>> waiting = new TreeMap<>();

    private long scheduled;

    /** Target of the walk, or that of the last one. */
    private long target;

    private boolean running;
    private byte[] next = START;
    private long finished;

    /** Guarded by {@code waiting}. */
    private long durable;

    /** Guarded by {@code waiting}. */
    private boolean closed;

    /** Goes on with the compaction that the marks say is not finished. */
    Compaction(KeyIndex index, Meta meta) {
        this.index = index;
        this.meta = meta;
        scheduled = meta.revision(SCHEDULED);
        finished = meta.revision(FINISHED);
        durable = finished;
        if (scheduled > finished) start();
    }

    /** The revision that was compacted to last, done or not; -1 for none. */
    static long last(Meta meta) {
        return Math.max(meta.revision(SCHEDULED), meta.revision(FINISHED));
    }

    /** A command compacted to this revision. */
    void schedule(long revision, WriteBatch batch) {
        scheduled = revision;
        meta.put(SCHEDULED, RevisionKey.of(revision, 0, false), batch);
        if (!running) start();
    }

    boolean pending() {
        return running;
    }

    /** Last revision whose removal is wholly in the batches handed out so far. */
    long finished() {
        return finished;
    }

    /**
     * Removes up to so many rows.
     *
     * @param maxRows 1 or more
     */
    void step(int maxRows, WriteBatch batch) {
        if (!running) return;
        Step step = new Step(maxRows, batch);
        boolean end = KeyIndex.ascend(index.root(), next, null, step);
        for (byte[] key : step.dead) index.remove(key);
        if (end) finish(batch);
        else next = step.stoppedAt;
    }

    /** The future of a compaction that was applied. */
    CompletableFuture<Void> done(long revision) {
        synchronized (waiting) {
            if (revision <= durable) return CompletableFuture.completedFuture(null);
            if (closed) return CompletableFuture.failedFuture(closed());
            return waiting.computeIfAbsent(revision, ignored -> new CompletableFuture<>()).copy();
        }
    }

    /** The commit that holds the removal up to this revision is complete. */
    void committed(long revision) {
        List<CompletableFuture<Void>> done;
        synchronized (waiting) {
            durable = Math.max(durable, revision);
            var head = waiting.headMap(durable, true);
            done = new ArrayList<>(head.values());
            head.clear();
        }
        done.forEach(future -> future.complete(null));
    }

    void close() {
        List<CompletableFuture<Void>> left;
        synchronized (waiting) {
            closed = true;
            left = new ArrayList<>(waiting.values());
            waiting.clear();
        }
        left.forEach(future -> future.completeExceptionally(closed()));
    }

    private static StorageException closed() {
        return new StorageException.Closed("the state machine");
    }

    private void start() {
        running = true;
        target = scheduled;
        next = START;
    }

    private void finish(WriteBatch batch) {
        finished = target;
        meta.put(FINISHED, RevisionKey.of(target, 0, false), batch);
        running = false;
        if (scheduled > target) start();
    }

    /** One bounded piece of the walk. Keys leave the index after it, never under its feet. */
    private final class Step implements KeyIndex.Visitor {
        final List<byte[]> dead = new ArrayList<>();
        private final WriteBatch batch;
        private int rows;
        private int keys;
        private byte[] stoppedAt;

        Step(int maxRows, WriteBatch batch) {
            this.batch = batch;
            rows = maxRows;
            keys = maxRows * KEYS_PER_ROW;
        }

        @Override
        public boolean visit(IndexEntry newest) {
            if (rows == 0 || keys == 0) {
                stoppedAt = newest.key;
                return false;
            }
            keys--;
            IndexEntry later = null;
            IndexEntry kept = newest;
            while (kept != null && kept.main > target) {
                later = kept;
                kept = kept.older();
            }
            if (kept == null || removeOlder(kept)) {
                if (kept != null && kept.tombstone && kept.main < target) drop(kept, later);
                return true;
            }
            stoppedAt = newest.key;
            return false;
        }

        /** False when the step ended before the last one. */
        private boolean removeOlder(IndexEntry kept) {
            IndexEntry older = kept.older();
            if (older == null) return rows > 0;
            while (older != null && rows > 0) {
                remove(older);
                older = older.older();
            }
            kept.cutTo(older);
            return older == null && rows > 0;
        }

        private void drop(IndexEntry tombstone, IndexEntry later) {
            remove(tombstone);
            if (later == null) dead.add(tombstone.key);
            else later.cutTo(null);
        }

        private void remove(IndexEntry entry) {
            batch.delete(Keyspaces.KEY, RevisionKey.of(entry));
            rows--;
        }
    }
}
