package io.quorate.engine.state;

import io.quorate.spi.storage.Cursor;
import io.quorate.spi.storage.ReadView;
import io.quorate.spi.storage.StateStore;
import io.quorate.spi.storage.StorageException;
import io.quorate.spi.storage.WriteBatch;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;

/**
 * The physical part of compactions (SE-10..SE-12): walks the rows up to the revision in their
 * order, in bounded steps, hashes them and removes those that nobody can read any more. Compacted
 * to revision C, a key keeps its newest version at or before C and all later ones; a tombstone
 * before C goes too, one exactly at C stays until the next compaction, so that a watch from C still
 * sees it.
 *
 * <p>In order of revision, because neighbours in the store are then asked for together; a walk over
 * the keys would remove rows from everywhere, and each of them costs a read of its own.
 *
 * <p>The removal goes through the batch of the next commit. The mark {@code scheduledCompactRev} is
 * in the batch of the command, {@code finishedCompactRev} in that of the last step: after a crash
 * in between, the walk starts again and finds what is left. A compaction that arrives while another
 * runs waits for it; of several that wait only the last is done.
 *
 * <p>The apply thread calls all but {@link #done(long)}.
 */
final class Compaction {
    private static final byte[] START = RevisionKey.of(0, 0, false);

    /** Bytes of rows after which a step ends, however few they are. */
    private static final int STEP_BYTES = 1 << 20;

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

    /** Of the running compaction; null when there is to be no hash. */
    private CompactionHasher hasher;

    /** Whether all rows up to the scheduled revision are in the store. */
    private boolean readable;

    private final RowCodec codec = new RowCodec();

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
        readable = true;
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
        readable = false;
        meta.put(SCHEDULED, RevisionKey.of(revision, 0, false), batch);
        if (running) return;
        start();
        if (hashed) hasher = new CompactionHasher(index, previous, revision);
    }

    /** The batch of the command has gone to the store. */
    void committed() {
        readable = true;
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
     * Looks at up to so many rows, or about a MiB of them. Does nothing between the command and the
     * commit of its batch.
     *
     * @param maxRows 1 or more
     * @param revision newest at this time
     * @return the report when this was the last step
     */
    Optional<CompactionReport> step(
            int maxRows, StateStore store, long revision, WriteBatch batch) {
        if (!running || !readable) return Optional.empty();
        byte[] end = RevisionKey.of(target + 1, 0, false);
        try (ReadView view = store.view();
                Cursor cursor = view.cursor(Keyspaces.KEY, next, end, false)) {
            int bytes = 0;
            for (int rows = 0; rows < maxRows && bytes < STEP_BYTES; rows++) {
                if (!cursor.next()) return Optional.of(finish(revision, batch));
                byte[] revisionKey = cursor.key();
                byte[] row = cursor.value();
                bytes += row.length;
                visit(revisionKey, row, batch);
                next =
                        RevisionKey.of(
                                RevisionKey.main(revisionKey),
                                RevisionKey.sub(revisionKey) + 1,
                                false);
            }
        }
        return Optional.empty();
    }

    private void visit(byte[] revisionKey, byte[] row, WriteBatch batch) {
        byte[] key = codec.read(row).key();
        IndexEntry later = null;
        IndexEntry kept = KeyIndex.get(index.root(), key);
        while (kept != null && kept.main > target) {
            later = kept;
            kept = kept.older();
        }
        boolean newest =
                kept != null
                        && kept.main == RevisionKey.main(revisionKey)
                        && kept.sub == RevisionKey.sub(revisionKey);
        if (hasher != null) hasher.add(revisionKey, row, newest);
        if (newest) {
            kept.cutTo(null);
            if (!kept.tombstone || kept.main == target) return;
            if (later == null) index.remove(key);
            else later.cutTo(null);
        }
        batch.delete(Keyspaces.KEY, revisionKey);
        removed++;
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
    }

    private CompactionReport finish(long revision, WriteBatch batch) {
        finished = target;
        meta.put(FINISHED, RevisionKey.of(target, 0, false), batch);
        running = false;
        Optional<KvHash> hash = Optional.ofNullable(hasher).map(made -> made.hash(revision));
        hash.ifPresent(hashes::add);
        CompactionReport report = new CompactionReport(target, removed, hash);
        if (scheduled > target) start();
        return report;
    }
}
