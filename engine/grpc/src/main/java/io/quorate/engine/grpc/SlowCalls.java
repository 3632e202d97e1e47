package io.quorate.engine.grpc;

import com.google.protobuf.MessageLite;

import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.quorate.engine.node.Fields;

import java.lang.System.Logger.Level;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Logs unary calls that took long (GS-17): which method, for whom, how large. Keys and values are
 * the clients' business and stay out of the log.
 */
final class SlowCalls implements ServerInterceptor {
    private final long limitNanos;
    private final LongSupplier nanoClock;
    private final System.Logger logger;

    SlowCalls(Duration limit, LongSupplier nanoClock, System.Logger logger) {
        this.limitNanos = limit.toNanos();
        this.nanoClock = nanoClock;
        this.logger = logger;
    }

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
        if (call.getMethodDescriptor().getType() != MethodDescriptor.MethodType.UNARY) {
            return next.startCall(call, headers);
        }
        Timed<Q, A> timed = new Timed<>(call, nanoClock.getAsLong());
        return new SimpleForwardingServerCallListener<>(next.startCall(timed, headers)) {
            @Override
            public void onMessage(Q message) {
                timed.requestBytes = ((MessageLite) message).getSerializedSize();
                super.onMessage(message);
            }
        };
    }

    /** A unary call: one request, one answer, and an end, told by one thread at a time. */
    private final class Timed<Q, A> extends SimpleForwardingServerCall<Q, A> {
        private final long startNanos;
        private int requestBytes;
        private int answerBytes;

        Timed(ServerCall<Q, A> call, long startNanos) {
            super(call);
            this.startNanos = startNanos;
        }

        @Override
        public void sendMessage(A message) {
            answerBytes = ((MessageLite) message).getSerializedSize();
            super.sendMessage(message);
        }

        @Override
        public void close(Status status, Metadata trailers) {
            long nanos = nanoClock.getAsLong() - startNanos;
            if (nanos > limitNanos) {
                warn(nanos, status);
            }
            super.close(status, trailers);
        }

        private void warn(long nanos, Status status) {
            SocketAddress remote = getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR);
            logger.log(
                    Level.WARNING,
                    "request stats",
                    Fields.of(
                            "time spent",
                            Duration.ofNanos(nanos).toMillis() + "ms",
                            "remote",
                            remote == null ? "unknown" : remote.toString(),
                            "response type",
                            "/" + getMethodDescriptor().getFullMethodName(),
                            "response code",
                            status.getCode().name(),
                            "request size",
                            requestBytes,
                            "response size",
                            answerBytes));
        }
    }
}
