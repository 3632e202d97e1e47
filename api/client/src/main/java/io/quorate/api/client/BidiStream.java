package io.quorate.api.client;

import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;

import java.util.ArrayDeque;
import java.util.Optional;

/**
 * An open call with requests and answers. Sending and reading may be done by two threads, each by
 * one at a time.
 */
public final class BidiStream<Q, S> implements ResponseStream<S> {
    /** Messages asked for ahead of the reader. */
    private static final int AHEAD = 16;

    private final ClientCall<Q, S> call;

    // Guarded by the monitor.
    private final ArrayDeque<S> received = new ArrayDeque<>();
    private Status end;
    private Metadata trailers = new Metadata();
    private int taken;

    BidiStream(ClientCall<Q, S> call, Metadata metadata) {
        this.call = call;
        call.start(new Listener(), metadata);
        call.request(AHEAD);
    }

    /**
     * Sends a request; blocks while the server does not take the ones before. Does nothing once the
     * stream has ended: {@link #next} tells how.
     */
    public void send(Q request) {
        call.sendMessage(request);
    }

    /** No more requests will come; answers still may. */
    public void halfClose() {
        call.halfClose();
    }

    @Override
    public Optional<S> next() {
        int more = 0;
        Optional<S> message = Optional.empty();
        synchronized (this) {
            while (received.isEmpty() && end == null) {
                awaitNews();
            }
            if (!received.isEmpty()) {
                message = Optional.of(received.poll());
                if (++taken >= AHEAD / 2) {
                    more = taken;
                    taken = 0;
                }
            } else if (!end.isOk()) {
                throw end.asRuntimeException(trailers);
            }
        }
        if (more > 0) {
            call.request(more);
        }
        return message;
    }

    private void awaitNews() {
        try {
            wait();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            end = Status.CANCELLED.withDescription("interrupted").withCause(e);
            call.cancel("interrupted", e);
        }
    }

    @Override
    public void close() {
        call.cancel("closed by the caller", null);
    }

    /** In the thread that reads from the server: hands over and goes. */
    private final class Listener extends ClientCall.Listener<S> {
        @Override
        public void onMessage(S message) {
            synchronized (BidiStream.this) {
                received.add(message);
                BidiStream.this.notifyAll();
            }
        }

        @Override
        public void onClose(Status status, Metadata metadata) {
            synchronized (BidiStream.this) {
                if (end == null) {
                    end = status;
                    trailers = metadata;
                }
                BidiStream.this.notifyAll();
            }
        }
    }
}
