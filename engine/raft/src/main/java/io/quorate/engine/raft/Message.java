package io.quorate.engine.raft;

import java.util.List;

/**
 * A message between members, or between a member and its own storage. Which fields a type uses is
 * said in {@link MessageType}; unused ones are zero, empty or null.
 *
 * @param type kind
 * @param to receiver
 * @param from sender
 * @param term sender's term, 0 for local messages
 * @param logTerm term of the entry at {@code index}
 * @param index index before {@code entries}, or the index acknowledged
 * @param entries entries carried
 * @param commit sender's commit index
 * @param vote for STORAGE_APPEND: the vote to store
 * @param snapshot snapshot carried, or null
 * @param reject whether a request was refused
 * @param rejectHint the index to try next after a refusal
 * @param context opaque bytes that come back in the answer
 * @param responses for storage messages: what to step once the work is done
 */
public record Message(
        MessageType type,
        long to,
        long from,
        long term,
        long logTerm,
        long index,
        List<Entry> entries,
        long commit,
        long vote,
        Snapshot snapshot,
        boolean reject,
        long rejectHint,
        byte[] context,
        List<Message> responses) {}
