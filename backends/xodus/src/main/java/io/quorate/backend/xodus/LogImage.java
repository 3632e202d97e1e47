package io.quorate.backend.xodus;

import io.quorate.spi.storage.HardState;
import io.quorate.spi.storage.Identity;
import io.quorate.spi.storage.LogEntry;

import java.util.List;

/**
 * What a log holds after a unit, without the payloads. Immutable.
 *
 * @param identity null when none was given
 */
record LogImage(
        long base,
        long baseTerm,
        long last,
        TermRuns terms,
        HardState hardState,
        Identity identity) {
    static final LogImage EMPTY = new LogImage(0, 0, 0, TermRuns.EMPTY, HardState.EMPTY, null);

    LogImage append(List<LogEntry> entries, HardState stateOrNull) {
        TermRuns newTerms = terms;
        for (LogEntry entry : entries) newTerms = newTerms.with(entry.index(), entry.term());
        return new LogImage(
                base,
                baseTerm,
                entries.isEmpty() ? last : entries.getLast().index(),
                newTerms,
                stateOrNull == null ? hardState : stateOrNull,
                identity);
    }

    /** An index at or below the base changes nothing. */
    LogImage compact(long index, long term) {
        if (index <= base) return this;
        return new LogImage(index, term, last, terms.from(index + 1), hardState, identity);
    }

    LogImage reset(long index, long term) {
        long commit = Math.max(hardState.commit(), index);
        HardState state = new HardState(hardState.term(), hardState.vote(), commit);
        return new LogImage(index, term, index, TermRuns.EMPTY, state, identity);
    }

    LogImage initialize(Identity given) {
        return new LogImage(base, baseTerm, last, terms, hardState, given);
    }

    long term(long index) {
        return index == base ? baseTerm : terms.at(index);
    }
}
