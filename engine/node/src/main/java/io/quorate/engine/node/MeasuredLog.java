package io.quorate.engine.node;

import io.quorate.engine.metrics.Gauge;
import io.quorate.spi.storage.HardState;
import io.quorate.spi.storage.Identity;
import io.quorate.spi.storage.LogEntry;
import io.quorate.spi.storage.RaftLog;

import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * A log that counts what is handed to it (ME-19), whatever the backend: index, term, type and
 * payload of each entry, and each hard state. What a backend adds, such as checksums, is its own.
 */
final class MeasuredLog implements RaftLog {
    private static final int ENTRY_BYTES = Long.BYTES + Long.BYTES + Byte.BYTES;
    private static final int HARD_STATE_BYTES = 3 * Long.BYTES;

    private final RaftLog log;
    private final Gauge bytesWritten;

    MeasuredLog(RaftLog log, Gauge bytesWritten) {
        this.log = log;
        this.bytesWritten = bytesWritten;
    }

    @Override
    public CompletableFuture<Void> append(List<LogEntry> entries, HardState hardStateOrNull) {
        CompletableFuture<Void> durable = log.append(entries, hardStateOrNull);
        long bytes = hardStateOrNull == null ? 0 : HARD_STATE_BYTES;
        for (LogEntry entry : entries) {
            bytes += ENTRY_BYTES + entry.data().length;
        }
        bytesWritten.add(bytes);
        return durable;
    }

    @Override
    public Identity identity() {
        return log.identity();
    }

    @Override
    public void initialize(Identity identity) {
        log.initialize(identity);
    }

    @Override
    public long baseIndex() {
        return log.baseIndex();
    }

    @Override
    public long baseTerm() {
        return log.baseTerm();
    }

    @Override
    public long lastIndex() {
        return log.lastIndex();
    }

    @Override
    public long durableIndex() {
        return log.durableIndex();
    }

    @Override
    public HardState hardState() {
        return log.hardState();
    }

    @Override
    public long term(long index) {
        return log.term(index);
    }

    @Override
    public List<LogEntry> read(long from, long toExclusive, long maxBytes) {
        return log.read(from, toExclusive, maxBytes);
    }

    @Override
    public void compact(long index) {
        log.compact(index);
    }

    @Override
    public void reset(long index, long term) {
        log.reset(index, term);
    }

    @Override
    public long sizeOnDisk() {
        return log.sizeOnDisk();
    }

    @Override
    public void close() {
        log.close();
    }
}
