package io.quorate.api.grpc;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Metadata;
import io.grpc.Status;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** The connection core at the level of frames, without sockets, threads or real time. */
final class GrpcServerConnectionTest {
    private static final ConnectionSettings SETTINGS =
            ConnectionSettings.DEFAULTS.withMaxMessageBytes(1 << 20);

    private final TestService service = new TestService();

    private TestClient connected(ConnectionSettings settings) {
        return TestClient.connected(settings, service.definition());
    }

    private TestClient connected() {
        return connected(SETTINGS);
    }

    private static void assertGoAway(TestClient client, ErrorCode code, int lastStream) {
        var goAway = client.only(client.frames(), Frames.GOAWAY);
        assertEquals(code, goAway.errorCode(), goAway::debug);
        assertEquals(lastStream, goAway.intAt(0));
        assertTrue(client.sink.closed);
    }

    private static String grpcStatus(List<TestClient.Frame> frames) {
        var last =
                frames.stream()
                        .filter(f -> f.type() == Frames.HEADERS && f.endStream())
                        .toList()
                        .getLast();
        return TestClient.field(last.payload(), "grpc-status");
    }

    // ---- answers

    @Test
    void unaryAnswerLeavesInOneWrite() {
        TestClient client = connected();
        int writes = client.sink.writes;
        client.headers(1, TestService.ECHO)
                .data(1, TestClient.message(new byte[] {1, 2, 3}), true)
                .send();
        var frames = client.frames();
        assertEquals(
                List.of(Frames.HEADERS, Frames.DATA, Frames.HEADERS),
                frames.stream().map(TestClient.Frame::type).toList());
        assertEquals("200", TestClient.field(frames.get(0).payload(), ":status"));
        assertArrayEquals(TestClient.message(new byte[] {1, 2, 3}), frames.get(1).payload());
        assertEquals("0", grpcStatus(frames));
        assertEquals(1, client.sink.writes - writes);
        assertEquals(List.of("echo 3", "complete"), service.events);
        assertEquals(0, client.connection.openCalls());
        assertEquals(0, client.connection.heldBytes());
    }

    @Test
    void answersOfCallsThatRunTogetherLeaveInOneWrite() {
        TestClient client = connected();
        int writes = client.sink.writes;
        client.headers(1, TestService.ECHO)
                .data(1, TestClient.message(new byte[1]), true)
                .headers(3, TestService.ECHO)
                .data(3, TestClient.message(new byte[2]), true)
                .headers(5, TestService.ECHO)
                .data(5, TestClient.message(new byte[3]), true)
                .send();
        assertEquals(
                List.of(1, 3, 5),
                client.frames().stream()
                        .filter(TestClient.Frame::endStream)
                        .map(TestClient.Frame::stream)
                        .toList());
        assertEquals(1, client.sink.writes - writes);
    }

    @Test
    void bytesMayComeInAnySplit() {
        TestClient client = new TestClient(SETTINGS, false, service.definition());
        byte[] message = new byte[40_000];
        byte[] framed = TestClient.message(message);
        client.bytes(Frames.preface())
                .bytes(Frames.settings(4, 1 << 20))
                .headers(1, TestService.ECHO)
                .data(1, Arrays.copyOfRange(framed, 0, 3), false)
                .data(1, Arrays.copyOfRange(framed, 3, 16_387), false)
                .data(1, Arrays.copyOfRange(framed, 16_387, 32_000), false)
                .data(1, Arrays.copyOfRange(framed, 32_000, framed.length), true)
                .sendByteByByte();
        assertEquals("0", grpcStatus(client.frames()));
        assertEquals(List.of("echo 40000", "complete"), service.events);
    }

    @Test
    void severalMessagesMayShareAFrame() {
        TestClient client = connected();
        ByteArrayOutputStream two = new ByteArrayOutputStream();
        two.writeBytes(TestClient.message(new byte[7]));
        two.writeBytes(TestClient.message(new byte[0]));
        two.writeBytes(Arrays.copyOf(TestClient.message(new byte[9]), 8));
        client.headers(1, TestService.STREAM).data(1, two.toByteArray(), false).send();
        service.call.request(10);
        client.runTasks();
        client.data(1, new byte[6], true).send();
        assertEquals(
                List.of("start", "ready", "message 7", "message 0", "message 9", "halfClose"),
                service.events);
    }

