package io.quorate.engine.raft;

import java.util.List;

/**
 * What the caller must do next. With asynchronous storage writes the work for the log and for the
 * state stands in {@code messages} as STORAGE_APPEND and STORAGE_APPLY; each carries the responses
 * to step once its work is done, and {@link RawNode#advance} is not called.
 *
 * @param softState new soft state, or null when unchanged
 * @param hardState new hard state, or null when unchanged
 * @param readStates read-index requests that were confirmed
 * @param entries entries to put on stable storage before {@code messages} are sent
 * @param snapshot snapshot to put on stable storage, or null
 * @param committedEntries entries to apply, all of them stable here already (unless {@link
 *     RaftConfig#applyUnstableEntries()} lets some be in {@code entries} too)
 * @param messages messages to send
 * @param mustSync whether hard state and entries must be forced to disk
 */
public record Ready(
        SoftState softState,
        HardState hardState,
        List<ReadState> readStates,
        List<Entry> entries,
        Snapshot snapshot,
        List<Entry> committedEntries,
        List<Message> messages,
        boolean mustSync) {}
