package io.quorate.engine.state;

import java.util.List;

/**
 * What a {@link WatchStream} tells, in order. Revisions are the store's when the message was made,
 * and never more than the stream has told: see {@link Progress}.
 */
public sealed interface WatchMessage {
    /**
     * A watch was created; comes before everything else about it (WA-03).
     *
     * @param revision the watch sees all later ones, from its start on
     */
    record Created(long watchId, long revision, WatchQuery query) implements WatchMessage {}

    /**
     * A watch was not created.
     *
     * @param reason as clients expect it in {@code cancel_reason} (WA-06, WA-09, WA-13)
     */
    record Refused(long revision, String reason) implements WatchMessage {}

    /**
     * All events of one revision or of several, in order (WA-19), never a part of one (WA-20).
     *
     * @param revision of the store; the events may be older
     * @param events one or more
     */
    record Events(long watchId, long revision, List<WatchEvent> events, WatchQuery query)
            implements WatchMessage {
        /** Whether {@link WatchEvent#previousKeyValue} is known and wanted. */
        public boolean previous() {
            return query.previous();
        }
    }

    /**
     * All events up to and including this revision came before (WA-26), those of one watch, or with
     * {@link WatchStream#ALL} those of all watches of the stream.
     */
    record Progress(long watchId, long revision) implements WatchMessage {}

    /** A watch ended because it was asked to; comes after everything else about it (WA-27). */
    record Canceled(long watchId, long revision) implements WatchMessage {}

    /**
     * A watch ended because events that it had not seen yet were compacted (WA-10).
     *
     * @param compactRevision the oldest revision that a new watch may start from (WA-11)
     */
    record Compacted(long watchId, long compactRevision) implements WatchMessage {}

    /** The state closes: nothing more comes on this stream. */
    record Closed() implements WatchMessage {}
}