    @Test
    void headerBlockMayComeInContinuations() {
        TestClient client = connected();
        byte[] block = TestClient.requestBlock(TestService.ECHO, "x", "y".repeat(200));
        client.frame(Frames.HEADERS, 0, 1, Arrays.copyOfRange(block, 0, 10))
                .frame(Frames.CONTINUATION, 0, 1, Arrays.copyOfRange(block, 10, 20))
                .frame(
                        Frames.CONTINUATION,
                        Frames.FLAG_END_HEADERS,
                        1,
                        Arrays.copyOfRange(block, 20, block.length))
                .data(1, TestClient.message(new byte[1]), true)
                .send();
        assertEquals("0", grpcStatus(client.frames()));
    }

    @Test
    void paddingAndPriorityAreSkipped() {
        TestClient client = connected();
        byte[] block = TestClient.requestBlock(TestService.ECHO);
        byte[] padded = new byte[6 + block.length + 3];
        padded[0] = 3;
        System.arraycopy(block, 0, padded, 6, block.length);
        byte[] message = TestClient.message(new byte[] {9});
        byte[] paddedData = new byte[1 + message.length + 200];
        paddedData[0] = (byte) 200;
        System.arraycopy(message, 0, paddedData, 1, message.length);
        client.frame(
                        Frames.HEADERS,
                        Frames.FLAG_END_HEADERS | Frames.FLAG_PADDED | Frames.FLAG_PRIORITY,
                        1,
                        padded)
                .frame(Frames.DATA, Frames.FLAG_PADDED | Frames.FLAG_END_STREAM, 1, paddedData)
                .send();
        assertEquals("0", grpcStatus(client.frames()));
        assertEquals("echo 1", service.events.getFirst());
    }

    @Test
    void longTrailersAreSplitIntoContinuations() {
        TestClient client = connected();
        client.headers(1, TestService.STREAM).send();
        Metadata trailers = new Metadata();
        trailers.put(Metadata.Key.of("long", Metadata.ASCII_STRING_MARSHALLER), "v".repeat(40_000));
        service.call.close(Status.ABORTED, trailers);
        client.runTasks();
        var frames = client.frames();
        assertEquals(
                List.of(
                        Frames.HEADERS,
                        Frames.CONTINUATION,
                        Frames.CONTINUATION,
                        Frames.RST_STREAM),
                frames.stream().map(TestClient.Frame::type).toList());
        assertEquals(Frames.FLAG_END_STREAM, frames.get(0).flags());
        assertEquals(Frames.FLAG_END_HEADERS, frames.get(2).flags());
        assertEquals(ErrorCode.NO_ERROR, frames.get(3).errorCode());
    }

    // ---- requests that no handler sees

    @Test
    void unknownMethodIsUnimplemented() {
        TestClient client = connected();
        client.headers(1, "/t.T/Nope").data(1, TestClient.message(new byte[1]), true).send();
        var answer = client.only(client.frames(), Frames.HEADERS);
        assertEquals("200", TestClient.field(answer.payload(), ":status"));
        assertEquals("12", TestClient.field(answer.payload(), "grpc-status"));
        assertEquals(
                "unknown method Nope for service t.T",
                TestClient.field(answer.payload(), "grpc-message"));
        client.headers(3, "/x.Y/Z").send();
        assertEquals("12", grpcStatus(client.frames()));
    }

    @Test
    void otherContentTypesAre415() {
        TestClient client = connected();
        byte[] block =
                new HeaderBlock()
                        .add(":method", "POST")
                        .add(":scheme", "http")
                        .add(":path", TestService.ECHO)
                        .add("content-type", "application/json")
                        .build();
        client.frame(Frames.HEADERS, Frames.FLAG_END_HEADERS, 1, block).send();
        var answer = client.only(client.frames(), Frames.HEADERS);
        assertEquals("415", TestClient.field(answer.payload(), ":status"));
    }

