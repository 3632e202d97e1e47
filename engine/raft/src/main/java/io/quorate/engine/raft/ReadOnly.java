package io.quorate.engine.raft;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads that wait for proof that their leader still led after they arrived (dissertation §6.4).
 *
 * <p>Reads queue in the order of arrival and are numbered from 1 for as long as this member leads
 * in this term. A heartbeat carries the number of the newest read; whoever answers it confirms that
 * read and all before it. So an answer to an older round never confirms a read that came after the
 * round, whatever contexts the callers use, and one round confirms every read that waits.
 */
final class ReadOnly {
    private static final VarHandle LONG =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    static final byte[] NO_ROUND = new byte[0];

    /**
     * A read that waits.
     *
     * @param request the READ_INDEX message
     * @param index commit index when it arrived
     */
    record Waiting(Message request, long index) {}

    private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
    private final Map<Long, Long> acknowledged = new HashMap<>();
    private long confirmed;

    void add(Message request, long commitIndex) {
        waiting.add(new Waiting(request, commitIndex));
    }

    /** What the next heartbeat carries: the number of the newest read, or nothing. */
    byte[] round() {
        if (waiting.isEmpty()) return NO_ROUND;
        var context = new byte[Long.BYTES];
        LONG.set(context, 0, confirmed + waiting.size());
        return context;
    }

    /** Notes that a member answered a heartbeat that carried this context. */
    void acknowledge(long member, byte[] round) {
        if (round.length != Long.BYTES) return;
        // No more can be confirmed than was asked.
        long number = Math.min((long) LONG.get(round, 0), confirmed + waiting.size());
        acknowledged.merge(member, number, Math::max);
    }

    /** Takes out the reads that a majority of these voters has confirmed. */
    List<Waiting> takeConfirmed(JointConfig voters) {
        if (waiting.isEmpty()) return List.of();
        long upTo = voters.committedIndex(voter -> acknowledged.getOrDefault(voter, 0L));
        if (upTo <= confirmed) return List.of();
        var reads = new ArrayList<Waiting>();
        while (confirmed < upTo && !waiting.isEmpty()) {
            reads.add(waiting.poll());
            confirmed++;
        }
        return reads;
    }
}
