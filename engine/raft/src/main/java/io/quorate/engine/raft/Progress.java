package io.quorate.engine.raft;

/**
 * How far one member has got, as its leader sees it (nextIndex and matchIndex of Raft figure 2,
 * with flow control).
 *
 * <pre>
 * state      leader sends                    leaves it when
 * PROBE      one append per heartbeat round  an append is accepted           -> REPLICATE
 *                                            the log no longer reaches back  -> SNAPSHOT
 * REPLICATE  a window of appends, without    an append is refused, or the
 *            waiting for answers             member is unreachable           -> PROBE
 *                                            the log no longer reaches back  -> SNAPSHOT
 * SNAPSHOT   nothing                         the member acknowledges an index
 *                                            that the log can continue from  -> REPLICATE
 *                                            the snapshot is reported        -> PROBE
 * </pre>
 */
final class Progress {
    /** How the leader replicates to a member. */
    enum State {
        PROBE("StateProbe"),
        REPLICATE("StateReplicate"),
        SNAPSHOT("StateSnapshot");

        private final String text;

        State(String text) {
            this.text = text;
        }

        @Override
        public String toString() {
            return text;
        }
    }

    final long id;
    private final Inflights inflights;

    private State state = State.PROBE;
    private long match;
    private long next;
    private long pendingSnapshot;
    // The highest commit index on its way to the member; falls back when appends may be lost.
    private long sentCommit;
    private boolean learner;
    private boolean recentlyActive;
    private boolean appendsPaused;

    /** A member nothing is known of but that entries from {@code next} on can be tried. */
    Progress(long id, long next, Inflights inflights, boolean learner) {
        this.id = id;
        this.next = next;
        this.inflights = inflights;
        this.learner = learner;
    }

    /** The same progress under another membership; the window is shared, the rest is copied. */
    Progress(Progress other) {
        this(other.id, other.next, other.inflights, other.learner);
        state = other.state;
        match = other.match;
        pendingSnapshot = other.pendingSnapshot;
        sentCommit = other.sentCommit;
        recentlyActive = other.recentlyActive;
        appendsPaused = other.appendsPaused;
    }

    State state() {
        return state;
    }

    /** Index up to which the member's log is known to equal the leader's. */
    long match() {
        return match;
    }

    /** Index of the next entry to send; {@code match < next}. */
    long next() {
        return next;
    }

    /** Index of the snapshot on its way in state SNAPSHOT, else 0. */
    long pendingSnapshot() {
        return pendingSnapshot;
    }

    Inflights inflights() {
        return inflights;
    }

    boolean isLearner() {
        return learner;
    }

    void setLearner(boolean learner) {
        this.learner = learner;
    }

    boolean isRecentlyActive() {
        return recentlyActive;
    }

    /** Notes that the member was (not) heard of in this check-quorum round. */
    void setRecentlyActive(boolean active) {
        recentlyActive = active;
    }

    /** Lets one more append through, so that a lost one cannot stall the member for good. */
    void resumeAppends() {
        appendsPaused = false;
    }

    void pauseAppends() {
        appendsPaused = true;
    }

    void becomeProbe() {
        // A member that has the snapshot continues right behind it.
        long afterSnapshot = state == State.SNAPSHOT ? pendingSnapshot + 1 : 0;
        enter(State.PROBE);
        next = Math.max(match + 1, afterSnapshot);
        sentCommit = Math.min(sentCommit, next - 1);
    }

    void becomeReplicate() {
        enter(State.REPLICATE);
        next = match + 1;
    }

    void becomeSnapshot(long index) {
        enter(State.SNAPSHOT);
        pendingSnapshot = index;
        next = index + 1;
        sentCommit = index;
    }

    /** The snapshot on its way will not arrive, so probing starts from what is known to match. */
    void snapshotFailed() {
        pendingSnapshot = 0;
        becomeProbe();
    }

    private void enter(State newState) {
        appendsPaused = false;
        pendingSnapshot = 0;
        state = newState;
        inflights.clear();
    }

    /** An append with so many entries from {@code next} on was sent. */
    void sentEntries(int entries, long bytes) {
        switch (state) {
            case REPLICATE -> {
                if (entries > 0) {
                    next += entries;
                    inflights.add(next - 1, bytes);
                }
                // What goes out on a full window is a probe; the next waits for a heartbeat.
                appendsPaused = inflights.isFull();
            }
            case PROBE -> {
                if (entries > 0) appendsPaused = true;
            }
            case SNAPSHOT ->
                    throw new IllegalStateException("append sent to a member awaiting a snapshot");
        }
    }

    void sentCommit(long commit) {
        sentCommit = commit;
    }

    /** Whether telling this commit index may let the member commit more than it was told before. */
    boolean canBumpCommit(long commit) {
        return commit > sentCommit && sentCommit < next - 1;
    }

    /** Takes an acknowledgement; false when it says nothing new. */
    boolean maybeUpdate(long acknowledged) {
        if (acknowledged <= match) return false;
        match = acknowledged;
        next = Math.max(next, acknowledged + 1);
        appendsPaused = false;
        return true;
    }

    /**
     * Takes the refusal of an append that followed {@code rejected}; false when it is out of date.
     *
     * @param matchHint the highest index at which the logs may match
     */
    boolean maybeDecrease(long rejected, long matchHint) {
        if (state == State.REPLICATE) {
            if (rejected <= match) return false;
            next = match + 1;
            sentCommit = Math.min(sentCommit, next - 1);
            return true;
        }
        // Probes go one at a time: a refusal of anything but the last one is old.
        if (next - 1 != rejected) return false;
        next = Math.max(Math.min(rejected, matchHint + 1), match + 1);
        sentCommit = Math.min(sentCommit, next - 1);
        appendsPaused = false;
        return true;
    }

    boolean isPaused() {
        return switch (state) {
            case PROBE, REPLICATE -> appendsPaused;
            case SNAPSHOT -> true;
        };
    }

    /** Starts over at a change of term: what the member has is to be found out again. */
    void reset(long newNext, long newMatch) {
        enter(State.PROBE);
        next = newNext;
        match = newMatch;
        sentCommit = 0;
        recentlyActive = false;
    }

    @Override
    public String toString() {
        var text = new StringBuilder();
        text.append(state).append(" match=").append(match).append(" next=").append(next);
        if (learner) text.append(" learner");
        if (isPaused()) text.append(" paused");
        if (pendingSnapshot > 0) text.append(" pendingSnap=").append(pendingSnapshot);
        if (!recentlyActive) text.append(" inactive");
        if (inflights.count() > 0) {
            text.append(" inflight=").append(inflights.count());
            if (inflights.isFull()) text.append("[full]");
        }
        return text.toString();
    }
}