    @Test
    @Tag("GS-04")
    void messageOverTheLimitIsRefusedAtItsLength() {
        TestClient client = connected();
        byte[] prefix = new byte[5];
        Frames.putInt(prefix, 1, (1 << 20) + 1);
        client.headers(1, TestService.ECHO).data(1, prefix, false).send();
        var frames = client.frames();
        var trailers = client.only(frames, Frames.HEADERS);
        assertEquals("8", TestClient.field(trailers.payload(), "grpc-status"));
        assertEquals(
                "grpc: received message larger than max (1048577 vs. 1048576)",
                TestClient.field(trailers.payload(), "grpc-message"));
        assertEquals(ErrorCode.NO_ERROR, client.only(frames, Frames.RST_STREAM).errorCode());
    }

    @Test
    void compressedFlagWithoutEncodingIsInternal() {
        TestClient client = connected();
        client.headers(1, TestService.ECHO).data(1, new byte[] {1, 0, 0, 0, 1, 7}, true).send();
        assertEquals("13", grpcStatus(client.frames()));
    }

    @Test
    void requestCutInAMessageIsInternal() {
        TestClient client = connected();
        client.headers(1, TestService.ECHO).data(1, new byte[] {0, 0, 0, 0, 9, 1}, true).send();
        assertEquals("13", grpcStatus(client.frames()));
    }

    // ---- windows

    @Test
    void answersWaitForBothWindows() {
        TestClient client = new TestClient(SETTINGS, false, service.definition());
        client.bytes(Frames.preface())
                .bytes(Frames.settings(Frames.SETTING_INITIAL_WINDOW_SIZE, 10))
                .headers(1, TestService.ECHO)
                .data(1, TestClient.message(new byte[20]), true)
                .send();
        var frames = client.frames();
        assertEquals(10, client.only(frames, Frames.DATA).payload().length);
        client.bytes(Frames.windowUpdate(1, 4)).send();
        assertEquals(4, client.only(client.frames(), Frames.DATA).payload().length);
        // A shrinking initial window takes the stream's below zero; credit has to make up for it.
        client.bytes(Frames.settings(Frames.SETTING_INITIAL_WINDOW_SIZE, 5)).send();
        client.bytes(Frames.windowUpdate(1, 5)).send();
        assertTrue(client.frames().stream().noneMatch(f -> f.type() == Frames.DATA));
        client.bytes(Frames.windowUpdate(1, 100)).send();
        frames = client.frames();
        assertEquals(11, client.only(frames, Frames.DATA).payload().length);
        assertEquals("0", grpcStatus(frames));
    }

    @Test
    void connectionWindowIsSharedInTurns() {
        TestClient client = new TestClient(SETTINGS, false, service.definition());
        client.bytes(Frames.preface())
                .bytes(Frames.settings(Frames.SETTING_INITIAL_WINDOW_SIZE, 1 << 20));
        for (int stream : new int[] {1, 3}) {
            client.headers(stream, TestService.ECHO);
            byte[] message = TestClient.message(new byte[60_000]);
            for (int at = 0; at < message.length; at += 16_384) {
                int end = Math.min(message.length, at + 16_384);
                client.data(stream, Arrays.copyOfRange(message, at, end), end == message.length);
            }
        }
        client.send();
        var first = client.frames();
        int sent =
                first.stream()
                        .filter(f -> f.type() == Frames.DATA)
                        .mapToInt(f -> f.payload().length)
                        .sum();
        assertEquals(65_535, sent, "exactly the connection's window, over all streams");
        client.bytes(Frames.windowUpdate(0, 1 << 20)).send();
        var rest = client.frames();
        assertEquals(
                120_010 - 65_535,
                rest.stream()
                        .filter(f -> f.type() == Frames.DATA)
                        .mapToInt(f -> f.payload().length)
                        .sum());
        assertEquals(
                2,
                Stream.concat(first.stream(), rest.stream())
                        .filter(f -> f.type() == Frames.HEADERS && f.endStream())
                        .count());
    }

