package io.quorate.engine.grpc;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptors;
import io.grpc.Context;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import io.quorate.api.grpc.ConnectionSettings;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/**
 * What a gRPC server must be able to do, asked by grpc-java's Netty client (and by raw frames where
 * no client would say such a thing). Runs on our mount, on stock Helidon and on grpc-java's own
 * server, the oracle: a probe the oracle fails is a wrong probe.
 */
@Timeout(120)
abstract class GrpcProbes {
    /** A server under probe. */
    interface Server extends AutoCloseable {
        int port();

        /** Begins a graceful stop: GOAWAY, open calls may end. */
        void stop(Duration grace);

        @Override
        void close();
    }

    static final int MAX_MESSAGE = 2 << 20;
    private static final long WAIT_SECONDS = 60;

    final GrpcProbeService service = new GrpcProbeService();
    private final List<ManagedChannel> channels = new ArrayList<>();
    Server server;
    GrpcRelay relay;
    ManagedChannel channel;

    abstract Server start(GrpcProbeService service, ConnectionSettings settings) throws Exception;

    @BeforeEach
    void open() throws Exception {
        server = start(service, ConnectionSettings.DEFAULTS.withMaxMessageBytes(MAX_MESSAGE));
        relay = new GrpcRelay(server.port());
        channel = newChannel();
    }

    @AfterEach
    void close() throws Exception {
        channels.forEach(ManagedChannel::shutdownNow);
        service.gate.release(1_000_000);
        relay.close();
        server.close();
    }

    ManagedChannel newChannel() {
        ManagedChannel c =
                NettyChannelBuilder.forAddress("127.0.0.1", relay.port())
                        .usePlaintext()
                        .disableRetry()
                        .maxInboundMessageSize(64 << 20)
                        .build();
        channels.add(c);
        return c;
    }

    byte[] call(MethodDescriptor<byte[], byte[]> method, byte[] request) {
        return ClientCalls.blockingUnaryCall(
                channel,
                method,
                CallOptions.DEFAULT.withDeadlineAfter(WAIT_SECONDS, TimeUnit.SECONDS),
                request);
    }

    String call(String command) {
        return GrpcProbeService.text(call(GrpcProbeService.DO, GrpcProbeService.bytes(command)));
    }

    Status failure(String command) {
        return assertThrows(StatusRuntimeException.class, () -> call(command)).getStatus();
    }

    CompletableFuture<byte[]> later(
            MethodDescriptor<byte[], byte[]> method, String command, CallOptions options) {
        CompletableFuture<byte[]> result = new CompletableFuture<>();
        ClientCalls.asyncUnaryCall(
                channel.newCall(method, options),
                GrpcProbeService.bytes(command),
                new StreamObserver<>() {
                    @Override
                    public void onNext(byte[] message) {
                        result.complete(message);
                    }

                    @Override
                    public void onError(Throwable t) {
                        result.completeExceptionally(t);
                    }

                    @Override
                    public void onCompleted() {}
                });
        return result;
    }

    CompletableFuture<byte[]> later(String command) {
        return later(
                GrpcProbeService.DO,
                command,
                CallOptions.DEFAULT.withDeadlineAfter(WAIT_SECONDS, TimeUnit.SECONDS));
    }

