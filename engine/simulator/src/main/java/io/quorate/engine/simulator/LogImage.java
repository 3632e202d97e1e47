package io.quorate.engine.simulator;

import io.quorate.spi.storage.HardState;
import io.quorate.spi.storage.Identity;
import io.quorate.spi.storage.LogEntry;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/** The content of a log: as its user sees it, or as it is on the disk. */
final class LogImage {
    final ArrayList<LogEntry> entries;
    Identity identity;
    HardState hardState;
    long baseIndex;
    long baseTerm;

    LogImage() {
        this.entries = new ArrayList<>();
        this.hardState = HardState.EMPTY;
    }

    LogImage(LogImage other) {
        this.entries = new ArrayList<>(other.entries);
        this.identity = other.identity;
        this.hardState = other.hardState;
        this.baseIndex = other.baseIndex;
        this.baseTerm = other.baseTerm;
    }

    /** One write. */
    sealed interface Op {}

    record Initialize(Identity identity) implements Op {}

    record Append(List<LogEntry> entries, HardState hardState) implements Op {}

    record Compact(long index) implements Op {}

    record Reset(long index, long term) implements Op {}

    void apply(Op op) {
        switch (op) {
            case Initialize(Identity value) -> identity = value;
            case Append(List<LogEntry> unit, HardState next) -> {
                if (!unit.isEmpty()) {
                    int from = slot(unit.getFirst().index());
                    entries.subList(from, entries.size()).clear();
                    entries.addAll(unit);
                }
                hardState = next == null ? hardState : next;
            }
            case Compact(long index) -> {
                if (index > baseIndex) {
                    long term = term(index);
                    entries.subList(0, slot(index) + 1).clear();
                    baseIndex = index;
                    baseTerm = term;
                }
            }
            case Reset(long index, long term) -> {
                entries.clear();
                baseIndex = index;
                baseTerm = term;
                hardState =
                        new HardState(
                                hardState.term(),
                                hardState.vote(),
                                Math.max(hardState.commit(), index));
            }
        }
    }

    /**
     * Whether a log that was found on a disk is this one. A log that was compacted may come back
     * with the entries that it let go.
     */
    boolean isFoundAs(LogImage found) {
        boolean same =
                Objects.equals(identity, found.identity)
                        && hardState.equals(found.hardState)
                        && lastIndex() == found.lastIndex()
                        && found.baseIndex <= baseIndex
                        && found.term(baseIndex) == baseTerm;
        for (long index = baseIndex + 1; same && index <= lastIndex(); index++) {
            LogEntry own = entry(index);
            LogEntry other = found.entry(index);
            same = own.term() == other.term() && Arrays.equals(own.data(), other.data());
        }
        return same;
    }

    @Override
    public String toString() {
        return "%s, %s, entries (%d, %d]".formatted(identity, hardState, baseIndex, lastIndex());
    }

    long lastIndex() {
        return baseIndex + entries.size();
    }

    LogEntry entry(long index) {
        return entries.get(slot(index));
    }

    long term(long index) {
        return index == baseIndex ? baseTerm : entry(index).term();
    }

    /** Whether this log has the entry, or had it before a snapshot took its place. */
    boolean holds(long index, long term) {
        return index <= baseIndex || index <= lastIndex() && term(index) == term;
    }

    private int slot(long index) {
        return (int) (index - baseIndex - 1);
    }
}