    @Test
    void aShutStreamHoldsUpNobody() {
        TestClient client = new TestClient(SETTINGS, false, service.definition());
        client.bytes(Frames.preface())
                .bytes(Frames.settings(Frames.SETTING_INITIAL_WINDOW_SIZE, 10))
                .headers(1, TestService.ECHO)
                .data(1, TestClient.message(new byte[5_000]), true)
                .headers(3, TestService.ECHO)
                .data(3, TestClient.message(new byte[5]), true)
                .send();
        var ended =
                client.frames().stream()
                        .filter(f -> f.type() == Frames.HEADERS && f.endStream())
                        .toList();
        assertEquals(List.of(3), ended.stream().map(TestClient.Frame::stream).toList());
    }

    @Test
    void windowOverflowIsAnError() {
        TestClient client = connected();
        client.bytes(Frames.windowUpdate(0, Integer.MAX_VALUE)).send();
        assertGoAway(client, ErrorCode.FLOW_CONTROL_ERROR, 0);
    }

    @Test
    void creditComesWhenMessagesAreTaken() {
        TestClient client = connected();
        client.headers(1, TestService.STREAM);
        byte[] message = TestClient.message(new byte[16_379]);
        for (int i = 0; i < 16; i++) {
            client.data(1, message, false);
        }
        client.send();
        assertTrue(
                client.frames().stream().noneMatch(f -> f.type() == Frames.WINDOW_UPDATE),
                "nothing was taken");
        assertEquals(16 * 16_379 + 16 * 5, client.connection.heldBytes());
        service.call.request(8);
        client.runTasks();
        int credit =
                client.frames().stream()
                        .filter(f -> f.type() == Frames.WINDOW_UPDATE && f.stream() == 1)
                        .mapToInt(f -> f.intAt(0))
                        .sum();
        assertEquals(8 * 16_384, credit);
        assertEquals(8 * 16_384, client.connection.heldBytes());
    }

    @Test
    void dataOverTheWindowEndsTheConnection() {
        TestClient client = connected();
        client.headers(1, TestService.STREAM).send();
        for (int i = 0; i < 17; i++) {
            client.data(1, TestClient.message(new byte[16_379]), false);
        }
        client.send();
        assertGoAway(client, ErrorCode.FLOW_CONTROL_ERROR, 1);
        assertEquals("cancel", service.events.getLast());
    }

    @Test
    void messagesLargerThanTheWindowGetCreditInTurn() {
        // Room for one large message at a time: the second waits with no more than its window.
        ConnectionSettings small = SETTINGS.withBuffers(65_535, 4L << 20, 65_535, 1L << 20);
        TestClient client = connected(small);
        for (int stream : new int[] {1, 3}) {
            client.headers(stream, TestService.STREAM).send();
            service.call.request(1);
        }
        for (int stream : new int[] {1, 3}) {
            byte[] prefix = new byte[5];
            Frames.putInt(prefix, 1, 1_000_000);
            client.data(stream, prefix, false);
            client.data(stream, new byte[16_384], false).data(stream, new byte[16_384], false);
        }
        client.send();
        var credited =
                client.frames().stream()
                        .filter(f -> f.type() == Frames.WINDOW_UPDATE && f.stream() != 0)
                        .map(TestClient.Frame::stream)
                        .distinct()
                        .toList();
        assertEquals(List.of(1), credited);
        client.frame(Frames.RST_STREAM, 0, 1, new byte[4]).send();
        var later =
                client.frames().stream()
                        .filter(f -> f.type() == Frames.WINDOW_UPDATE && f.stream() == 3)
                        .toList();
        assertEquals(1, later.size(), "the reservation passed on to the other");
    }

