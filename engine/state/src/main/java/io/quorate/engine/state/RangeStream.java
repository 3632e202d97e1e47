package io.quorate.engine.state;

import java.util.Arrays;
import java.util.Iterator;
import java.util.NoSuchElementException;

/**
 * A large read in chunks (KV-25..KV-30), all at the revision that was current, or asked for, when
 * the first chunk was read. A chunk takes no resources once it is handed out; each is read when it
 * is asked for, so a slow reader holds nothing up, and gets {@link EtcdError#COMPACTED} when
 * compaction passes its revision meanwhile. Used by one thread.
 */
public final class RangeStream implements Iterator<RangeStream.Chunk> {
    private static final long FIRST_LIMIT = 10;

    /** Bytes of a KeyValue in a message beside its key and value, roughly. */
    private static final long OVERHEAD_BYTES = 24;

    private final StateMachine machine;
    private final RangeQuery query;
    private final long targetBytes;

    private byte[] nextKey;
    private long pinned;
    private long header;
    private long left;
    private long chunkLimit;
    private long count;
    private boolean done;

    RangeStream(StateMachine machine, RangeQuery query, long targetBytes) {
        this.machine = machine;
        this.query = query;
        this.targetBytes = targetBytes;
        nextKey = query.key();
        pinned = query.revision();
        left = query.limit() <= 0 ? Long.MAX_VALUE : query.limit();
        chunkLimit = FIRST_LIMIT;
    }

    @Override
    public boolean hasNext() {
        return !done;
    }

    /**
     * Reads the next chunk.
     *
     * @throws EtcdException for a compacted or future revision
     */
    @Override
    public Chunk next() {
        if (done) throw new NoSuchElementException();
        if (query.countOnly()) {
            RangeResult counted = machine.range(part(left));
            pin(counted.revision());
            return last(counted, counted.count());
        }
        RangeResult read = machine.page(part(Math.min(chunkLimit, left)));
        if (header == 0) pin(read.revision());
        count += read.kvs().size();
        left -= read.kvs().size();
        if (!read.more()) return last(read, count);
        byte[] lastKey = read.kvs().getLast().key();
        nextKey = Arrays.copyOf(lastKey, lastKey.length + 1);
        if (left == 0) return last(read, count + countRest());
        chunkLimit = adjusted(bytes(read));
        return new Chunk(new RangeResult(0, read.kvs(), false, 0), false);
    }

    private void pin(long revision) {
        header = revision;
        if (pinned <= 0) pinned = revision;
    }

    private Chunk last(RangeResult read, long total) {
        done = true;
        return new Chunk(new RangeResult(header, read.kvs(), read.more(), total), true);
    }

    private RangeQuery part(long limit) {
        return new RangeQuery(
                nextKey,
                rangeEnd(),
                limit,
                pinned,
                query.order(),
                query.sortTarget(),
                query.keysOnly(),
                query.countOnly(),
                0,
                0,
                0,
                0);
    }

    private byte[] rangeEnd() {
        return query.rangeEnd();
    }

    private long countRest() {
        RangeQuery all = part(0);
        return machine.range(
                        new RangeQuery(
                                all.key(),
                                all.rangeEnd(),
                                0,
                                pinned,
                                all.order(),
                                all.sortTarget(),
                                false,
                                true,
                                0,
                                0,
                                0,
                                0))
                .count();
    }

    /** Doubles or halves far from the target only, so that it does not swing around it (KV-26). */
    private long adjusted(long bytes) {
        if (bytes < targetBytes / 2) return chunkLimit * 2;
        if (bytes > targetBytes * 2) return Math.max(1, chunkLimit / 2);
        return chunkLimit;
    }

    private static long bytes(RangeResult read) {
        long bytes = 0;
        for (KeyValue kv : read.kvs())
            bytes += kv.key().length + kv.value().length + OVERHEAD_BYTES;
        return bytes;
    }

    /**
     * A piece of the answer.
     *
     * @param part what it adds; revision, more and count are zero but in the last one (KV-27)
     * @param last whether it is the last one
     */
    public record Chunk(RangeResult part, boolean last) {}
}
