package io.quorate.spi.storage;

import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * The log and hard state of one Raft group. Laws:
 *
 * <ul>
 *   <li>A unit whose {@link #append} future completed survives a crash (I1).
 *   <li>A crash keeps a prefix of the units appended, each whole.
 *   <li>After a {@link StorageException.Fatal} nothing succeeds until the log is opened again.
 *   <li>One thread calls the methods that write; any thread reads.
 *   <li>A thread that is interrupted while it appends gets a durable unit or an error, never less.
 * </ul>
 */
public interface RaftLog extends AutoCloseable {
    /** The identity given to {@link #initialize}, or null for a log that has none yet. */
    Identity identity();

    /** Writes the identity, durable on return. Called once for a new log. */
    void initialize(Identity identity);

    /**
     * Index before the first entry held: 0 for a new log, the point given to compact or reset after
     * those.
     */
    long baseIndex();

    /** Term of {@link #baseIndex()}. */
    long baseTerm();

    /** Index of the last entry, durable or not; {@link #baseIndex()} when there is none. */
    long lastIndex();

    /** Index up to which append futures have completed. */
    long durableIndex();

    /** The hard state last appended, {@link HardState#EMPTY} when none was. */
    HardState hardState();

    /** Term of an entry in [baseIndex, lastIndex]. */
    long term(long index);

    /**
     * Appends contiguous entries, a new hard state (or null), or both, as one atomic unit. The
     * first entry may stand at or below {@link #lastIndex()}: the old suffix from there on is
     * replaced, never at or below the committed index. The unit is visible to reads on return; the
     * future completes, in call order, when it is on stable storage. Calls made while a force runs
     * are grouped into the next.
     *
     * @throws IllegalArgumentException for a gap, or for a replaced committed entry
     * @throws StorageException when nothing of the unit was taken
     */
    CompletableFuture<Void> append(List<LogEntry> entries, HardState hardStateOrNull);

    /**
     * The entries [from, toExclusive) up to {@code maxBytes} of payload, at least one, their
     * checksums verified.
     */
    List<LogEntry> read(long from, long toExclusive, long maxBytes);

    /**
     * Drops the entries up to {@code index}, which is at most the state's durable applied index
     * (I4). Returns at once; the disk space follows in the background, and a crash may bring
     * entries back.
     */
    void compact(long index);

    /**
     * Empties the log after a snapshot was installed and gives it this base; durable on return. The
     * hard state stays, with its commit raised to {@code index}.
     */
    void reset(long index, long term);

    /** Bytes on disk. */
    long sizeOnDisk();

    /** Waits for what was appended, then releases everything. A second call does nothing. */
    @Override
    void close();
}