    @Test
    void unreadRequestsOfAConnectionAreBounded() {
        ConnectionSettings small = SETTINGS.withBuffers(65_535, 1L << 20, 65_535, 1L << 20);
        TestClient client = connected(small);
        int refused = 0;
        for (int stream = 1; stream < 100; stream += 2) {
            client.headers(stream, TestService.STREAM)
                    .data(stream, TestClient.message(new byte[16_000]), false)
                    .data(stream, TestClient.message(new byte[16_000]), false)
                    .send();
            for (var frame : client.frames()) {
                if (frame.type() == Frames.RST_STREAM) {
                    refused++;
                }
            }
            assertTrue(client.connection.heldBytes() <= (1 << 20) + 40_000);
        }
        assertTrue(refused > 0);
        assertFalse(client.sink.closed);
    }

    @Test
    void senderIsNotReadyWhileItsQueueIsFull() {
        TestClient client = new TestClient(SETTINGS, false, service.definition());
        client.bytes(Frames.preface())
                .bytes(Frames.settings(Frames.SETTING_INITIAL_WINDOW_SIZE, 0))
                .headers(1, TestService.STREAM)
                .send();
        service.call.sendHeaders(new Metadata());
        assertTrue(service.call.isReady());
        service.call.sendMessage(new byte[40_000]);
        assertFalse(service.call.isReady());
        service.events.clear();
        client.bytes(Frames.windowUpdate(1, 5_000)).send();
        assertEquals(List.of(), service.events, "still more than 32 KiB wait");
        client.bytes(Frames.windowUpdate(1, 5_000)).send();
        assertEquals(List.of("ready"), service.events);
        assertTrue(service.call.isReady());
    }

    // ---- cancel, deadline

    @Test
    void resetCancelsTheCall() {
        TestClient client = connected();
        client.headers(1, TestService.STREAM).send();
        client.frame(Frames.RST_STREAM, 0, 1, new byte[] {0, 0, 0, 8}).send();
        assertEquals(List.of("start", "ready", "cancel"), service.events);
        assertTrue(service.call.isCancelled());
        assertEquals(0, client.connection.openCalls());
    }

    @Test
    void disconnectCancelsEveryCall() {
        TestClient client = connected();
        client.headers(1, TestService.STREAM).headers(3, TestService.STREAM).send();
        client.connection.disconnected();
        client.runTasks();
        assertEquals(2, service.events.stream().filter("cancel"::equals).count());
        assertTrue(client.sink.closed);
    }

    @Test
    void passedDeadlineEndsTheCall() {
        TestClient client = connected();
        client.headers(1, TestService.STREAM, "grpc-timeout", "100m").send();
        client.pass(99, TimeUnit.MILLISECONDS);
        assertEquals(List.of("start", "ready"), service.events);
        client.pass(1, TimeUnit.MILLISECONDS);
        assertEquals("cancel", service.events.getLast());
        assertEquals("4", grpcStatus(client.frames()));
    }

    @Test
    void malformedTimeoutIsRefused() {
        TestClient client = connected();
        client.headers(1, TestService.STREAM, "grpc-timeout", "soon").send();
        var answer = client.only(client.frames(), Frames.HEADERS);
        assertEquals("400", TestClient.field(answer.payload(), ":status"));
    }

    // ---- pings, settings, goaway

    @Test
    void pingIsAnsweredOnceAndUnknownSettingsAreSkipped() {
        TestClient client = connected();
        client.bytes(Frames.settings(0xfe03, 1, Frames.SETTING_MAX_FRAME_SIZE, 20_000))
                .bytes(Frames.ping(false, 0x0102030405060708L))
                .send();
        var frames = client.frames();
        assertTrue(client.only(frames, Frames.SETTINGS).ack());
        var pong = client.only(frames, Frames.PING);
        assertTrue(pong.ack());
        assertArrayEquals(new byte[] {1, 2, 3, 4, 5, 6, 7, 8}, pong.payload());
    }

