package io.quorate.api.grpc;

import io.grpc.Status;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntConsumer;

/**
 * The receiving half of a call: cuts DATA into messages, keeps those nobody has asked for yet, and
 * gives the client window credit as they are taken.
 *
 * <p>Credit comes back when a message is taken by the call, so a call that does not {@code request}
 * holds at most one window. The exception is a message larger than half the window, which gets
 * credit while it is being put together: if it is the next to be delivered, if it has been asked
 * for, and if the connection's {@link InboundBudget} has granted it.
 *
 * <p>Thread-safe: fed by the reader, emptied by the call's thread. Lock order: this monitor comes
 * last, callbacks are made without it.
 */
final class InboundMessages {
    /**
     * A message as received.
     *
     * @param bytes its payload
     * @param compressed whether the payload is encoded as the header grpc-encoding says
     */
    record Message(byte[] bytes, boolean compressed) {}

    private static final int PREFIX_BYTES = 5;
    private static final int FIRST_BODY_BYTES = 32 << 10;
    private static final Runnable NOTHING = () -> {};

    private final int window;
    private final int maxMessage;
    private final AtomicLong heldByConnection;
    private final InboundBudget budget;

    /** Sends a WINDOW_UPDATE for the stream. */
    private final IntConsumer windowUpdate;

    private final ArrayDeque<Message> complete = new ArrayDeque<>(2);
    private final byte[] prefix = new byte[PREFIX_BYTES];
    private int prefixBytes;
    private byte[] body;
    private int bodyBytes;
    private int bodyLength;

    private long windowLeft;
    private int credit;
    private int held;
    private int requested;

    /** Bytes of the unfinished message that were credited already. */
    private int creditedEarly;

    /** The same for complete messages not yet taken: only the first of them can have had any. */
    private int completeCreditedEarly;

    private boolean large;
    private boolean granted;
    private int reservation;
    private boolean ended;
    private boolean discarded;

    /**
     * @param requested messages wanted from the start: 1 for a method whose client sends one,
     *     because its handler is started only when that has come
     */
    InboundMessages(
            int window,
            int maxMessage,
            int requested,
            AtomicLong heldByConnection,
            InboundBudget budget,
            IntConsumer windowUpdate) {
        this.window = window;
        this.windowLeft = window;
        this.maxMessage = maxMessage;
        this.requested = requested;
        this.heldByConnection = heldByConnection;
        this.budget = budget;
        this.windowUpdate = windowUpdate;
    }

    /**
     * Takes the payload of a DATA frame.
     *
     * @param flowBytes what the frame counts for flow control: payload and padding
     * @return the status the call must end with, if it must
     * @throws ConnectionException FLOW_CONTROL_ERROR when the client ignores the window
     */
    Optional<Status> data(byte[] bytes, int offset, int length, int flowBytes)
            throws ConnectionException {
        Optional<Status> failure;
        Runnable budgetNews;
        int update;
        synchronized (this) {
            if (discarded) {
                return Optional.empty();
            }
            windowLeft -= flowBytes;
            if (windowLeft < 0) {
                throw new ConnectionException(
                        ErrorCode.FLOW_CONTROL_ERROR, "DATA over the stream's window");
            }
            hold(length);
            failure = deframe(bytes, offset, offset + length);
            budgetNews = endReservation();
            creditEarly();
            update = takeCredit(flowBytes - length);
        }
        budgetNews.run();
        send(update);
        return failure;
    }

    private Optional<Status> deframe(byte[] bytes, int from, int end) {
        int at = from;
        while (at < end) {
            if (body == null) {
                int n = Math.min(PREFIX_BYTES - prefixBytes, end - at);
                System.arraycopy(bytes, at, prefix, prefixBytes, n);
                prefixBytes += n;
                at += n;
                if (prefixBytes < PREFIX_BYTES) {
                    break;
                }
                Optional<Status> failure = startBody(end - at);
                if (failure.isPresent()) {
                    return failure;
                }
            }
            int n = Math.min(bodyLength - bodyBytes, end - at);
            growBody(bodyBytes + n);
            System.arraycopy(bytes, at, body, bodyBytes, n);
            bodyBytes += n;
            at += n;
            if (bodyBytes == bodyLength) {
                completeMessage();
            }
        }
        return Optional.empty();
    }

