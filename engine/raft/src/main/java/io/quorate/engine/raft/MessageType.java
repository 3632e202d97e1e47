package io.quorate.engine.raft;

/**
 * The kinds of {@link Message}. The order of the constants is etcd's wire number.
 *
 * <pre>
 * type                  from          carries
 * HUP                   itself        start an election
 * BEAT                  itself        send heartbeats
 * PROP                  anybody       entries to append; a follower forwards it to its leader
 * APP                   leader        entries after (index, logTerm); commit           (Raft §5.3)
 * APP_RESP              member        index that matches; or reject, rejectHint, logTerm
 * VOTE                  candidate     (index, logTerm) of its last entry               (Raft §5.2)
 * VOTE_RESP             voter         reject
 * SNAP                  leader        snapshot                                         (Raft §7)
 * HEARTBEAT             leader        commit; context of a read round
 * HEARTBEAT_RESP        member        the same context
 * UNREACHABLE           transport     a message to {@code from} was lost
 * SNAP_STATUS           transport     the snapshot to {@code from} is done; reject if it failed
 * CHECK_QUORUM          itself        step down if no majority was heard of
 * TRANSFER_LEADER       anybody       hand over to {@code from}              (dissertation §3.10)
 * TIMEOUT_NOW           leader        start an election at once
 * READ_INDEX            anybody       one entry whose data is the read's context        (§6.4)
 * READ_INDEX_RESP       leader        index to wait for, and the same entry
 * PRE_VOTE              pre-candidate as VOTE, for the term to come                     (§9.6)
 * PRE_VOTE_RESP         voter         reject
 * STORAGE_APPEND        itself        entries, hard state (term, vote, commit), snapshot to store
 * STORAGE_APPEND_RESP   log storage   (index, logTerm) that is stable; snapshot in place
 * STORAGE_APPLY         itself        entries to apply
 * STORAGE_APPLY_RESP    state         entries applied
 * FORGET_LEADER         itself        be without a leader in this term
 * </pre>
 */
public enum MessageType {
    HUP("MsgHup"),
    BEAT("MsgBeat"),
    PROP("MsgProp"),
    APP("MsgApp"),
    APP_RESP("MsgAppResp"),
    VOTE("MsgVote"),
    VOTE_RESP("MsgVoteResp"),
    SNAP("MsgSnap"),
    HEARTBEAT("MsgHeartbeat"),
    HEARTBEAT_RESP("MsgHeartbeatResp"),
    UNREACHABLE("MsgUnreachable"),
    SNAP_STATUS("MsgSnapStatus"),
    CHECK_QUORUM("MsgCheckQuorum"),
    TRANSFER_LEADER("MsgTransferLeader"),
    TIMEOUT_NOW("MsgTimeoutNow"),
    READ_INDEX("MsgReadIndex"),
    READ_INDEX_RESP("MsgReadIndexResp"),
    PRE_VOTE("MsgPreVote"),
    PRE_VOTE_RESP("MsgPreVoteResp"),
    STORAGE_APPEND("MsgStorageAppend"),
    STORAGE_APPEND_RESP("MsgStorageAppendResp"),
    STORAGE_APPLY("MsgStorageApply"),
    STORAGE_APPLY_RESP("MsgStorageApplyResp"),
    FORGET_LEADER("MsgForgetLeader");

    private final String wireName;

    MessageType(String wireName) {
        this.wireName = wireName;
    }

    /** etcd's name of this type, as in {@code MsgApp}. */
    public String wireName() {
        return wireName;
    }

    /** Whether messages of this type never cross the network. */
    public boolean isLocal() {
        return switch (this) {
            case HUP,
                    BEAT,
                    UNREACHABLE,
                    SNAP_STATUS,
                    CHECK_QUORUM,
                    STORAGE_APPEND,
                    STORAGE_APPEND_RESP,
                    STORAGE_APPLY,
                    STORAGE_APPLY_RESP ->
                    true;
            case PROP,
                    APP,
                    APP_RESP,
                    VOTE,
                    VOTE_RESP,
                    SNAP,
                    HEARTBEAT,
                    HEARTBEAT_RESP,
                    TRANSFER_LEADER,
                    TIMEOUT_NOW,
                    READ_INDEX,
                    READ_INDEX_RESP,
                    PRE_VOTE,
                    PRE_VOTE_RESP,
                    FORGET_LEADER ->
                    false;
        };
    }

    /** Whether this type answers another, and so makes sense from known members only. */
    boolean isResponse() {
        return switch (this) {
            case APP_RESP,
                    VOTE_RESP,
                    HEARTBEAT_RESP,
                    UNREACHABLE,
                    READ_INDEX_RESP,
                    PRE_VOTE_RESP,
                    STORAGE_APPEND_RESP,
                    STORAGE_APPLY_RESP ->
                    true;
            case HUP,
                    BEAT,
                    PROP,
                    APP,
                    VOTE,
                    SNAP,
                    HEARTBEAT,
                    SNAP_STATUS,
                    CHECK_QUORUM,
                    TRANSFER_LEADER,
                    TIMEOUT_NOW,
                    READ_INDEX,
                    PRE_VOTE,
                    STORAGE_APPEND,
                    STORAGE_APPLY,
                    FORGET_LEADER ->
                    false;
        };
    }
}
