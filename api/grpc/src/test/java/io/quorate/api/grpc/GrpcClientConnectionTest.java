package io.quorate.api.grpc;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.CallOptions;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;

import org.junit.jupiter.api.Test;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/** Our client against our server, without sockets or threads. Replay with -Dseed=N. */
final class GrpcClientConnectionTest {
    private static final MethodDescriptor<byte[], byte[]> ECHO =
            TestService.method("Echo", MethodDescriptor.MethodType.UNARY);
    private static final MethodDescriptor<byte[], byte[]> STREAM =
            TestService.method("Stream", MethodDescriptor.MethodType.BIDI_STREAMING);
    private static final MethodDescriptor<byte[], byte[]> FAIL =
            TestService.method("Fail", MethodDescriptor.MethodType.UNARY);
    private static final MethodDescriptor<byte[], byte[]> NOWHERE =
            TestService.method("Nowhere", MethodDescriptor.MethodType.UNARY);
    private static final Metadata.Key<String> TEXT =
            Metadata.Key.of("k", Metadata.ASCII_STRING_MARSHALLER);
    private static final Metadata.Key<byte[]> BINARY =
            Metadata.Key.of("k-bin", Metadata.BINARY_BYTE_MARSHALLER);

    private final long seed = Long.getLong("seed", System.nanoTime());
    private final TestService service = new TestService();

    GrpcClientConnectionTest() {
        System.out.println("seed " + seed);
    }

    private ConnectionPair pair() {
        return pair(ConnectionSettings.DEFAULTS, ClientSettings.DEFAULTS);
    }

    private ConnectionPair pair(ConnectionSettings server, ClientSettings client) {
        return new ConnectionPair(seed, server, client, service.definition(), failing());
    }

    private static ServerServiceDefinition failing() {
        return ServerServiceDefinition.builder("t.F")
                .addMethod(
                        MethodDescriptor.<byte[], byte[]>newBuilder()
                                .setFullMethodName("t.F/Fail")
                                .setType(MethodDescriptor.MethodType.UNARY)
                                .setRequestMarshaller(FAIL.getRequestMarshaller())
                                .setResponseMarshaller(FAIL.getResponseMarshaller())
                                .build(),
                        (call, headers) -> fail(call, headers))
                .build();
    }

    /** Sends the request's metadata back with a status whose text needs encoding. */
    private static ServerCall.Listener<byte[]> fail(
            ServerCall<byte[], byte[]> call, Metadata headers) {
        Metadata trailers = new Metadata();
        trailers.put(TEXT, headers.get(TEXT));
        trailers.put(BINARY, headers.get(BINARY));
        call.close(Status.NOT_FOUND.withDescription("\u00e9t\u00e9 100% \n two"), trailers);
        return new ServerCall.Listener<>() {};
    }

    private static byte[] bytes(int n) {
        byte[] bytes = new byte[n];
        new Random(n).nextBytes(bytes);
        return bytes;
    }

    @Test
    void firstCallLeavesInOneWriteWithThePreface() {
        var pair = pair();
        var call = pair.call(ECHO).unary(bytes(100));
        assertEquals(1, pair.toServer.writes);
        pair.run();
        assertTrue(call.status.isOk(), () -> call.status.toString());
        assertArrayEquals(bytes(100), call.messages.getFirst());
        assertEquals(List.of("established"), pair.events);
        assertEquals(0, pair.clientEnd.openCalls());
    }

    @Test
    void emptyAndLargeMessagesPassBothWays() {
        var settings = ConnectionSettings.DEFAULTS.withMaxMessageBytes(8 << 20);
        var client = ClientSettings.DEFAULTS.withMaxMessageBytes(Integer.MAX_VALUE, 8 << 20);
        var pair = pair(settings, client);
        for (int n : new int[] {0, 1, 65_535, 65_536, 300_000, 5 << 20}) {
            var call = pair.call(ECHO);
            // More than a window would block: this thread also carries the bytes.
            call.call.request(2);
            call.call.sendMessage(bytes(n));
            call.call.halfClose();
            pair.run();
            assertTrue(call.status.isOk(), () -> n + ": " + call.status);
            assertArrayEquals(bytes(n), call.messages.getFirst());
        }
    }