    @Test
    @Tag("GS-06")
    void tooManyPingsEndTheConnection() {
        TestClient client = connected();
        client.headers(1, TestService.STREAM).send();
        for (int i = 0; i < 3; i++) {
            client.bytes(Frames.ping(false, i));
        }
        assertTrue(client.send(), "two strikes are allowed");
        client.pass(1, TimeUnit.SECONDS);
        assertFalse(client.bytes(Frames.ping(false, 9)).send());
        var goAway = client.only(client.frames(), Frames.GOAWAY);
        assertEquals(ErrorCode.ENHANCE_YOUR_CALM, goAway.errorCode());
        assertEquals("too_many_pings", goAway.debug());
    }

    @Test
    @Tag("GS-06")
    void pingsAtTheAllowedPaceAreWelcome() {
        TestClient client = connected();
        client.headers(1, TestService.STREAM).send();
        for (int i = 0; i < 50; i++) {
            assertTrue(client.bytes(Frames.ping(false, i)).send());
            client.pass(5, TimeUnit.SECONDS);
        }
    }

    @Test
    @Tag("GS-06")
    void withoutCallsPingsAreStrikesForTwoHours() {
        TestClient client = connected();
        boolean open = true;
        for (int i = 0; i < 3; i++) {
            open = client.bytes(Frames.ping(false, i)).send();
            client.pass(1, TimeUnit.MINUTES);
        }
        assertTrue(open);
        assertFalse(client.bytes(Frames.ping(false, 9)).send());
        TestClient patient = connected();
        for (int i = 0; i < 5; i++) {
            assertTrue(patient.bytes(Frames.ping(false, i)).send());
            // Sent and received within: our own PINGs are answered meanwhile.
            patient.pass(2, TimeUnit.HOURS);
            patient.bytes(Frames.ping(true, 1)).send();
        }
    }

    @Test
    @Tag("GS-07")
    void quietClientIsPingedAndClosedWhenItDoesNotAnswer() {
        TestClient client = connected();
        client.pass(2, TimeUnit.HOURS);
        var ping = client.only(client.frames(), Frames.PING);
        assertFalse(ping.ack());
        client.pass(19, TimeUnit.SECONDS);
        assertFalse(client.sink.closed);
        client.pass(1, TimeUnit.SECONDS);
        assertTrue(client.sink.closed);
    }

    @Test
    @Tag("GS-07")
    void answeringClientIsKept() {
        TestClient client = connected();
        for (int i = 0; i < 3; i++) {
            client.pass(2, TimeUnit.HOURS);
            var ping = client.only(client.frames(), Frames.PING);
            client.pass(1, TimeUnit.SECONDS);
            client.frame(Frames.PING, Frames.FLAG_ACK, 0, ping.payload()).send();
            client.pass(19, TimeUnit.SECONDS);
        }
        assertFalse(client.sink.closed);
    }

    @Test
    void stopNamesTheLastStreamAndLetsItEnd() {
        TestClient client = connected();
        client.headers(1, TestService.STREAM).send();
        client.server.stop(Duration.ofSeconds(30));
        client.runTasks();
        var frames = client.frames();
        assertEquals(Integer.MAX_VALUE, client.only(frames, Frames.GOAWAY).intAt(0));
        var ping = client.only(frames, Frames.PING);
        // Sent before the client could know: it must still be served.
        client.headers(3, TestService.STREAM)
                .frame(Frames.PING, Frames.FLAG_ACK, 0, ping.payload())
                .send();
        var last = client.only(client.frames(), Frames.GOAWAY);
        assertEquals(3, last.intAt(0));
        assertEquals(ErrorCode.NO_ERROR, last.errorCode());
        assertEquals(2, client.connection.openCalls());
        client.headers(5, TestService.STREAM).send();
        assertEquals(2, client.connection.openCalls(), "nothing new after the final GOAWAY");
        service.call.close(Status.OK, new Metadata());
        client.frame(Frames.RST_STREAM, 0, 1, new byte[4]).send();
        client.runTasks();
        assertTrue(client.sink.closed);
        assertEquals(0, client.server.connections());
    }

