package io.quorate.spi.storage.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.spi.storage.HardState;
import io.quorate.spi.storage.Identity;
import io.quorate.spi.storage.LogEntry;
import io.quorate.spi.storage.RaftLog;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * What a log should hold after a unit: the oracle of the random tests. Immutable.
 *
 * @param base index before the first of {@code entries}, which are all that a crash may bring back
 * @param baseMax how far compaction went
 */
record LogModel(
        long base,
        long baseTerm,
        long baseMax,
        List<LogEntry> entries,
        HardState hardState,
        Identity identity) {

    static LogModel of(RaftLog log) {
        long base = log.baseIndex();
        List<LogEntry> entries = log.read(base + 1, log.lastIndex() + 1, Long.MAX_VALUE);
        return new LogModel(base, log.baseTerm(), base, entries, log.hardState(), log.identity());
    }

    long last() {
        return base + entries.size();
    }

    private long term(long index) {
        return index == base ? baseTerm : entries.get((int) (index - base - 1)).term();
    }

    LogModel append(List<LogEntry> added, HardState stateOrNull) {
        List<LogEntry> next = entries;
        if (!added.isEmpty()) {
            int kept = (int) (added.getFirst().index() - base - 1);
            next = new ArrayList<>(entries.subList(0, kept));
            next.addAll(added);
        }
        HardState state = stateOrNull == null ? hardState : stateOrNull;
        return new LogModel(base, baseTerm, baseMax, next, state, identity);
    }

    LogModel compact(long index) {
        return new LogModel(base, baseTerm, Math.max(baseMax, index), entries, hardState, identity);
    }

    LogModel reset(long index, long term) {
        long commit = Math.max(hardState.commit(), index);
        HardState state = new HardState(hardState.term(), hardState.vote(), commit);
        return new LogModel(index, term, index, List.of(), state, identity);
    }

    LogModel initialize(Identity given) {
        return new LogModel(base, baseTerm, baseMax, entries, hardState, given);
    }

    /** Does something that is allowed to the log and says what it should hold then. */
    LogModel randomStep(Random random, RaftLog log) {
        return randomStep(random, log, model -> {}, CompletableFuture::join);
    }

    /**
     * @param attempt gets what the log should hold, before the log is asked
     * @param pending gets the future of a unit; whoever waits for it chooses when
     */
    LogModel randomStep(
            Random random,
            RaftLog log,
            Consumer<LogModel> attempt,
            Consumer<CompletableFuture<Void>> pending) {
        int dice = random.nextInt(100);
        if (dice < 2) {
            long index = last() + random.nextInt(5);
            LogModel next = reset(index, hardState.term());
            attempt.accept(next);
            log.reset(index, hardState.term());
            return next;
        }
        if (dice < 10 && log.durableIndex() > baseMax) {
            long durable = Math.min(log.durableIndex(), hardState.commit());
            if (durable > baseMax) {
                long index = baseMax + 1 + random.nextLong(durable - baseMax);
                LogModel next = compact(index);
                attempt.accept(next);
                log.compact(index);
                return next;
            }
        }
        HardState state = random.nextInt(3) == 0 ? randomState(random) : null;
        List<LogEntry> added = dice < 20 ? List.of() : randomEntries(random);
        if (added.isEmpty() && state == null) return this;
        LogModel next = append(added, state);
        attempt.accept(next);
        pending.accept(log.append(added, state));
        return next;
    }

    private HardState randomState(Random random) {
        long reach = Math.max(hardState.commit(), Math.min(last(), hardState.commit() + 3));
        return new HardState(hardState.term() + random.nextInt(2), random.nextInt(4), reach);
    }

    private List<LogEntry> randomEntries(Random random) {
        long lowest = Math.max(baseMax, Math.min(hardState.commit(), last())) + 1;
        long first = last() + 1;
        if (random.nextInt(5) == 0) first -= random.nextLong(first - lowest + 1);
        List<LogEntry> added = new ArrayList<>();
        int count = 1 + random.nextInt(6);
        for (int i = 0; i < count; i++) {
            byte[] data = new byte[random.nextInt(random.nextInt(8) == 0 ? 3000 : 300)];
            // Zeros too: they look like what a fresh segment is filled with.
            if (random.nextInt(4) > 0) random.nextBytes(data);
            added.add(new LogEntry(first + i, hardState.term(), random.nextInt(3), data));
        }
        return added;
    }

    /** The log holds exactly this, but a crash may have brought compacted entries back. */
    void assertMatches(RaftLog log) {
        String difference = difference(log);
        assertTrue(difference.isEmpty(), difference);
        assertEquals(baseMax, log.baseIndex());
    }

    /** What differs, empty when nothing does; the base may lie anywhere up to {@link #baseMax}. */
    String difference(RaftLog log) {
        if (log.lastIndex() != last()) return "last index " + log.lastIndex() + ", not " + last();
        if (!log.hardState().equals(hardState)) {
            return "hard state " + log.hardState() + ", not " + hardState;
        }
        if (!java.util.Objects.equals(log.identity(), identity)) {
            return "identity " + log.identity() + ", not " + identity;
        }
        long start = log.baseIndex();
        if (start > baseMax || start < base) {
            return "base " + start + ", not in [" + base + ", " + baseMax + "]";
        }
        if (log.term(start) != term(start)) return "base term " + log.term(start);
        List<LogEntry> found = log.read(start + 1, last() + 1, Long.MAX_VALUE);
        List<LogEntry> expected = entries.subList((int) (start - base), entries.size());
        try {
            RaftLogContract.assertSame(expected, found);
        } catch (AssertionError e) {
            return e.toString();
        }
        return "";
    }
}