    @Test
    void manyCallsShareTheConnection() {
        var pair = pair();
        List<ConnectionPair.Call> calls = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            calls.add(pair.call(ECHO).unary(bytes(i * 40)));
        }
        pair.run();
        for (int i = 0; i < calls.size(); i++) {
            assertTrue(calls.get(i).status.isOk());
            assertArrayEquals(bytes(i * 40), calls.get(i).messages.getFirst());
        }
    }

    @Test
    void callsAboveTheServersLimitWaitForTheirTurn() {
        var pair =
                pair(
                        ConnectionSettings.DEFAULTS.withMaxConcurrentStreams(2),
                        ClientSettings.DEFAULTS);
        pair.clientEnd.flush();
        pair.run();
        var first = pair.call(STREAM);
        var second = pair.call(STREAM);
        var third = pair.call(ECHO).unary(bytes(10));
        pair.run();
        assertNull(third.status);
        first.call.cancel("enough", null);
        pair.run();
        assertEquals(Status.Code.CANCELLED, first.status.getCode());
        assertTrue(third.status.isOk(), () -> third.status.toString());
        assertNull(second.status);
    }

    @Test
    void callsBeyondALimitNotYetKnownWereSurelyNotProcessed() {
        var pair =
                pair(
                        ConnectionSettings.DEFAULTS.withMaxConcurrentStreams(1),
                        ClientSettings.DEFAULTS);
        pair.call(STREAM);
        var second = pair.call(ECHO).unary(bytes(10));
        pair.run();
        assertEquals(Status.Code.UNAVAILABLE, second.status.getCode());
        assertTrue(NotProcessedException.isCauseOf(second.status));
    }

    @Test
    void statusTextAndTrailersArrive() {
        var pair = pair();
        Metadata metadata = new Metadata();
        metadata.put(TEXT, "value");
        metadata.put(BINARY, new byte[] {0, 1, (byte) 0xff});
        var method =
                FAIL.toBuilder(FAIL.getRequestMarshaller(), FAIL.getResponseMarshaller())
                        .setFullMethodName("t.F/Fail")
                        .build();
        var call = pair.call(method, CallOptions.DEFAULT, metadata).unary(bytes(3));
        pair.run();
        assertEquals(Status.Code.NOT_FOUND, call.status.getCode());
        assertEquals("\u00e9t\u00e9 100% \n two", call.status.getDescription());
        assertEquals("value", call.trailers.get(TEXT));
        assertArrayEquals(new byte[] {0, 1, (byte) 0xff}, call.trailers.get(BINARY));
        assertTrue(call.messages.isEmpty());
    }

    @Test
    void unknownMethodIsUnimplemented() {
        var pair = pair();
        var call = pair.call(NOWHERE).unary(bytes(3));
        pair.run();
        assertEquals(Status.Code.UNIMPLEMENTED, call.status.getCode());
    }

    @Test
    void streamTalksBothWaysUntilBothHaveEnded() {
        var pair = pair();
        var call = pair.call(STREAM);
        call.call.request(10);
        pair.run();
        service.call.request(10);
        service.call.sendHeaders(new Metadata());
        for (int i = 1; i <= 3; i++) {
            call.call.sendMessage(bytes(i));
            service.call.sendMessage(bytes(100 + i));
            pair.run();
        }
        call.call.halfClose();
        pair.run();
        service.call.close(Status.OK, new Metadata());
        pair.run();
        assertTrue(call.status.isOk());
        assertEquals(3, call.messages.size());
        assertEquals(
                List.of(
                        "start",
                        "ready",
                        "message 1",
                        "message 2",
                        "message 3",
                        "halfClose",
                        "complete"),
                service.events);
    }

    @Test
    void unaskedMessagesAreHeldBackAndTheStatusWaitsForThem() {
        var pair = pair();
        var call = pair.call(STREAM);
        pair.run();
        service.call.sendHeaders(new Metadata());
        service.call.sendMessage(bytes(1));
        service.call.sendMessage(bytes(2));
        service.call.close(Status.OK, new Metadata());
        pair.run();
        assertTrue(call.messages.isEmpty());
        assertNull(call.status);
        call.call.request(1);
        pair.run();
        assertEquals(1, call.messages.size());
        assertNull(call.status);
        call.call.request(5);
        pair.run();
        assertEquals(2, call.messages.size());
        assertTrue(call.status.isOk());
    }

    @Test
    void readerThatStopsHoldsUpItsServerAndNobodyElse() {
        var client = ClientSettings.DEFAULTS.withWindows(65_535, 65_535);
        var pair = pair(ConnectionSettings.DEFAULTS, client);
        var slow = pair.call(STREAM);
        pair.run();
        service.call.sendHeaders(new Metadata());
        for (int i = 0; i < 10; i++) {
            service.call.sendMessage(bytes(20_000));
            pair.run();
        }
        assertFalse(service.call.isReady());
        var quick = pair.call(ECHO).unary(bytes(50_000));
        pair.run();
        assertTrue(quick.status.isOk());
        slow.call.request(10);
        pair.run();
        assertEquals(10, slow.messages.size());
        assertTrue(service.call.isReady());
    }

    @Test
    void cancelReachesTheServer() {
        var pair = pair();
        var call = pair.call(STREAM);
        pair.run();
        call.call.cancel("enough", null);
        pair.run();
        assertEquals(Status.Code.CANCELLED, call.status.getCode());
        assertEquals("enough", call.status.getDescription());
        assertEquals("cancel", service.events.getLast());
        assertEquals(0, pair.serverEnd.openCalls());
    }

    @Test
    void deadlineEndsTheCallOnBothSides() {
        var pair = pair();
        var options =
                CallOptions.DEFAULT.withDeadline(
                        io.grpc.Deadline.after(2, TimeUnit.SECONDS, pair.time.ticker()));
        var call = pair.call(STREAM, options, new Metadata());
        pair.run();
        pair.pass(1, TimeUnit.SECONDS);
        assertNull(call.status);
        pair.pass(1500, TimeUnit.MILLISECONDS);
        assertEquals(Status.Code.DEADLINE_EXCEEDED, call.status.getCode());
        assertEquals("context deadline exceeded", call.status.getDescription());
        assertEquals("cancel", service.events.getLast());
    }

    @Test
    void deadlineThatHasPassedSendsNothing() {
        var pair = pair();
        pair.clientEnd.flush();
        pair.run();
        int writes = pair.toServer.writes;
        var options =
                CallOptions.DEFAULT.withDeadline(
                        io.grpc.Deadline.after(-1, TimeUnit.SECONDS, pair.time.ticker()));
        var call = pair.call(ECHO, options, new Metadata()).unary(bytes(1));
        pair.run();
        assertEquals(Status.Code.DEADLINE_EXCEEDED, call.status.getCode());
        assertEquals(writes, pair.toServer.writes);
    }

    @Test
    void timeoutsAreWrittenInTheFinestUnitThatFits() {
        assertEquals("1n", CallHeaders.timeout(0));
        assertEquals("99999999n", CallHeaders.timeout(99_999_999));
        assertEquals("100000u", CallHeaders.timeout(100_000_000));
        assertEquals("5000000u", CallHeaders.timeout(5_000_000_000L));
        for (long nanos : new long[] {1, 123_456_789, 86_400_000_000_000L, Long.MAX_VALUE}) {
            long read = CallHeaders.timeoutNanos(CallHeaders.timeout(nanos)).orElseThrow();
            assertTrue(read >= nanos, () -> nanos + " became " + read);
            assertTrue(read - nanos <= nanos / 1000, () -> nanos + " became " + read);
        }
    }

    @Test
    void serversGracefulStopLetsCallsEndAndRefusesNewOnes() {
        var pair = pair();
        var open = pair.call(STREAM);
        open.call.request(5);
        pair.run();
        pair.server.stop(Duration.ofSeconds(60));
        pair.run();
        assertEquals(List.of("established", "goingAway"), pair.events);
        assertFalse(pair.clientEnd.usable());
        var late = pair.call(ECHO).unary(bytes(1));
        pair.run();
        assertEquals(Status.Code.UNAVAILABLE, late.status.getCode());
        assertTrue(NotProcessedException.isCauseOf(late.status));
        service.call.sendHeaders(new Metadata());
        service.call.sendMessage(bytes(7));
        service.call.close(Status.OK, new Metadata());
        pair.run();
        assertTrue(open.status.isOk());
        assertEquals("closed UNAVAILABLE", pair.events.getLast());
        assertTrue(pair.toServer.closed);
    }

    @Test
    void lostConnectionFailsItsCallsButNotAsUnprocessed() {
        var pair = pair();
        var call = pair.call(STREAM);
        pair.run();
        pair.clientEnd.disconnected("gone");
        pair.run();
        assertEquals(Status.Code.UNAVAILABLE, call.status.getCode());
        assertEquals("gone", call.status.getDescription());
        assertFalse(NotProcessedException.isCauseOf(call.status));
        var late = pair.call(ECHO).unary(bytes(1));
        pair.run();
        assertTrue(NotProcessedException.isCauseOf(late.status));
    }

    @Test
    void tooLargeAMessageFailsOnTheSideThatMinds() {
        var client = ClientSettings.DEFAULTS.withMaxMessageBytes(1000, 2000);
        var pair = pair(ConnectionSettings.DEFAULTS, client);
        var send = pair.call(ECHO).unary(bytes(2001));
        pair.run();
        assertEquals(Status.Code.RESOURCE_EXHAUSTED, send.status.getCode());
        assertEquals(
                "trying to send message larger than max (2001 vs. 2000)",
                send.status.getDescription());
        var receive = pair.call(ECHO).unary(bytes(1001));
        pair.run();
        assertEquals(Status.Code.RESOURCE_EXHAUSTED, receive.status.getCode());
        assertEquals(
                "grpc: received message larger than max (1001 vs. 1000)",
                receive.status.getDescription());
        var fits = pair.call(ECHO).unary(bytes(1000));
        pair.run();
        assertTrue(fits.status.isOk());
    }

    @Test
    void compressedRequestsAndResponsesAreUnderstood() {
        var pair = pair();
        byte[] text = "abc".repeat(10_000).getBytes(StandardCharsets.US_ASCII);
        var options = CallOptions.DEFAULT.withCompression("gzip");
        var call = pair.call(ECHO, options, new Metadata()).unary(text);
        pair.run();
        assertTrue(call.status.isOk(), () -> call.status.toString());
        assertArrayEquals(text, call.messages.getFirst());
        var stream = pair.call(STREAM, options, new Metadata());
        stream.call.request(2);
        pair.run();
        service.call.setCompression("gzip");
        service.call.sendHeaders(new Metadata());
        service.call.sendMessage(text);
        pair.run();
        assertArrayEquals(text, stream.messages.getFirst());
    }

    @Test
    void silentServerIsGivenUpByKeepAlive() {
        var client =
                ClientSettings.DEFAULTS.withKeepAlive(
                        Duration.ofSeconds(10), Duration.ofSeconds(3), false);
        var pair = pair(ConnectionSettings.DEFAULTS, client);
        var call = pair.call(STREAM);
        pair.run();
        // Answered: nothing happens.
        pair.pass(10, TimeUnit.SECONDS);
        pair.pass(4, TimeUnit.SECONDS);
        assertNull(call.status);
        // Not answered: nobody carries the bytes.
        pair.time.pass(20, TimeUnit.SECONDS);
        pair.run();
        assertEquals(Status.Code.UNAVAILABLE, call.status.getCode());
        assertEquals(
                "keepalive ping failed to receive ACK within timeout",
                call.status.getDescription());
    }

    @Test
    void withoutCallsNoPingIsSent() {
        var client =
                ClientSettings.DEFAULTS.withKeepAlive(
                        Duration.ofSeconds(10), Duration.ofSeconds(3), false);
        var pair = pair(ConnectionSettings.DEFAULTS, client);
        pair.call(ECHO).unary(bytes(1));
        pair.run();
        int writes = pair.toServer.writes;
        pair.pass(300, TimeUnit.SECONDS);
        assertEquals(writes, pair.toServer.writes);
        assertTrue(pair.clientEnd.usable());
    }

    @Test
    void listenerThatThrowsEndsItsCallOnly() {
        var pair = pair();
        var call = pair.clientEnd.newCall(ECHO, CallOptions.DEFAULT);
        List<Status> ends = new ArrayList<>();
        call.start(
                new io.grpc.ClientCall.Listener<byte[]>() {
                    @Override
                    public void onMessage(byte[] message) {
                        throw new IllegalStateException("no");
                    }

                    @Override
                    public void onClose(Status status, Metadata trailers) {
                        ends.add(status);
                    }
                },
                new Metadata());
        call.request(2);
        call.sendMessage(bytes(1));
        call.halfClose();
        pair.run();
        assertEquals(1, ends.size());
        assertEquals(Status.Code.CANCELLED, ends.getFirst().getCode());
        var next = pair.call(ECHO).unary(bytes(1));
        pair.run();
        assertTrue(next.status.isOk());
    }

    @Test
    void serverThatBreaksTheProtocolIsLeft() {
        var pair = pair();
        var call = pair.call(STREAM);
        pair.run();
        byte[] data = new byte[Frames.HEADER_BYTES + 1];
        Frames.putHeader(data, 0, 1, Frames.DATA, 0, 0);
        pair.clientEnd.receive(data, 0, data.length);
        pair.run();
        assertEquals(Status.Code.UNAVAILABLE, call.status.getCode());
        assertTrue(call.status.getDescription().contains("PROTOCOL_ERROR"));
        assertTrue(pair.toServer.closed);
    }

    @Test
    void randomTrafficEndsWithEverythingDelivered() {
        Random random = new Random(seed);
        var pair =
                pair(
                        ConnectionSettings.DEFAULTS.withMaxConcurrentStreams(
                                1 + random.nextInt(20)),
                        ClientSettings.DEFAULTS.withWindows(
                                65_535 + random.nextInt(100_000), 65_535));
        pair.clientEnd.flush();
        pair.run();
        List<ConnectionPair.Call> echoes = new ArrayList<>();
        List<Integer> sizes = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            int size = random.nextInt(100_000);
            var call = pair.call(ECHO).unary(bytes(size));
            if (random.nextInt(10) == 0) {
                call.call.cancel("changed its mind", null);
            } else {
                echoes.add(call);
                sizes.add(size);
            }
            if (random.nextInt(5) == 0) {
                pair.run();
            }
        }
        pair.run();
        for (int i = 0; i < echoes.size(); i++) {
            var call = echoes.get(i);
            assertTrue(call.status != null && call.status.isOk(), () -> "seed " + seed);
            assertArrayEquals(bytes(sizes.get(i)), call.messages.getFirst());
        }
        assertEquals(0, pair.clientEnd.openCalls());
        assertEquals(0, pair.serverEnd.openCalls());
    }
}
