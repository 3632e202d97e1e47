package io.quorate.api.grpc;

/**
 * Messages that leave together: what a handler sends on streaming calls of one connection within
 * {@link #run} is written when that ends, in as few writes as it fits, instead of a write for each
 * message; and behind the calls of the connection that have their turn at that moment, with what
 * they send. On calls of other servers it changes nothing.
 *
 * <p>Bound to the thread that runs it and visible in a scope only, because {@code
 * io.grpc.ServerCall} knows no flush and interceptors may stand between a handler and its call.
 */
public final class SendBatch {
    private static final ScopedValue<SendBatch> CURRENT = ScopedValue.newInstance();

    /** Where something waits to be flushed; null for nowhere. */
    private Outbound held;

    private SendBatch() {}

    /** Runs the handler's sends and then writes them. Within another batch, joins that one. */
    public static void run(Runnable sends) {
        if (CURRENT.isBound()) {
            sends.run();
            return;
        }
        SendBatch batch = new SendBatch();
        try {
            ScopedValue.where(CURRENT, batch).run(sends);
        } finally {
            batch.flush();
        }
    }

    /** Sends what {@link Outbound#send} takes, now or with the batch that runs. */
    static void send(
            Outbound outbound,
            OutboundStream stream,
            byte[] headers,
            byte[] message,
            byte[] trailers) {
        if (!CURRENT.isBound()) {
            outbound.send(stream, headers, message, trailers);
            return;
        }
        SendBatch batch = CURRENT.get();
        if (batch.held != outbound) {
            batch.flush();
        }
        if (outbound.isReady(stream)) {
            batch.held = outbound;
            outbound.offer(stream, headers, message, trailers);
        } else {
            // It may wait for room, which comes when what was held back has been written.
            batch.flush();
            outbound.send(stream, headers, message, trailers);
        }
    }

    private void flush() {
        if (held != null) {
            held.flushTogether();
        }
        held = null;
    }
}
