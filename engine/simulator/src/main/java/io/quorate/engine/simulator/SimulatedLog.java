package io.quorate.engine.simulator;

import io.quorate.spi.storage.HardState;
import io.quorate.spi.storage.Identity;
import io.quorate.spi.storage.LogEntry;
import io.quorate.spi.storage.RaftLog;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * The log of one life of a member. What was appended gets durable when the disk says so; a crash
 * keeps a prefix of the rest.
 */
final class SimulatedLog implements RaftLog {
    private final Disk disk;
    private final Life life;
    private final Judge judge;
    private final LogImage live;

    SimulatedLog(Disk disk, Life life, Judge judge) {
        this.disk = disk;
        this.life = life;
        this.judge = judge;
        this.live = new LogImage(disk.log());
    }

    LogImage image() {
        return live;
    }

    @Override
    public Identity identity() {
        return live.identity;
    }

    @Override
    public void initialize(Identity identity) {
        perform(new LogImage.Initialize(identity));
        disk.flush();
    }

    @Override
    public long baseIndex() {
        return live.baseIndex;
    }

    @Override
    public long baseTerm() {
        return live.baseTerm;
    }

    @Override
    public long lastIndex() {
        return live.lastIndex();
    }

    @Override
    public long durableIndex() {
        return Math.min(disk.log().lastIndex(), live.lastIndex());
    }

    @Override
    public HardState hardState() {
        return live.hardState;
    }

    @Override
    public long term(long index) {
        return live.term(index);
    }

    @Override
    public CompletableFuture<Void> append(List<LogEntry> entries, HardState hardStateOrNull) {
        if (!entries.isEmpty()) {
            long first = entries.getFirst().index();
            long committed = Math.min(live.hardState.commit(), live.lastIndex());
            if (first > live.lastIndex() + 1 || first <= Math.max(live.baseIndex, committed)) {
                throw new Violation(
                        "%s writes entry %d to a log of (%d, %d] that is committed to %d"
                                .formatted(
                                        life, first, live.baseIndex, live.lastIndex(), committed));
            }
        }
        CompletableFuture<Void> durable =
                perform(new LogImage.Append(List.copyOf(entries), hardStateOrNull));
        for (LogEntry entry : entries) {
            judge.holds(life, entry, live.term(entry.index() - 1));
        }
        return durable;
    }

    @Override
    public List<LogEntry> read(long from, long toExclusive, long maxBytes) {
        List<LogEntry> result = new ArrayList<>();
        long bytes = 0;
        for (long index = from; index < toExclusive; index++) {
            LogEntry entry = live.entry(index);
            bytes += entry.data().length;
            if (bytes > maxBytes && !result.isEmpty()) {
                break;
            }
            result.add(entry);
        }
        return result;
    }

    @Override
    public void compact(long index) {
        if (index > live.baseIndex) {
            perform(new LogImage.Compact(index));
        }
    }

    @Override
    public void reset(long index, long term) {
        perform(new LogImage.Reset(index, term));
        disk.flush();
    }

    @Override
    public long sizeOnDisk() {
        return 64L * live.entries.size();
    }

    @Override
    public void close() {
        // The disk belongs to the machine.
    }

    private CompletableFuture<Void> perform(LogImage.Op op) {
        live.apply(op);
        return disk.write(op);
    }

    /** Writes on their way to the platter. */
    static final class Pending {
        private final Deque<Write> writes = new ArrayDeque<>();

        private record Write(LogImage.Op op, CompletableFuture<Void> durable) {}

        CompletableFuture<Void> add(LogImage.Op op) {
            CompletableFuture<Void> durable = new CompletableFuture<>();
            writes.add(new Write(op, durable));
            return durable;
        }

        int size() {
            return writes.size();
        }

        /** Moves the oldest writes to the platter; returns what to complete for it. */
        List<CompletableFuture<Void>> keep(int count, LogImage log, Platter platter) {
            List<CompletableFuture<Void>> done = new ArrayList<>(count);
            for (int i = 0; i < count; i++) {
                Write write = writes.remove();
                log.apply(write.op);
                platter.write(write.op);
                done.add(write.durable);
            }
            return done;
        }

        /** The power fails; returns the log as it is found afterwards, given as it was before. */
        LogImage crash(LogImage log, Platter platter) {
            List<LogImage.Op> writing = writes.stream().map(write -> write.op).toList();
            writes.clear();
            LogImage found = platter.crash(writing);
            LogImage expected = new LogImage(log);
            boolean isOne = expected.isFoundAs(found);
            for (int i = 0; i < writing.size() && !isOne; i++) {
                expected.apply(writing.get(i));
                isOne = expected.isFoundAs(found);
            }
            if (!isOne) {
                throw new Violation(
                        "a log came back as nobody wrote it: %s; durable was %s, then %s"
                                .formatted(found, log, writing));
            }
            return found;
        }
    }
}