    private Optional<Status> startBody(int available) {
        if (prefix[0] != 0 && prefix[0] != 1) {
            return Optional.of(
                    Status.INTERNAL.withDescription(
                            "grpc: received unexpected payload format " + (prefix[0] & 255)));
        }
        int length = Frames.getInt(prefix, 1);
        if (length < 0 || length > maxMessage) {
            // grpc-go's words: what etcd's clients have always seen (GS-04).
            return Optional.of(
                    Status.RESOURCE_EXHAUSTED.withDescription(
                            "grpc: received message larger than max ("
                                    + Integer.toUnsignedString(length)
                                    + " vs. "
                                    + maxMessage
                                    + ")"));
        }
        bodyLength = length;
        bodyBytes = 0;
        // The announced length is not trusted: memory follows the bytes that really come.
        body = new byte[Math.min(length, Math.max(available, FIRST_BODY_BYTES))];
        large = PREFIX_BYTES + length > window / 2;
        if (large) {
            reservation = length;
            granted = budget.reserve(this, length);
        }
        return Optional.empty();
    }

    private void growBody(int needed) {
        if (needed > body.length) {
            body = Arrays.copyOf(body, Math.min(bodyLength, Math.max(needed, body.length * 2)));
        }
    }

    private void completeMessage() {
        complete.add(new Message(body, prefix[0] == 1));
        if (creditedEarly > 0) {
            completeCreditedEarly = creditedEarly;
            creditedEarly = 0;
        }
        body = null;
        prefixBytes = 0;
    }

    /**
     * A complete message waits under the connection's byte limit, no longer under the budget.
     *
     * @return what to tell the budget once the monitor is free: it may grant to another call at
     *     once
     */
    private Runnable endReservation() {
        if (!large || body != null && !discarded) {
            return NOTHING;
        }
        large = false;
        if (!granted) {
            return () -> budget.forget(this);
        }
        granted = false;
        int bytes = reservation;
        return () -> budget.release(bytes);
    }

    private void creditEarly() {
        if (large && granted && requested > 0 && complete.isEmpty()) {
            int received = PREFIX_BYTES + bodyBytes;
            credit += received - creditedEarly;
            creditedEarly = received;
        }
    }

    /** The budget has room for the message being put together. */
    void granted(int bytes) {
        int update;
        boolean stale;
        synchronized (this) {
            stale = discarded || !large || granted || bytes != reservation;
            if (!stale) {
                granted = true;
                creditEarly();
            }
            update = takeCredit(0);
        }
        if (stale) {
            budget.release(bytes);
        }
        send(update);
    }

    /** The client has sent END_STREAM. */
    synchronized void end() {
        ended = true;
    }

    /** Wants {@code n} more messages. */
    void request(int n) {
        int update;
        synchronized (this) {
            requested = (int) Math.min(Integer.MAX_VALUE, (long) requested + n);
            creditEarly();
            update = takeCredit(0);
        }
        send(update);
    }

    /** Forgets the demand a call was born with: from now on it is what the handler asks for. */
    synchronized void resetDemand() {
        requested = 0;
    }

    /** Takes the next message if there is one and it was asked for, and gives its credit back. */
    Optional<Message> poll() {
        Message message;
        int update;
        synchronized (this) {
            if (requested == 0 || complete.isEmpty()) {
                return Optional.empty();
            }
            requested--;
            message = complete.poll();
            int bytes = PREFIX_BYTES + message.bytes().length;
            hold(-bytes);
            credit += bytes - completeCreditedEarly;
            completeCreditedEarly = 0;
            creditEarly();
            update = takeCredit(0);
        }
        send(update);
        return Optional.of(message);
    }

    /** True when the client has finished and every message has been taken. */
    synchronized boolean exhausted() {
        return ended && complete.isEmpty();
    }

    /** True when the client finished in the middle of a message. */
    synchronized boolean truncated() {
        return ended && (body != null || prefixBytes > 0);
    }

    synchronized boolean hasMessage() {
        return requested > 0 && !complete.isEmpty();
    }

    /** Frees everything; later data is dropped. */
    void discard() {
        Runnable budgetNews;
        synchronized (this) {
            if (discarded) {
                return;
            }
            discarded = true;
            complete.clear();
            body = null;
            hold(-held);
            budgetNews = endReservation();
        }
        budgetNews.run();
    }

    private void hold(int bytes) {
        held += bytes;
        heldByConnection.addAndGet(bytes);
    }

    /** What to announce now: nothing until a quarter of the window has gathered. */
    private int takeCredit(int more) {
        credit += more;
        if (ended || credit < window / 4) {
            return 0;
        }
        int update = credit;
        credit = 0;
        windowLeft += update;
        return update;
    }

    private void send(int update) {
        if (update > 0) {
            windowUpdate.accept(update);
        }
    }
}
