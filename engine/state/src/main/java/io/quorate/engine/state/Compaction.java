package io.quorate.engine.state;

import io.quorate.spi.storage.StateStore;
import io.quorate.spi.storage.StorageException;
import io.quorate.spi.storage.WriteBatch;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;

/**
 * The physical part of compactions (SE-10..SE-12): hashes the rows up to the revision, then walks
 * the index, both in bounded steps, and removes the rows that nobody can read any more. Compacted
 * to revision C, a key keeps its newest version at or before C and all later ones; a tombstone
 * before C goes too, one exactly at C stays until the next compaction, so that a watch from C still
 * sees it.
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
    private final CompactionHashes hashes = new CompactionHashes();
    private final TreeMap<Long, CompletableFuture<Void>> waiting = new TreeMap<>();

    private long scheduled;

    /** Target of the walk, or that of the last one. */
    private long target;

    private boolean running;
    private byte[] next = START;
    private long finished;

    /** Rows removed by the walk so far. */
    private long removed;

    /** Null once the hash is complete, and when there is to be none. */
    private CompactionHasher hasher;

    /** Of the running compaction; null before it is complete. */
    private KvHash hash;

    /** Whether all rows that the hasher looks at are in the store. */
    private boolean hashable;

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

    /**
     * A command compacted to this revision.
     *
     * @param previous compact revision before it, -1 for none
     */
    void schedule(long revision, long previous, WriteBatch batch) {
        // Where an earlier one is unfinished, its rows would count on some members only. Revision 0
        // has no rows, and as a question it means another one.
        boolean hashed = !running && scheduled == finished && revision > 0;
        scheduled = revision;
        meta.put(SCHEDULED, RevisionKey.of(revision, 0, false), batch);
        if (running) return;
        start();
        if (hashed) hasher = new CompactionHasher(index, previous, revision);
    }

    /** The batch of the command has gone to the store. */
    void committed() {
        hashable = hasher != null;
    }

    CompactionHashes hashes() {
        return hashes;
    }

    boolean pending() {
        return running;
    }

    /** Last revision whose removal is wholly in the batches handed out so far. */
    long finished() {
        return finished;
    }

    /**
     * Hashes or removes up to so many rows. Does nothing between the command and the commit of its
     * batch.
     *
     * @param maxRows 1 or more
     * @return the report when this was the last step
     */
    Optional<CompactionReport> step(
            int maxRows, StateStore store, long revision, WriteBatch batch) {
        if (!running) return Optional.empty();
        if (hasher != null) {
            hashStep(maxRows, store, revision);
            return Optional.empty();
        }
        Step step = new Step(maxRows, batch);
        boolean end = KeyIndex.ascend(index.root(), next, null, step);
        for (byte[] key : step.dead) index.remove(key);
        removed += maxRows - step.rows;
        if (end) return Optional.of(finish(batch));
        next = step.stoppedAt;
        return Optional.empty();
    }

    private void hashStep(int maxRows, StateStore store, long revision) {
        if (!hashable || !hasher.step(store, maxRows)) return;
        hash = hasher.hash(revision);
        hasher = null;
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
        removed = 0;
        hasher = null;
        hash = null;
        hashable = false;
    }

    private CompactionReport finish(WriteBatch batch) {
        finished = target;
        meta.put(FINISHED, RevisionKey.of(target, 0, false), batch);
        running = false;
        if (hash != null) hashes.add(hash);
        CompactionReport report = new CompactionReport(target, removed, Optional.ofNullable(hash));
        if (scheduled > target) start();
        return report;
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
