package io.quorate.engine.grpc;

import static io.quorate.engine.grpc.Texts.assertRefused;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.InternalMetadata;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.stub.MetadataUtils;
import io.quorate.api.proto.health.HealthCheckRequest;
import io.quorate.api.proto.health.HealthCheckResponse;
import io.quorate.api.proto.health.HealthGrpc;
import io.quorate.engine.metrics.MetricRegistry;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.ResourceBundle;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/** What every call goes through, around the smallest service there is. */
class InterceptorsTest {
    private static final HealthCheckRequest ASK = HealthCheckRequest.getDefaultInstance();

    private final MetricRegistry metrics = new MetricRegistry();
    private final AtomicBoolean capable = new AtomicBoolean(true);
    private final AtomicBoolean leader = new AtomicBoolean(true);
    private final AtomicLong nanos = new AtomicLong();
    private final Logged log = new Logged();
    private final ServerServiceDefinition service = new HealthService().bindService();
    private final ExecutorService calls = Executors.newVirtualThreadPerTaskExecutor();

    private Server server;
    private ManagedChannel channel;

    @AfterEach
    void stop() {
        if (server != null) {
            channel.shutdownNow();
            server.shutdownNow();
        }
        calls.close();
    }

    @Test
    @Tag("GS-14")
    @Tag("ER-47")
    void nothingIsServedBeforeTheClusterKnowsItsVersion() {
        HealthGrpc.HealthBlockingStub client = behind(admission());
        capable.set(false);
        assertRefused(
                Status.Code.FAILED_PRECONDITION,
                "etcdserver: not capable",
                () -> client.check(ASK));
        capable.set(true);
        client.check(ASK);
    }

    @Test
    @Tag("GS-09")
    @Tag("ER-44")
    void aClientMayInsistOnALeader() {
        HealthGrpc.HealthBlockingStub client = behind(admission());
        leader.set(false);
        client.check(ASK);
        with(client, "hasleader", "false").check(ASK);
        assertRefused(
                Status.Code.UNAVAILABLE,
                "etcdserver: no leader",
                () -> with(client, "hasleader", "true").check(ASK));
        assertRefused(
                Status.Code.UNAVAILABLE,
                "etcdserver: no leader",
                () -> with(client, "hasleader", "true").watch(ASK).next());
        leader.set(true);
        with(client, "hasleader", "true").check(ASK);
    }

    @Test
    @Tag("GS-11")
    @Tag("ME-11")
    void clientsAreCountedByTheVersionTheyClaim() throws IOException {
        HealthGrpc.HealthBlockingStub client = behind(admission());
        client.check(ASK);
        with(client, "client-api-version", "3.7.1").check(ASK);
        with(client, "client-api-version", "3.7.1").watch(ASK).next();
        assertRow(requests("unknown", "unary", 1));
        assertRow(requests("3.7.1", "unary", 1));
        assertRow(requests("3.7.1", "stream", 1));
    }

    @Test
    @Tag("GS-11")
    void clientsCannotMakeUpVersionsForEver() throws IOException {
        HealthGrpc.HealthBlockingStub client = behind(admission());
        for (int i = 0; i < 150; i++) {
            with(client, "client-api-version", "made-up-" + i).check(ASK);
        }
        assertRow(requests("made-up-99", "unary", 1));
        assertFalse(text().contains("made-up-100"), text());
        assertRow(requests("unknown", "unary", 50));
    }

    /** Without a network: grpc-java's client does not send what is not ASCII; others do. */
    @Test
    @Tag("GS-11")
    @Tag("GS-12")
    @Tag("ER-07")
    void aVersionMustBeText() {
        byte[] notText = {(byte) 0xc3, '('};
        assertEquals("etcdserver: invalid client api version", refusal(notText));
        assertEquals("served", refusal("é".getBytes(StandardCharsets.UTF_8)));
        leader.set(false);
        assertEquals("etcdserver: invalid client api version", refusal(notText));
        assertEquals("etcdserver: no leader", refusal(new byte[] {'3'}));
        capable.set(false);
        assertEquals("etcdserver: not capable", refusal(notText));
    }

    private String refusal(byte[] version) {
        Metadata metadata = new Metadata();
        metadata.put(InternalMetadata.keyOf("client-api-version", new Bytewise()), version);
        metadata.put(
                InternalMetadata.keyOf("hasleader", new Bytewise()),
                new byte[] {'t', 'r', 'u', 'e'});
        Ended call = new Ended();
        admission()
                .interceptCall(
                        call,
                        metadata,
                        (c, m) -> {
                            call.status = Status.OK.withDescription("served");
                            return new ServerCall.Listener<>() {};
                        });
        return call.status.getDescription();
    }

    private static String requests(String version, String type, int count) {
        return "etcd_server_client_requests_total{client_api_version=\"%s\",type=\"%s\"} %d\n"
                .formatted(version, type, count);
    }