    @Test
    void graceEndsTheCallsThatAreLeft() {
        TestClient client = connected();
        client.headers(1, TestService.STREAM).send();
        var stopped = client.server.stop(Duration.ofSeconds(3));
        client.pass(2, TimeUnit.SECONDS);
        assertFalse(stopped.isDone());
        client.pass(1, TimeUnit.SECONDS);
        assertTrue(stopped.isDone());
        assertEquals("cancel", service.events.getLast());
        assertTrue(client.sink.closed);
    }

    // ---- floods

    @Test
    void continuationFloodEndsTheConnection() {
        TestClient client = connected();
        client.frame(Frames.HEADERS, 0, 1, new byte[0]);
        for (int i = 0; i < 1000; i++) {
            client.frame(Frames.CONTINUATION, 0, 1, new byte[0]);
        }
        client.send();
        assertGoAway(client, ErrorCode.ENHANCE_YOUR_CALM, 0);
    }

    @Test
    void endlessHeaderBlockEndsTheConnection() {
        TestClient client = connected();
        client.frame(Frames.HEADERS, 0, 1, new byte[16_384]);
        for (int i = 0; i < 20; i++) {
            client.frame(Frames.CONTINUATION, 0, 1, new byte[16_384]);
        }
        client.send();
        assertGoAway(client, ErrorCode.ENHANCE_YOUR_CALM, 0);
    }

    @Test
    void hpackBombIsAnsweredWith431() {
        TestClient client = connected();
        byte[] seed = new HeaderBlock().add(TestClient.requestBlock(TestService.ECHO)).build();
        ByteArrayOutputStream bomb = new ByteArrayOutputStream();
        bomb.writeBytes(seed);
        // A literal of 3 kB into the table, then 12 000 references of a byte each.
        bomb.write(0x40);
        bomb.write(1);
        bomb.write('b');
        bomb.write(127);
        int rest = 3000 - 127;
        bomb.write(rest & 127 | 128);
        bomb.write(rest >> 7);
        bomb.writeBytes("v".repeat(3000).getBytes(java.nio.charset.StandardCharsets.US_ASCII));
        for (int i = 0; i < 12_000; i++) {
            bomb.write(0x80 | 62);
        }
        client.frame(
                        Frames.HEADERS,
                        Frames.FLAG_END_HEADERS | Frames.FLAG_END_STREAM,
                        1,
                        bomb.toByteArray())
                .headers(3, TestService.ECHO)
                .data(3, TestClient.message(new byte[1]), true)
                .send();
        var frames = client.frames();
        var first = frames.stream().filter(f -> f.stream() == 1).toList();
        assertEquals("431", TestClient.field(first.getFirst().payload(), ":status"));
        assertEquals("0", grpcStatus(frames.stream().filter(f -> f.stream() == 3).toList()));
    }

    @Test
    void settingsFloodEndsTheConnection() {
        TestClient client = connected();
        for (int i = 0; i < 10_001; i++) {
            client.bytes(Frames.settings());
        }
        client.send();
        var goAway = client.only(client.frames(), Frames.GOAWAY);
        assertEquals(ErrorCode.ENHANCE_YOUR_CALM, goAway.errorCode());
    }

    @Test
    void rapidResetsEndTheConnection() {
        TestClient client = connected();
        boolean open = true;
        int stream = 1;
        for (int i = 0; i < 3_000 && open; i++, stream += 2) {
            open =
                    client.headers(stream, TestService.STREAM)
                            .frame(Frames.RST_STREAM, 0, stream, new byte[] {0, 0, 0, 8})
                            .send();
        }
        assertEquals(2_001, (stream - 1) / 2);
        assertGoAway(client, ErrorCode.ENHANCE_YOUR_CALM, stream - 2);
    }

    @Test
    void resetsAtAHumanPaceAndOfAnsweredCallsAreFine() {
        TestClient client = connected();
        int stream = 1;
        for (int i = 0; i < 3_000; i++, stream += 2) {
            client.headers(stream, TestService.STREAM).send();
            service.call.sendHeaders(new Metadata());
            assertTrue(client.frame(Frames.RST_STREAM, 0, stream, new byte[4]).send());
        }
        for (int i = 0; i < 3_000; i++, stream += 2) {
            client.headers(stream, TestService.STREAM);
            assertTrue(client.frame(Frames.RST_STREAM, 0, stream, new byte[4]).send());
            client.pass(10, TimeUnit.MILLISECONDS);
        }
    }

