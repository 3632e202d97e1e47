package io.quorate.engine.grpc;

import io.grpc.Context;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.quorate.api.proto.LeaseGrpc;
import io.quorate.api.proto.WatchGrpc;
import io.quorate.engine.metrics.Counter;
import io.quorate.engine.metrics.Histogram;
import io.quorate.engine.metrics.MetricRegistry;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;

/**
 * Counts calls and messages by method (ME-37, ME-38), under the names and labels that Go's gRPC
 * servers have and etcd's alerts read. Every row exists from the start, so a rate over it has a
 * beginning.
 */
final class CallMetrics implements ServerInterceptor {
    /** Prometheus' default buckets, in seconds. */
    private static final double[] BUCKETS = {.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10};

    private final Map<String, Rows> byMethod = new HashMap<>();
    private final LongSupplier nanoClock;

    /**
     * @param durations whether to observe how long calls take
     */
    CallMetrics(
            List<ServerServiceDefinition> services,
            boolean durations,
            MetricRegistry metrics,
            LongSupplier nanoClock) {
        this.nanoClock = nanoClock;
        for (ServerServiceDefinition service : services) {
            for (ServerMethodDefinition<?, ?> method : service.getMethods()) {
                MethodDescriptor<?, ?> descriptor = method.getMethodDescriptor();
                byMethod.put(
                        descriptor.getFullMethodName(), new Rows(descriptor, durations, metrics));
            }
        }
    }

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
        Rows rows = byMethod.get(call.getMethodDescriptor().getFullMethodName());
        rows.started.increment();
        Counted<Q, A> counted = new Counted<>(call, rows, nanoClock.getAsLong());
        return new SimpleForwardingServerCallListener<>(next.startCall(counted, headers)) {
            @Override
            public void onMessage(Q message) {
                rows.received.increment();
                super.onMessage(message);
            }

            @Override
            public void onCancel() {
                Status why = cancellation();
                if (why.getCode() != Status.Code.CANCELLED) {
                    rows.failed("receive");
                }
                counted.handled(why);
                super.onCancel();
            }

            @Override
            public void onComplete() {
                // One that the service did not end was ended for a request that cannot be read.
                if (counted.handled(Status.INTERNAL)) {
                    rows.failed("receive");
                }
                super.onComplete();
            }
        };
    }

    /** The client's own wish, or why the connection could not go on with the call. */
    private static Status cancellation() {
        return Context.current().cancellationCause() instanceof StatusRuntimeException broken
                ? broken.getStatus()
                : Status.CANCELLED;
    }

    /** A call that reports what is sent, and its end, once. */
    private final class Counted<Q, A> extends SimpleForwardingServerCall<Q, A> {
        private final Rows rows;
        private final long startNanos;
        private final AtomicBoolean ended = new AtomicBoolean();

        Counted(ServerCall<Q, A> call, Rows rows, long startNanos) {
            super(call);
            this.rows = rows;
            this.startNanos = startNanos;
        }

        @Override
        public void sendMessage(A message) {
            try {
                super.sendMessage(message);
            } catch (RuntimeException e) {
                rows.failed("send");
                throw e;
            }
            rows.sent.increment();
        }

        @Override
        public void close(Status status, Metadata trailers) {
            handled(status);
            super.close(status, trailers);
        }

        /** Counts the end of the call, the first time. */
        boolean handled(Status status) {
            if (!ended.compareAndSet(false, true)) {
                return false;
            }
            rows.handled[status.getCode().value()].increment();
            if (rows.seconds != null) {
                rows.seconds.observeNanos(nanoClock.getAsLong() - startNanos);
            }
            return true;
        }
    }

    /** The rows of one method. */
    private static final class Rows {
        /** Name that a stream has where its failures are counted (ME-28). */
        private static final Map<String, String> STREAMS =
                Map.of(
                        WatchGrpc.getWatchMethod().getFullMethodName(),
                        "watch",
                        LeaseGrpc.getLeaseKeepAliveMethod().getFullMethodName(),
                        "lease-keepalive");

        private final MetricRegistry metrics;

        /** Null for a call whose failures are not counted. */
        private final String stream;

        final Counter started;
        final Counter received;
        final Counter sent;
        final Counter[] handled = new Counter[Status.Code.values().length];

        /** Null unless durations are wanted. */
        final Histogram seconds;

        Rows(MethodDescriptor<?, ?> method, boolean durations, MetricRegistry metrics) {
            this.metrics = metrics;
            this.stream = STREAMS.get(method.getFullMethodName());
            String[] labels = {
                "grpc_method", method.getBareMethodName(),
                "grpc_service", method.getServiceName(),
                "grpc_type", type(method.getType())
            };
            started =
                    metrics.counter(
                            "grpc_server_started_total",
                            "Total number of RPCs started on the server.",
                            labels);
            received =
                    metrics.counter(
                            "grpc_server_msg_received_total",
                            "Total number of RPC stream messages received on the server.",
                            labels);
            sent =
                    metrics.counter(
                            "grpc_server_msg_sent_total",
                            "Total number of gRPC stream messages sent by the server.",
                            labels);
            for (Status.Code code : Status.Code.values()) {
                handled[code.value()] =
                        metrics.counter(
                                "grpc_server_handled_total",
                                "Total number of RPCs completed on the server, regardless of"
                                        + " success or failure.",
                                withCode(code, labels));
            }
            seconds =
                    durations
                            ? metrics.histogram(
                                    "grpc_server_handling_seconds",
                                    "Histogram of response latency (seconds) of gRPC that had been"
                                            + " application-level handled by the server.",
                                    BUCKETS,
                                    labels)
                            : null;
        }

        /** The stream broke, and not by the client's wish. Counted from the first one on. */
        void failed(String type) {
            if (stream != null) {
                metrics.counter(
                                "etcd_network_server_stream_failures_total",
                                "The total number of stream failures from the local server.",
                                "API",
                                stream,
                                "Type",
                                type)
                        .increment();
            }
        }

        private static String[] withCode(Status.Code code, String[] labels) {
            String[] all = new String[labels.length + 2];
            all[0] = "grpc_code";
            all[1] = goName(code);
            System.arraycopy(labels, 0, all, 2, labels.length);
            return all;
        }

        private static String type(MethodDescriptor.MethodType type) {
            return switch (type) {
                case UNARY -> "unary";
                case CLIENT_STREAMING -> "client_stream";
                case SERVER_STREAMING -> "server_stream";
                case BIDI_STREAMING -> "bidi_stream";
                case UNKNOWN -> throw new IllegalArgumentException("a method without a type");
            };
        }

        /** NOT_FOUND is NotFound there, and CANCELLED has one L. */
        private static String goName(Status.Code code) {
            if (code == Status.Code.OK) {
                return "OK";
            }
            if (code == Status.Code.CANCELLED) {
                return "Canceled";
            }
            StringBuilder name = new StringBuilder();
            for (String word : code.name().split("_")) {
                name.append(word.charAt(0)).append(word.substring(1).toLowerCase(Locale.ROOT));
            }
            return name.toString();
        }
    }
}
