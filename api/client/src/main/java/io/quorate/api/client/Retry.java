package io.quorate.api.client;

/** Whether a call may be made once more after it failed. */
public enum Retry {
    /** Changes nothing, or the same when made twice: again whenever a member is unavailable. */
    REPEATABLE,
    /** A write: again only when the first has surely not reached a member. */
    UNSENT_ONLY
}
