package io.quorate.api.client;

import io.quorate.api.proto.WatchResponse;

/**
 * The server has ended a watch: its revision is compacted, the range is empty, or the user may not
 * read it.
 */
public final class WatchCanceledException extends RuntimeException {
    private static final long serialVersionUID = 1;
    private static final String COMPACTED =
            "etcdserver: mvcc: required revision has been compacted";

    private final transient WatchResponse response;

    WatchCanceledException(WatchResponse response) {
        super(reason(response));
        this.response = response;
    }

    private static String reason(WatchResponse response) {
        if (!response.getCancelReason().isEmpty()) {
            return response.getCancelReason();
        }
        // The server leaves the reason out (WA-10); etcd's client has these words.
        return response.getCompactRevision() > 0
                ? COMPACTED
                : "etcdserver: mvcc: required revision is a future revision";
    }

    /** The answer that ended it. */
    public WatchResponse response() {
        return response;
    }

    /** The oldest revision a watch may begin at; 0 when this is not about compaction (WA-11). */
    public long compactRevision() {
        return response.getCompactRevision();
    }
}