    /** Waits for the service to note this event; others are skipped. */
    void await(String event) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(WAIT_SECONDS);
        while (true) {
            String next = service.events.poll(end - System.nanoTime(), TimeUnit.NANOSECONDS);
            if (next == null) {
                fail("the service never noted: " + event);
            }
            if (next.equals(event)) {
                return;
            }
        }
    }

    private static StatusRuntimeException cause(CompletableFuture<?> call) {
        var thrown =
                assertThrows(
                        java.util.concurrent.ExecutionException.class,
                        () -> call.get(WAIT_SECONDS, TimeUnit.SECONDS));
        return (StatusRuntimeException) thrown.getCause();
    }

    private void connectionLived() {
        assertEquals("still here", call("still here"));
        assertEquals(1, relay.accepted(), "connections the client needed");
    }

    // ---- answers

    @Test
    void unaryCallIsAnswered() {
        assertEquals("hello", call("hello"));
        assertEquals("", call(""));
    }

    @Test
    void statusReachesTheClient() {
        Status status = failure("status:11:etcdserver: mvcc: required revision has been compacted");
        assertEquals(Status.Code.OUT_OF_RANGE, status.getCode());
        assertEquals(
                "etcdserver: mvcc: required revision has been compacted", status.getDescription());
        connectionLived();
    }

    @Test
    void statusMessageIsPercentEncoded() {
        Status status = failure("status:3:été 100% \n two, 日本");
        assertEquals("été 100% \n two, 日本", status.getDescription());
    }

    @Test
    void brokenHandlerAnswersUnknown() {
        assertEquals(Status.Code.UNKNOWN, failure("boom").getCode());
        connectionLived();
    }

    @Test
    void unknownMethodsAreUnimplemented() {
        for (String name : List.of("probe.Probe/Nope", "no.such.Service/Do")) {
            var method = GrpcProbeService.DO.toBuilder().setFullMethodName(name).build();
            var thrown =
                    assertThrows(
                            StatusRuntimeException.class,
                            () -> call(method, GrpcProbeService.bytes("x")));
            assertEquals(Status.Code.UNIMPLEMENTED, thrown.getStatus().getCode());
        }
        connectionLived();
    }

    @Test
    void metadataTravelsBothWays() {
        Metadata metadata = new Metadata();
        metadata.put(GrpcProbeService.ECHO, "to and fro");
        metadata.put(GrpcProbeService.ECHO_BIN, new byte[] {1, 2, (byte) 250, 0});
        AtomicReference<Metadata> headers = new AtomicReference<>();
        AtomicReference<Metadata> trailers = new AtomicReference<>();
        var with =
                ClientInterceptors.intercept(
                        channel,
                        MetadataUtils.newAttachHeadersInterceptor(metadata),
                        MetadataUtils.newCaptureMetadataInterceptor(headers, trailers));
        byte[] seen =
                ClientCalls.blockingUnaryCall(
                        with,
                        GrpcProbeService.DO,
                        CallOptions.DEFAULT,
                        GrpcProbeService.bytes("context"));
        assertEquals("to and fro", GrpcProbeService.text(seen), "seen through the Context");
        assertEquals("to and fro", headers.get().get(GrpcProbeService.ECHO));
        assertArrayEquals(
                new byte[] {1, 2, (byte) 250, 0}, headers.get().get(GrpcProbeService.ECHO_BIN));
    }

    @Test
    void trailersComeWithTheStatus() {
        var thrown = assertThrows(StatusRuntimeException.class, () -> call("trailers"));
        assertEquals("why", thrown.getStatus().getDescription());
        assertEquals("in trailers", thrown.getTrailers().get(GrpcProbeService.ECHO));
        assertArrayEquals(
                new byte[] {0, (byte) 200, 7}, thrown.getTrailers().get(GrpcProbeService.ECHO_BIN));
    }

    // ---- deadlines, cancel, disconnect

    @Test
    void deadlineIsInTheContext() {
        long left = Long.parseLong(call("deadline"));
        assertTrue(left > 0 && left <= WAIT_SECONDS * 1000, "milliseconds left: " + left);
    }

    @Test
    void passedDeadlineCancelsTheHandler() throws Exception {
        var call =
                later(
                        GrpcProbeService.DO,
                        "hang",
                        CallOptions.DEFAULT.withDeadlineAfter(2, TimeUnit.SECONDS));
        assertEquals(Status.Code.DEADLINE_EXCEEDED, cause(call).getStatus().getCode());
        await("cancelled");
        connectionLived();
    }

    @Test
    void clientCancelReachesTheHandler() throws Exception {
        Context.CancellableContext context = Context.current().withCancellation();
        var call = new AtomicReference<CompletableFuture<byte[]>>();
        context.run(() -> call.set(later("hang")));
        await("hanging");
        context.cancel(null);
        await("cancelled");
        assertEquals(Status.Code.CANCELLED, cause(call.get()).getStatus().getCode());
        connectionLived();
    }

    @Test
    void clientCancelReachesAnOpenStream() throws Exception {
        Duplex stream = new Duplex(channel);
        stream.send("a");
        stream.awaitMessages(1);
        stream.call.cancel("enough", null);
        await("cancelled");
        connectionLived();
    }

    @Test
    void lostConnectionCancelsItsCalls() throws Exception {
        Duplex stream = new Duplex(channel);
        stream.send("a");
        stream.awaitMessages(1);
        later("hang");
        await("hanging");
        relay.cut();
        await("cancelled");
        await("cancelled");
    }

    @Test
    void clientMayLeaveWhileItsCallRuns() throws Exception {
        var call = later("gate");
        assertTrue(service.arrived.tryAcquire(WAIT_SECONDS, TimeUnit.SECONDS));
        channel.shutdown();
        service.gate.release();
        assertEquals("through", GrpcProbeService.text(call.get(WAIT_SECONDS, TimeUnit.SECONDS)));
    }

    // ---- sizes

    @Test
    void bigAnswersArrive() {
        for (int size : new int[] {1 << 20, 4 << 20, 10 << 20}) {
            byte[] answer = call(GrpcProbeService.DO, GrpcProbeService.bytes("big:" + size));
            assertArrayEquals(GrpcProbeService.random(size), answer);
        }
        connectionLived();
    }

    @Test
    void requestsUpToTheLimitArrive() {
        for (int size : new int[] {0, 1, 16_379, 16_384, 100_000, 1_500_000, MAX_MESSAGE}) {
            assertEquals(
                    "" + size,
                    GrpcProbeService.text(
                            call(GrpcProbeService.LENGTH, GrpcProbeService.random(size))));
        }
        connectionLived();
    }

    @Test
    @Tag("GS-04")
    void largerRequestIsResourceExhausted() {
        for (int size : new int[] {MAX_MESSAGE + 1, 10 << 20}) {
            var thrown =
                    assertThrows(
                            StatusRuntimeException.class,
                            () -> call(GrpcProbeService.LENGTH, new byte[size]));
            assertEquals(
                    Status.Code.RESOURCE_EXHAUSTED,
                    thrown.getStatus().getCode(),
                    thrown.getStatus()::toString);
        }
        connectionLived();
    }

    @Test
    @Tag("GS-16")
    void compressedRequestsAreRead() {
        for (int size : new int[] {100, 100_000, 1_000_000}) {
            byte[] answer =
                    ClientCalls.blockingUnaryCall(
                            channel,
                            GrpcProbeService.LENGTH,
                            CallOptions.DEFAULT
                                    .withCompression("gzip")
                                    .withDeadlineAfter(WAIT_SECONDS, TimeUnit.SECONDS),
                            GrpcProbeService.random(size));
            assertEquals("" + size, GrpcProbeService.text(answer));
        }
        connectionLived();
    }

    @Test
    @Tag("GS-16")
    void compressedBombIsRefused() {
        // 10 MiB of zeros are 10 kB of gzip: under the limit on the wire, over it unpacked.
        var thrown =
                assertThrows(
                        StatusRuntimeException.class,
                        () ->
                                ClientCalls.blockingUnaryCall(
                                        channel,
                                        GrpcProbeService.LENGTH,
                                        CallOptions.DEFAULT
                                                .withCompression("gzip")
                                                .withDeadlineAfter(WAIT_SECONDS, TimeUnit.SECONDS),
                                        new byte[10 << 20]));
        // grpc-java notices while the marshaller reads, too late for a status of its own: UNKNOWN.
        assertTrue(
                List.of(Status.Code.RESOURCE_EXHAUSTED, Status.Code.UNKNOWN)
                        .contains(thrown.getStatus().getCode()),
                thrown::toString);
        connectionLived();
    }

    @Test
    @Tag("GS-16")
    void answersAreCompressedOnlyWhenTheHandlerAsks() {
        assertEquals("gzip", responseEncoding("gzip:100000"));
        assertEquals("identity", responseEncoding("big:100000"));
    }

    private String responseEncoding(String command) {
        AtomicReference<Metadata> headers = new AtomicReference<>();
        var with =
                ClientInterceptors.intercept(
                        channel,
                        MetadataUtils.newCaptureMetadataInterceptor(
                                headers, new AtomicReference<>()));
        byte[] answer =
                ClientCalls.blockingUnaryCall(
                        with,
                        GrpcProbeService.DO,
                        CallOptions.DEFAULT.withDeadlineAfter(WAIT_SECONDS, TimeUnit.SECONDS),
                        GrpcProbeService.bytes(command));
        assertArrayEquals(GrpcProbeService.random(100_000), answer);
        String encoding =
                headers.get()
                        .get(Metadata.Key.of("grpc-encoding", Metadata.ASCII_STRING_MARSHALLER));
        return encoding == null ? "identity" : encoding;
    }

    // ---- many at once

    @Test
    @Tag("GS-08")
    void thousandCallsAreOpenOnOneConnection() throws Exception {
        List<CompletableFuture<byte[]>> calls = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            calls.add(later("gate"));
        }
        assertTrue(
                service.arrived.tryAcquire(1000, WAIT_SECONDS, TimeUnit.SECONDS),
                () -> "handlers running: " + service.arrived.availablePermits());
        service.gate.release(1000);
        for (var call : calls) {
            assertEquals(
                    "through", GrpcProbeService.text(call.get(WAIT_SECONDS, TimeUnit.SECONDS)));
        }
        connectionLived();
    }

    @Test
    void fortyLargeAnswersAtOnceOverAndOver() throws Exception {
        byte[] request = GrpcProbeService.bytes("big:300000");
        Map<String, Integer> errors = inFlight(400, 40, GrpcProbeService.DO, request, 300_000);
        assertEquals(Map.of(), errors);
        connectionLived();
    }

    @Test
    void hundredPutsAtOnceOverAndOver() throws Exception {
        byte[] request = GrpcProbeService.random(16_384);
        Map<String, Integer> errors = inFlight(5_000, 100, GrpcProbeService.LENGTH, request, 5);
        assertEquals(Map.of(), errors);
        connectionLived();
    }

    /** Makes {@code n} calls, {@code atOnce} at a time, and counts what went wrong. */
    private Map<String, Integer> inFlight(
            int n,
            int atOnce,
            MethodDescriptor<byte[], byte[]> method,
            byte[] request,
            int answerBytes)
            throws InterruptedException {
        Map<String, Integer> errors = new ConcurrentHashMap<>();
        Semaphore slots = new Semaphore(atOnce);
        for (int i = 0; i < n; i++) {
            if (!slots.tryAcquire(WAIT_SECONDS, TimeUnit.SECONDS)) {
                errors.merge("stuck at call " + i, 1, Integer::sum);
                return errors;
            }
            ClientCalls.asyncUnaryCall(
                    channel.newCall(
                            method, CallOptions.DEFAULT.withDeadlineAfter(30, TimeUnit.SECONDS)),
                    request,
                    new StreamObserver<>() {
                        @Override
                        public void onNext(byte[] answer) {
                            if (answer.length != answerBytes) {
                                errors.merge("length " + answer.length, 1, Integer::sum);
                            }
                        }

                        @Override
                        public void onError(Throwable t) {
                            errors.merge(t.toString(), 1, Integer::sum);
                            slots.release();
                        }

                        @Override
                        public void onCompleted() {
                            slots.release();
                        }
                    });
        }
        if (!slots.tryAcquire(atOnce, WAIT_SECONDS, TimeUnit.SECONDS)) {
            errors.merge("calls without an end", atOnce - slots.availablePermits(), Integer::sum);
        }
        return errors;
    }

    @Test
    void floodOnOneStreamLeavesTheOthersAlone() throws Exception {
        Duplex stream = new Duplex(channel);
        for (int i = 0; i < 4_000; i++) {
            stream.call.sendMessage(GrpcProbeService.bytes("message " + i));
        }
        assertEquals("meanwhile", call("meanwhile"));
        stream.awaitMessages(4_000);
        stream.call.halfClose();
        assertEquals(Status.OK.getCode(), stream.awaitEnd().getCode());
        connectionLived();
    }

    @Test
    void sleepingHandlersLeaveTheOthersAlone() throws Exception {
        for (int i = 0; i < 50; i++) {
            later("gate");
        }
        assertTrue(service.arrived.tryAcquire(50, WAIT_SECONDS, TimeUnit.SECONDS));
        connectionLived();
    }

    @Test
    void clientStreamIsCollected() throws Exception {
        CompletableFuture<byte[]> result = new CompletableFuture<>();
        StreamObserver<byte[]> out =
                ClientCalls.asyncClientStreamingCall(
                        channel.newCall(
                                GrpcProbeService.COLLECT,
                                CallOptions.DEFAULT.withDeadlineAfter(
                                        WAIT_SECONDS, TimeUnit.SECONDS)),
                        new StreamObserver<>() {
                            @Override
                            public void onNext(byte[] message) {
                                result.complete(message);
                            }

                            @Override
                            public void onError(Throwable t) {
                                result.completeExceptionally(t);
                            }

                            @Override
                            public void onCompleted() {}
                        });
        for (int i = 0; i < 100; i++) {
            out.onNext(new byte[50_000]);
        }
        out.onCompleted();
        assertEquals("5000000", GrpcProbeService.text(result.get(WAIT_SECONDS, TimeUnit.SECONDS)));
    }

    // ---- back-pressure

    @Test
    void slowReaderHoldsUpOnlyItself() throws Exception {
        Reading reading = new Reading(channel, 400, 65_536);
        reading.call.request(1);
        assertTrue(reading.messages.tryAcquire(1, WAIT_SECONDS, TimeUnit.SECONDS));
        String full = service.events.poll(WAIT_SECONDS, TimeUnit.SECONDS);
        assertTrue(
                full != null && full.startsWith("full:"), "the sender was told to wait: " + full);
        connectionLived();
        reading.call.request(1000);
        assertTrue(
                reading.messages.tryAcquire(399, WAIT_SECONDS, TimeUnit.SECONDS),
                () -> "messages after resuming: " + reading.messages.availablePermits());
        assertEquals(Status.Code.OK, reading.status.get(WAIT_SECONDS, TimeUnit.SECONDS).getCode());
    }

    @Test
    void cancelledSlowReaderIsForgotten() throws Exception {
        Reading reading = new Reading(channel, 400, 65_536);
        reading.call.request(1);
        assertTrue(reading.messages.tryAcquire(1, WAIT_SECONDS, TimeUnit.SECONDS));
        reading.call.cancel("enough", null);
        await("cancelled");
        connectionLived();
    }

    @Test
    void handlerTakesOneMessageAtATime() throws Exception {
        Duplex stream = new Duplex(channel, GrpcProbeService.ONE_BY_ONE);
        int count = 100;
        for (int i = 0; i < count; i++) {
            stream.call.sendMessage(new byte[60_000]);
        }
        stream.call.halfClose();
        service.take.release();
        await("took:1");
        connectionLived();
        assertFalse(stream.call.isReady(), "6 MB went to a handler that took one message");
        assertTrue(service.events.isEmpty(), "a message was taken that nobody asked for");
        service.take.release(count);
        await("took:" + count);
        assertEquals(Status.Code.OK, stream.awaitEnd().getCode());
        connectionLived();
    }

    // ---- storms

    @Test
    void cancelStormLeavesTheConnectionAlone() throws Exception {
        Duplex watch = new Duplex(channel);
        watch.send("a");
        watch.awaitMessages(1);
        for (int i = 0; i < 200; i++) {
            Context.CancellableContext context = Context.current().withCancellation();
            context.run(() -> later("hang"));
            await("hanging");
            context.cancel(null);
        }
        watch.send("b");
        watch.awaitMessages(1);
        connectionLived();
    }

    @Test
    void watchCancelStormLeavesTheConnectionAlone() throws Exception {
        Duplex watch = new Duplex(channel);
        watch.send("a");
        watch.awaitMessages(1);
        for (int i = 0; i < 200; i++) {
            Duplex other = new Duplex(channel);
            other.send("x");
            other.awaitMessages(1);
            other.call.cancel("enough", null);
        }
        watch.send("b");
        watch.awaitMessages(1);
        connectionLived();
    }

    @Test
    void callsRejectedBeforeTheirRequestLeaveTheConnectionAlone() {
        Metadata reject = new Metadata();
        reject.put(GrpcProbeService.REJECT, "1");
        var with =
                ClientInterceptors.intercept(
                        channel, MetadataUtils.newAttachHeadersInterceptor(reject));
        for (int i = 0; i < 200; i++) {
            var thrown =
                    assertThrows(
                            StatusRuntimeException.class,
                            () ->
                                    ClientCalls.blockingUnaryCall(
                                            with,
                                            GrpcProbeService.DO,
                                            CallOptions.DEFAULT.withDeadlineAfter(
                                                    WAIT_SECONDS, TimeUnit.SECONDS),
                                            new byte[30_000]));
            assertEquals(Status.Code.UNAUTHENTICATED, thrown.getStatus().getCode());
        }
        connectionLived();
    }

    // ---- stop

    @Test
    void stopLetsOpenCallsEnd() throws Exception {
        var call = later("gate");
        assertTrue(service.arrived.tryAcquire(WAIT_SECONDS, TimeUnit.SECONDS));
        server.stop(Duration.ofSeconds(30));
        // The client learns it by GOAWAY: new calls go to a new connection, which is turned away.
        Status answer = Status.OK;
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(WAIT_SECONDS);
        // A connection that is cut just as a call is written shows as UNKNOWN in this client.
        while (answer.getCode() != Status.Code.UNAVAILABLE && System.nanoTime() < end) {
            try {
                call("anybody there?");
            } catch (StatusRuntimeException e) {
                answer = e.getStatus();
            }
        }
        Status last = answer;
        assertEquals(Status.Code.UNAVAILABLE, last.getCode(), last::toString);
        assertFalse(call.isDone());
        service.gate.release();
        assertEquals("through", GrpcProbeService.text(call.get(WAIT_SECONDS, TimeUnit.SECONDS)));
    }

    @Test
    void stopCancelsWhatOutlivesTheGrace() throws Exception {
        Duplex stream = new Duplex(channel);
        stream.send("a");
        stream.awaitMessages(1);
        server.stop(Duration.ofMillis(200));
        await("cancelled");
        assertFalse(stream.awaitEnd().isOk());
    }

    // ---- helpers

    /** A bidirectional call whose messages are counted. */
    static final class Duplex {
        final ClientCall<byte[], byte[]> call;
        private final Semaphore messages = new Semaphore(0);
        private final CompletableFuture<Status> status = new CompletableFuture<>();

        Duplex(ManagedChannel channel) {
            this(channel, GrpcProbeService.ECHO_ALL);
        }

        Duplex(ManagedChannel channel, MethodDescriptor<byte[], byte[]> method) {
            call = channel.newCall(method, CallOptions.DEFAULT);
            call.start(
                    new ClientCall.Listener<>() {
                        @Override
                        public void onMessage(byte[] message) {
                            messages.release();
                        }

                        @Override
                        public void onClose(Status s, Metadata trailers) {
                            status.complete(s);
                        }
                    },
                    new Metadata());
            call.request(1_000_000);
        }

        void send(String text) {
            call.sendMessage(GrpcProbeService.bytes(text));
        }

        void awaitMessages(int n) throws InterruptedException {
            assertTrue(
                    messages.tryAcquire(n, WAIT_SECONDS, TimeUnit.SECONDS),
                    () -> "messages that came: " + messages.availablePermits());
        }

        Status awaitEnd() throws Exception {
            return status.get(WAIT_SECONDS, TimeUnit.SECONDS);
        }
    }

    /** A server-streaming call that reads only what is asked for. */
    static final class Reading {
        final ClientCall<byte[], byte[]> call;
        final Semaphore messages = new Semaphore(0);
        final CompletableFuture<Status> status = new CompletableFuture<>();

        Reading(ManagedChannel channel, int count, int size) {
            call = channel.newCall(GrpcProbeService.STREAM, CallOptions.DEFAULT);
            call.start(
                    new ClientCall.Listener<>() {
                        @Override
                        public void onMessage(byte[] message) {
                            messages.release();
                        }

                        @Override
                        public void onClose(Status s, Metadata trailers) {
                            status.complete(s);
                        }
                    },
                    new Metadata());
            call.sendMessage(GrpcProbeService.bytes(count + ":" + size));
            call.halfClose();
        }
    }
}