    @Test
    @Tag("GS-08")
    void streamsOverTheLimitAreRefused() {
        TestClient client =
                TestClient.connected(SETTINGS.withMaxConcurrentStreams(2), service.definition());
        client.headers(1, TestService.STREAM)
                .headers(3, TestService.STREAM)
                .headers(5, TestService.STREAM)
                .send();
        var reset = client.only(client.frames(), Frames.RST_STREAM);
        assertEquals(5, reset.stream());
        assertEquals(ErrorCode.REFUSED_STREAM, reset.errorCode());
        client.frame(Frames.RST_STREAM, 0, 1, new byte[4]).send();
        client.headers(7, TestService.STREAM).send();
        assertEquals(2, client.connection.openCalls());
    }

    @Test
    void protocolErrorsEndTheConnection() {
        assertEquals(ErrorCode.PROTOCOL_ERROR, error(c -> c.frame(Frames.DATA, 0, 1, new byte[1])));
        assertEquals(ErrorCode.PROTOCOL_ERROR, error(c -> c.headers(2, TestService.ECHO)));
        assertEquals(
                ErrorCode.PROTOCOL_ERROR,
                error(c -> c.frame(Frames.CONTINUATION, 4, 1, new byte[1])));
        assertEquals(
                ErrorCode.PROTOCOL_ERROR,
                error(c -> c.frame(Frames.HEADERS, 0, 1, new byte[1]).bytes(Frames.settings())));
        assertEquals(
                ErrorCode.PROTOCOL_ERROR,
                error(c -> c.frame(Frames.PUSH_PROMISE, 0, 1, new byte[4])));
        assertEquals(
                ErrorCode.FRAME_SIZE_ERROR, error(c -> c.frame(Frames.PING, 0, 0, new byte[7])));
        assertEquals(
                ErrorCode.FRAME_SIZE_ERROR,
                error(c -> c.frame(Frames.DATA, 0, 1, new byte[16_385])));
        assertEquals(
                ErrorCode.COMPRESSION_ERROR,
                error(c -> c.frame(Frames.HEADERS, 4, 1, new byte[] {(byte) 0xff, 1, 1})));
    }

    private ErrorCode error(java.util.function.Consumer<TestClient> what) {
        TestClient client = connected();
        what.accept(client);
        client.send();
        return client.only(client.frames(), Frames.GOAWAY).errorCode();
    }

    // ---- hand-over

    @Test
    void firstRequestThatIsNotGrpcMakesTheConnectionForeign() {
        TestClient client = new TestClient(SETTINGS, true, service.definition());
        byte[] get =
                new HeaderBlock()
                        .add(":method", "GET")
                        .add(":scheme", "http")
                        .add(":path", "/version")
                        .build();
        boolean goOn =
                client.bytes(Frames.preface())
                        .bytes(Frames.settings())
                        .bytes(Frames.ping(false, 1))
                        .frame(Frames.HEADERS, Frames.FLAG_END_HEADERS, 1, get)
                        .send();
        assertFalse(goOn);
        assertTrue(client.connection.foreign());
        // SETTINGS alone: acknowledging is for whoever serves the connection.
        var settings = client.only(client.frames(), Frames.SETTINGS);
        assertFalse(settings.ack());
        assertFalse(client.sink.closed);
        assertEquals(0, client.server.connections());
    }

    @Test
    void grpcConnectionAcknowledgesOnceItIsDecided() {
        TestClient client = new TestClient(SETTINGS, true, service.definition());
        client.bytes(Frames.preface()).bytes(Frames.settings()).send();
        assertFalse(client.only(client.frames(), Frames.SETTINGS).ack());
        client.headers(1, TestService.STREAM).send();
        assertTrue(client.only(client.frames(), Frames.SETTINGS).ack());
    }
}
