package io.quorate.engine.raft;

import java.util.List;

/** Makes messages, each kind with the fields that it uses. */
final class Messages {
    private static final byte[] NO_CONTEXT = new byte[0];

    private Messages() {}

    /** A message without content. */
    static Message plain(MessageType type, long to, long from, long term) {
        return make(type, to, from, term, 0, 0, List.of(), 0, null, false, 0, NO_CONTEXT);
    }

    static Message append(
            long to, long from, long term, EntryId previous, List<Entry> entries, long commit) {
        return make(
                MessageType.APP,
                to,
                from,
                term,
                previous.term(),
                previous.index(),
                entries,
                commit,
                null,
                false,
                0,
                NO_CONTEXT);
    }

    static Message appendAccepted(long to, long from, long term, long index) {
        return make(
                MessageType.APP_RESP,
                to,
                from,
                term,
                0,
                index,
                List.of(),
                0,
                null,
                false,
                0,
                NO_CONTEXT);
    }

    static Message appendRejected(long to, long from, long term, long index, EntryId hint) {
        return make(
                MessageType.APP_RESP,
                to,
                from,
                term,
                hint.term(),
                index,
                List.of(),
                0,
                null,
                true,
                hint.index(),
                NO_CONTEXT);
    }

    static Message snapshot(long to, long from, long term, Snapshot snapshot) {
        return make(
                MessageType.SNAP,
                to,
                from,
                term,
                0,
                0,
                List.of(),
                0,
                snapshot,
                false,
                0,
                NO_CONTEXT);
    }

    static Message heartbeat(long to, long from, long term, long commit, byte[] context) {
        return make(
                MessageType.HEARTBEAT,
                to,
                from,
                term,
                0,
                0,
                List.of(),
                commit,
                null,
                false,
                0,
                context);
    }

    static Message heartbeatAnswer(long to, long from, long term, byte[] context) {
        return make(
                MessageType.HEARTBEAT_RESP,
                to,
                from,
                term,
                0,
                0,
                List.of(),
                0,
                null,
                false,
                0,
                context);
    }

    /** A VOTE or PRE_VOTE. */
    static Message voteRequest(
            MessageType type, long to, long from, long term, EntryId last, byte[] context) {
        return make(
                type,
                to,
                from,
                term,
                last.term(),
                last.index(),
                List.of(),
                0,
                null,
                false,
                0,
                context);
    }

    /** A VOTE_RESP or PRE_VOTE_RESP. */
    static Message voteAnswer(MessageType type, long to, long from, long term, boolean reject) {
        return make(type, to, from, term, 0, 0, List.of(), 0, null, reject, 0, NO_CONTEXT);
    }

    /** Proposed entries; without a term, for they are good for whatever leader they find. */
    static Message propose(long to, long from, List<Entry> entries) {
        return make(MessageType.PROP, to, from, 0, 0, 0, entries, 0, null, false, 0, NO_CONTEXT);
    }

    /** A READ_INDEX; its context travels as the data of an entry. */
    static Message readIndex(long to, long from, List<Entry> context) {
        return make(
                MessageType.READ_INDEX, to, from, 0, 0, 0, context, 0, null, false, 0, NO_CONTEXT);
    }

    static Message readIndexAnswer(long to, long from, long term, long index, List<Entry> context) {
        return make(
                MessageType.READ_INDEX_RESP,
                to,
                from,
                term,
                0,
                index,
                context,
                0,
                null,
                false,
                0,
                NO_CONTEXT);
    }

    static Message snapshotStatus(long from, boolean failed) {
        return make(
                MessageType.SNAP_STATUS,
                0,
                from,
                0,
                0,
                0,
                List.of(),
                0,
                null,
                failed,
                0,
                NO_CONTEXT);
    }

    static Message storageAppend(
            long from,
            HardState hardState,
            List<Entry> entries,
            Snapshot snapshot,
            List<Message> responses) {
        return new Message(
                MessageType.STORAGE_APPEND,
                RawNode.APPEND_THREAD,
                from,
                hardState.term(),
                0,
                0,
                entries,
                hardState.commit(),
                hardState.vote(),
                snapshot,
                false,
                0,
                NO_CONTEXT,
                responses);
    }

    /** What is stable once a STORAGE_APPEND is done; {@code last} is (0, 0) for no entries. */
    static Message storageAppended(long to, long term, EntryId last, Snapshot snapshot) {
        return make(
                MessageType.STORAGE_APPEND_RESP,
                to,
                RawNode.APPEND_THREAD,
                term,
                last.term(),
                last.index(),
                List.of(),
                0,
                snapshot,
                false,
                0,
                NO_CONTEXT);
    }

    static Message storageApply(long from, List<Entry> entries, List<Message> responses) {
        return new Message(
                MessageType.STORAGE_APPLY,
                RawNode.APPLY_THREAD,
                from,
                0,
                0,
                0,
                entries,
                0,
                0,
                null,
                false,
                0,
                NO_CONTEXT,
                responses);
    }

    static Message storageApplied(long to, List<Entry> entries) {
        return make(
                MessageType.STORAGE_APPLY_RESP,
                to,
                RawNode.APPLY_THREAD,
                0,
                0,
                0,
                entries,
                0,
                null,
                false,
                0,
                NO_CONTEXT);
    }

    private static Message make(
            MessageType type,
            long to,
            long from,
            long term,
            long logTerm,
            long index,
            List<Entry> entries,
            long commit,
            Snapshot snapshot,
            boolean reject,
            long rejectHint,
            byte[] context) {
        return new Message(
                type,
                to,
                from,
                term,
                logTerm,
                index,
                entries,
                commit,
                0,
                snapshot,
                reject,
                rejectHint,
                context,
                List.of());
    }
}
