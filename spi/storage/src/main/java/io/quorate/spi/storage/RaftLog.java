package io.quorate.spi.storage;

import io.quorate.spi.plugin.Stable;

import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * The log and hard state of one Raft group. Laws:
 *
 * <ul>
 *   <li>A unit whose {@link #append} future completed survives a crash (I1).
 *   <li>A crash keeps a prefix of the units appended, each whole.
 *   <li>After a {@link StorageException.Fatal} nothing succeeds until the log is opened again.
 *   <li>Calls that write never overlap, and each sees what the one before did; but they may come
 *       from different threads, the log's own among them. Any thread reads.
 *   <li>A thread that is interrupted while it appends gets a durable unit or an error, never less.
 * </ul>
 */
@Stable(since = "1.0")
public interface RaftLog extends AutoCloseable {
    /**
     * The identity given to {@link #initialize}, or null for a log that has none yet. A log whose
     * creation was cut short by a crash has none either.
     */
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

    /**
     * Term of an entry in [baseIndex, lastIndex], without I/O.
     *
     * @throws IllegalArgumentException outside
     */
    long term(long index);

    /**
     * Appends contiguous entries, a new hard state (or null), or both, as one atomic unit. The
     * first entry may stand at or below {@link #lastIndex()}: the old suffix from there on is
     * replaced, never at or below the committed index. The unit is visible to reads on return; the
     * future completes, in call order, when it is on stable storage. Calls made while a force runs
     * are grouped into the next.
     *
     * @throws IllegalArgumentException for a gap, or for a replaced committed entry
     *     <p>The future completes on a thread of the log's own: what hangs on it must not block,
     *     but may append, so no lock of the log is held meanwhile. It fails with NoSpace when the
     *     unit was taken back, together with all units appended after it; then the log is as if
     *     they had never been appended, but a crash before the next successful append may bring
     *     them back, as it may with any unit that was not acknowledged.
     * @throws StorageException when nothing of the unit was taken
     */
    CompletableFuture<Void> append(List<LogEntry> entries, HardState hardStateOrNull);

    /**
     * The entries [from, toExclusive) up to {@code maxBytes} of payload, at least one, their
     * checksums verified. Entries that were appended are readable before they are durable.
     *
     * @throws IllegalArgumentException for a range that is not held
     */
    List<LogEntry> read(long from, long toExclusive, long maxBytes);

    /**
     * Drops the entries up to {@code index}, which is at most the state's durable applied index
     * (I4). Returns at once; the disk space follows in the background, and a crash may bring
     * entries back. An index at or below the base does nothing.
     *
     * @throws IllegalArgumentException for an index above {@link #durableIndex()}
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
