package io.quorate.engine.grpc;

import io.grpc.InternalMetadata;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.quorate.engine.metrics.Counter;
import io.quorate.engine.metrics.MetricRegistry;
import io.quorate.engine.state.EtcdError;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;

/**
 * What a call must pass before it is served, in etcd's order (GS-12): the cluster knows its version
 * (GS-14), the client's API version is text (GS-11), and there is a leader if the client insists
 * (GS-09).
 */
final class Admission implements ServerInterceptor {
    /** As bytes: as a string, gRPC would have replaced what is not ASCII. */
    private static final Metadata.Key<byte[]> CLIENT_VERSION =
            InternalMetadata.keyOf("client-api-version", new Raw());

    private static final Metadata.Key<String> HAS_LEADER =
            Metadata.Key.of("hasleader", Metadata.ASCII_STRING_MARSHALLER);
    private static final String UNKNOWN = "unknown";

    /** Clients choose what they call themselves, so their number is bounded. */
    private static final int VERSIONS_MAX = 100;

    private final BooleanSupplier capable;
    private final BooleanSupplier hasLeader;
    private final MetricRegistry metrics;
    private final Map<String, Counter> unary = new ConcurrentHashMap<>();
    private final Map<String, Counter> stream = new ConcurrentHashMap<>();

    /**
     * @param capable whether the cluster knows its version
     * @param hasLeader whether this member knows a leader
     */
    Admission(BooleanSupplier capable, BooleanSupplier hasLeader, MetricRegistry metrics) {
        this.capable = capable;
        this.hasLeader = hasLeader;
        this.metrics = metrics;
    }

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
        EtcdError refusal = refusal(call.getMethodDescriptor(), headers);
        if (refusal == null) {
            return next.startCall(call, headers);
        }
        call.close(Failures.status(refusal), new Metadata());
        return new ServerCall.Listener<>() {};
    }

    private EtcdError refusal(MethodDescriptor<?, ?> method, Metadata headers) {
        if (!capable.getAsBoolean()) {
            return EtcdError.NOT_CAPABLE;
        }
        byte[] raw = headers.get(CLIENT_VERSION);
        String version = raw == null ? UNKNOWN : text(raw);
        if (version == null) {
            return EtcdError.INVALID_CLIENT_API_VERSION;
        }
        count(method.getType() == MethodDescriptor.MethodType.UNARY, version);
        return insistsOnLeader(headers) && !hasLeader.getAsBoolean() ? EtcdError.NO_LEADER : null;
    }

    /** GS-09. */
    static boolean insistsOnLeader(Metadata headers) {
        return "true".equals(headers.get(HAS_LEADER));
    }

    private static String text(byte[] raw) {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(raw)).toString();
        } catch (CharacterCodingException e) {
            return null; // the caller's answer says so
        }
    }

    private void count(boolean isUnary, String version) {
        Map<String, Counter> counters = isUnary ? unary : stream;
        Counter counter = counters.get(version);
        if (counter == null) {
            String label = counters.size() < VERSIONS_MAX ? version : UNKNOWN;
            counter = counters.computeIfAbsent(label, v -> counter(isUnary, v));
        }
        counter.increment();
    }

    private Counter counter(boolean isUnary, String version) {
        return metrics.counter(
                "etcd_server_client_requests_total",
                "The total number of client requests per client version.",
                "client_api_version",
                version,
                "type",
                isUnary ? "unary" : "stream");
    }

    private static final class Raw implements InternalMetadata.TrustedAsciiMarshaller<byte[]> {
        @Override
        public byte[] toAsciiString(byte[] value) {
            return value;
        }

        @Override
        public byte[] parseAsciiString(byte[] serialized) {
            return serialized;
        }
    }
}