    @Test
    @Tag("ME-38")
    @Tag("ME-43")
    void extensiveMetricsTellHowLongCallsTake() throws IOException {
        nanos.set(0);
        HealthGrpc.HealthBlockingStub client =
                behind(
                        new Passing(Duration.ofMillis(30)),
                        new CallMetrics(List.of(service), true, metrics, nanos::get));
        client.check(ASK);
        String labels =
                "grpc_method=\"Check\",grpc_service=\"grpc.health.v1.Health\",grpc_type=\"unary\"";
        assertRow("grpc_server_handling_seconds_bucket{" + labels + ",le=\"0.025\"} 0\n");
        assertRow("grpc_server_handling_seconds_bucket{" + labels + ",le=\"0.05\"} 1\n");
        assertRow("grpc_server_handling_seconds_count{" + labels + "} 1\n");
    }

    @Test
    @Tag("GS-17")
    void slowCallsAreLoggedBySizeAlone() throws InterruptedException {
        HealthGrpc.HealthBlockingStub client =
                behind(
                        new Passing(Duration.ofMillis(301)),
                        new SlowCalls(Duration.ofMillis(300), nanos::get, log));
        HealthCheckRequest ask = HealthCheckRequest.newBuilder().setService("secret").build();
        assertRefused(Status.Code.NOT_FOUND, "unknown service", () -> client.check(ask));

        Map<?, ?> fields = log.lines.poll(30, TimeUnit.SECONDS);
        assertEquals("/grpc.health.v1.Health/Check", fields.get("response type"));
        assertEquals("301ms", fields.get("time spent"));
        assertEquals(ask.getSerializedSize(), fields.get("request size"));
        assertEquals(0, fields.get("response size"));
        assertTrue(fields.get("remote").toString().contains("127.0.0.1"), fields.toString());
        assertFalse(fields.toString().contains("secret"), fields.toString());
    }

    @Test
    @Tag("GS-17")
    void callsWithinTheLimitAreNotLogged() {
        HealthGrpc.HealthBlockingStub client =
                behind(
                        new Passing(Duration.ofMillis(300)),
                        new SlowCalls(Duration.ofMillis(300), nanos::get, log));
        client.check(ASK);
        assertTrue(log.lines.isEmpty());
    }

    private Admission admission() {
        return new Admission(capable::get, leader::get, metrics);
    }

    /** The last interceptor is the outermost. */
    private HealthGrpc.HealthBlockingStub behind(ServerInterceptor... chain) {
        server =
                TestServer.host(
                        List.of(ServerInterceptors.intercept(service, List.of(chain))), calls);
        channel = TestServer.client(server.getPort());
        return HealthGrpc.newBlockingStub(channel).withDeadlineAfter(30, TimeUnit.SECONDS);
    }

    private static HealthGrpc.HealthBlockingStub with(
            HealthGrpc.HealthBlockingStub client, String name, String value) {
        return with(client, name, value.getBytes(StandardCharsets.US_ASCII));
    }

    private static HealthGrpc.HealthBlockingStub with(
            HealthGrpc.HealthBlockingStub client, String name, byte[] value) {
        Metadata metadata = new Metadata();
        metadata.put(InternalMetadata.keyOf(name, new Bytewise()), value);
        return client.withInterceptors(MetadataUtils.newAttachHeadersInterceptor(metadata));
    }

    private void assertRow(String row) throws IOException {
        String text = text();
        assertTrue(text.contains(row), () -> row + " is not in\n" + text);
    }

    private String text() throws IOException {
        StringBuilder text = new StringBuilder();
        metrics.text(text);
        return text.toString();
    }

    /** Lets time pass while a call is served. */
    private final class Passing implements ServerInterceptor {
        private final Duration time;

        Passing(Duration time) {
            this.time = time;
        }

        @Override
        public <Q, A> ServerCall.Listener<Q> interceptCall(
                ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
            nanos.addAndGet(time.toNanos());
            return next.startCall(call, headers);
        }
    }

    /** Metadata as its bytes, as a client in another language may send them. */
    private static final class Bytewise implements InternalMetadata.TrustedAsciiMarshaller<byte[]> {
        @Override
        public byte[] toAsciiString(byte[] value) {
            return value;
        }

        @Override
        public byte[] parseAsciiString(byte[] serialized) {
            return serialized;
        }
    }

    /** A call that remembers how it was ended. */
    private static final class Ended extends ServerCall<HealthCheckRequest, HealthCheckResponse> {
        private Status status;

        @Override
        public void close(Status status, Metadata trailers) {
            this.status = status;
        }

        @Override
        public MethodDescriptor<HealthCheckRequest, HealthCheckResponse> getMethodDescriptor() {
            return HealthGrpc.getCheckMethod();
        }

        @Override
        public void request(int messages) {}

        @Override
        public void sendHeaders(Metadata headers) {}

        @Override
        public void sendMessage(HealthCheckResponse message) {}

        @Override
        public boolean isCancelled() {
            return false;
        }
    }

    /** Keeps the fields of what is logged. */
    private static final class Logged implements System.Logger {
        final BlockingQueue<Map<?, ?>> lines = new LinkedBlockingQueue<>();

        @Override
        public String getName() {
            return "test";
        }

        @Override
        public boolean isLoggable(Level level) {
            return true;
        }

        @Override
        public void log(Level level, ResourceBundle bundle, String text, Throwable thrown) {
            throw new AssertionError(text, thrown);
        }

        @Override
        public void log(Level level, ResourceBundle bundle, String format, Object... fields) {
            assertEquals(Level.WARNING, level);
            lines.add((Map<?, ?>) fields[0]);
        }
    }
}
