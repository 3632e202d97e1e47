package io.quorate.engine.grpc;

import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.quorate.engine.state.EtcdError;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * Ends the open streams of clients that insist on a leader, once there has been none for three
 * election timeouts (GS-09): such a client would rather watch at a member that is not cut off.
 * Looks for the leader only while there are such streams.
 */
final class LeaderGuard implements ServerInterceptor {
    private static final int TIMEOUTS = 3;

    private final BooleanSupplier hasLeader;
    private final long timeoutNanos;
    private final ScheduledExecutorService timer;

    /** Guarded by this, as is what follows. */
    private final Set<Guarded<?, ?>> calls = new HashSet<>();

    private ScheduledFuture<?> looks;
    private int missed;

    /**
     * @param timeoutNanos election timeout
     */
    LeaderGuard(BooleanSupplier hasLeader, long timeoutNanos, ScheduledExecutorService timer) {
        this.hasLeader = hasLeader;
        this.timeoutNanos = timeoutNanos;
        this.timer = timer;
    }

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
        boolean stream = call.getMethodDescriptor().getType() != MethodType.UNARY;
        if (!stream || !Admission.insistsOnLeader(headers)) {
            return next.startCall(call, headers);
        }
        Guarded<Q, A> guarded = new Guarded<>(call);
        add(guarded);
        return new SimpleForwardingServerCallListener<>(next.startCall(guarded, headers)) {
            @Override
            public void onCancel() {
                remove(guarded);
                super.onCancel();
            }

            @Override
            public void onComplete() {
                remove(guarded);
                super.onComplete();
            }
        };
    }

    private synchronized void add(Guarded<?, ?> call) {
        calls.add(call);
        if (looks == null) {
            missed = 0;
            looks =
                    timer.scheduleAtFixedRate(
                            this::look, timeoutNanos, timeoutNanos, TimeUnit.NANOSECONDS);
        }
    }

    private synchronized void remove(Guarded<?, ?> call) {
        if (calls.remove(call) && calls.isEmpty()) {
            looks.cancel(false);
            looks = null;
        }
    }

    /** Once for each election timeout. */
    void look() {
        List<Guarded<?, ?>> lost = List.of();
        synchronized (this) {
            missed = hasLeader.getAsBoolean() ? 0 : missed + 1;
            if (missed >= TIMEOUTS) {
                lost = new ArrayList<>(calls);
            }
        }
        // On threads of their own: a client that does not read may hold up the end of its call.
        lost.forEach(call -> Thread.ofVirtual().name("leader-lost").start(call::endWithoutLeader));
    }

    /** A call that somebody else than its handler may end; after that the handler is not heard. */
    private static final class Guarded<Q, A> extends SimpleForwardingServerCall<Q, A> {
        private boolean over;

        Guarded(ServerCall<Q, A> call) {
            super(call);
        }

        /** The handler learns it by its listener's onComplete. */
        synchronized void endWithoutLeader() {
            close(Failures.status(EtcdError.NO_LEADER), new Metadata());
        }

        @Override
        public synchronized void sendHeaders(Metadata headers) {
            if (!over) {
                super.sendHeaders(headers);
            }
        }

        @Override
        public synchronized void sendMessage(A message) {
            if (!over) {
                super.sendMessage(message);
            }
        }

        @Override
        public synchronized void close(Status status, Metadata trailers) {
            if (!over) {
                over = true;
                super.close(status, trailers);
            }
        }
    }
}
