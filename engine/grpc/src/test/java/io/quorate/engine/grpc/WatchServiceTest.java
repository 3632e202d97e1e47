package io.quorate.engine.grpc;

import static io.quorate.engine.grpc.Texts.bytes;
import static io.quorate.engine.grpc.Texts.delete;
import static io.quorate.engine.grpc.Texts.op;
import static io.quorate.engine.grpc.Texts.then;
import static io.quorate.engine.grpc.WatchClient.key;
import static io.quorate.engine.grpc.WatchClient.range;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;

import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.quorate.api.proto.CompactionRequest;
import io.quorate.api.proto.DeleteRangeRequest;
import io.quorate.api.proto.RequestOp;
import io.quorate.api.proto.WatchCreateRequest.FilterType;
import io.quorate.api.proto.WatchRequest;
import io.quorate.api.proto.WatchResponse;
import io.quorate.api.proto.mvcc.Event;
import io.quorate.engine.state.WatchHub;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** Watches as a client meets them: on our own connections, and hosted by grpc-java. */
@ParameterizedClass
@EnumSource
class WatchServiceTest {
    private static final int REQUEST_BYTES_MAX = 64 << 10;
    private static final int FRAGMENT_BYTES = REQUEST_BYTES_MAX + 512 * 1024;

    enum Host {
        OURS,
        GRPC_JAVA
    }

    private final TestServer server =
            new TestServer(
                    new ServiceSettings(
                            REQUEST_BYTES_MAX,
                            ServiceSettings.DEFAULT_MAX_TXN_OPS,
                            ServiceSettings.DEFAULT_QUOTA_BYTES,
                            ServiceSettings.DEFAULT_SLOW_CALL,
                            Duration.ofMillis(100),
                            false,
                            ServiceSettings.DEFAULT_BCRYPT_COST));
    private final WatchHub hub = server.node.state().watches();
    private final Optional<GrpcTestServer> ours;
    private final ManagedChannel channel;
    private final WatchClient client;

    WatchServiceTest(Host where) {
        ours =
                switch (where) {
                    case OURS ->
                            Optional.of(
                                    GrpcTestServer.plain(
                                            GrpcSettings.DEFAULTS,
                                            server.services.toArray(
                                                    ServerServiceDefinition[]::new)));
                    case GRPC_JAVA -> Optional.empty();
                };
        channel = ours.map(own -> TestServer.client(own.port())).orElse(server.channel);
        client = new WatchClient(channel);
    }

    @AfterEach
    void stop() {
        client.close();
        assertFalse(server.failure.isDone(), "the member failed");
        channel.shutdownNow();
        ours.ifPresent(GrpcTestServer::close);
        server.close();
    }

    @Test
    @Tag("WA-01")
    @Tag("WA-03")
    @Tag("WA-12")
    void watchesOfOneCallAreToldOfTheirKeys() {
        put("a", "0", 2);
        client.create("a");
        client.create(range("b", "d"));
        client.reads("0 created @2", "1 created @2");
        put("a", "1", 3);
        put("c", "1", 4);
        server.kv.deleteRange(delete("a"));
        client.reads("0 @3: PUT a=1 3", "1 @4: PUT c=1 4", "0 @5: DELETE a= 5");
    }

    private void put(String key, String value, long revision) {
        assertEquals(revision, server.kv.put(Texts.put(key, value)).getHeader().getRevision());
    }

    @Test
    @Tag("WA-16")
    @Tag("WA-17")
    @Tag("WA-18")
    @Tag("SE-27")
    void eventsAndHeadersAreWhole() {
        client.create("a");
        WatchResponse created = client.next();
        assertEquals(server.node.clusterId(), created.getHeader().getClusterId());
        assertEquals(server.node.memberId(), created.getHeader().getMemberId());
        assertEquals(server.node.term(), created.getHeader().getRaftTerm());
        put("a", "1", 2);
        put("a", "2", 3);
        server.kv.deleteRange(delete("a"));
        Event first = client.next().getEvents(0);
        assertEquals(first.getKv().getCreateRevision(), first.getKv().getModRevision());
        WatchResponse message = client.next();
        assertEquals(created.getHeader().getClusterId(), message.getHeader().getClusterId());
        Event second = message.getEvents(0);
        assertEquals(Event.EventType.PUT, second.getType());
        assertEquals(bytes("2"), second.getKv().getValue());
        assertEquals(2, second.getKv().getCreateRevision());
        assertEquals(3, second.getKv().getModRevision());
        assertEquals(2, second.getKv().getVersion());
        assertFalse(second.hasPrevKv());
        Event deleted = client.next().getEvents(0);
        assertEquals(Event.EventType.DELETE, deleted.getType());
        assertEquals(bytes("a"), deleted.getKv().getKey());
        assertEquals(4, deleted.getKv().getModRevision());
        assertEquals(0, deleted.getKv().getVersion());
    }

    @Test
    @Tag("WA-19")
    @Tag("WA-20")
    @Tag("WA-22")
    void aTransactionIsOneMessageLiveAndFromHistory() {
        client.create(range("a", "z"));
        client.reads("0 created @1");
        server.kv.txn(
                then(op(Texts.put("c", "1")), op(Texts.put("a", "2")), op(Texts.put("b", "3"))));
        server.kv.deleteRange(
                DeleteRangeRequest.newBuilder().setKey(bytes("a")).setRangeEnd(bytes("c")).build());
        String first = "PUT c=1 2, PUT a=2 2, PUT b=3 2";
        String second = "DELETE a= 3, DELETE b= 3";
        client.reads("0 @2: " + first, "0 @3: " + second);
        client.create(range("a", "z").setStartRevision(1));
        client.reads("1 created @3", "1 @3: " + first + ", " + second);
    }

    @Test
    @Tag("WA-06")
    @Tag("WA-09")
    @Tag("WA-13")
    void whatCannotBeWatchedIsCreatedAndCanceledInOneMessage() {
        client.create(key("a").setWatchId(7));
        client.create(key("a").setWatchId(7));
        client.create(range("b", "a"));
        client.create(key("a").setStartRevision(-1));
        client.reads(
                "7 created @1",
                "-1 created canceled @1: mvcc: duplicate watch ID provided on the WatchStream",
                "-1 created canceled @1: mvcc: watcher range is empty",
                "-1 created canceled @1: etcdserver: mvcc: required revision has been compacted");
    }

    @Test
    @Tag("WA-10")
    @Tag("WA-11")
    @Tag("T9")
    void aCompactedWatchIsCreatedAndThenCanceled() {
        put("a", "1", 2);
        server.kv.deleteRange(delete("a"));
        put("b", "1", 4);
        server.kv.compact(CompactionRequest.newBuilder().setRevision(3).setPhysical(true).build());
        client.create(key("a").setStartRevision(2));
        client.reads("0 created @4", "0 canceled compacted 3 @0");
        client.create(key("a").setStartRevision(3));
        client.reads("1 created @4", "1 @4: DELETE a= 3");
    }

    @Test
    @Tag("WA-27")
    void aCanceledWatchIsConfirmedAndAnUnknownOneIsNot() {
        client.create("a");
        client.cancel(99);
        client.cancel(0);
        client.cancel(0);
        client.create("a");
        client.reads("0 created @1", "0 canceled @1", "1 created @1");
    }

    @Test
    @Tag("WA-14")
    @Tag("WA-15")
    void filtersAndPreviousValues() {
        put("a", "0", 2);
        client.create(key("a").setPrevKv(true));
        client.create(key("a").addFilters(FilterType.NOPUT));
        client.create(key("a").addFilters(FilterType.NODELETE));
        client.reads("0 created @2", "1 created @2", "2 created @2");
        put("a", "1", 3);
        List<String> puts = sorted(2);
        assertEquals(List.of("0 @3: PUT a=1 3 was 0", "2 @3: PUT a=1 3"), puts);
        server.kv.deleteRange(delete("a"));
        assertEquals(List.of("0 @4: DELETE a= 4 was 1", "1 @4: DELETE a= 4"), sorted(2));
        put("a", "2", 5);
        assertEquals(List.of("0 @5: PUT a=2 5", "2 @5: PUT a=2 5"), sorted(2));
    }

    /** Messages of one revision come in no order. */
    private List<String> sorted(int messages) {
        return IntStream.range(0, messages).mapToObj(i -> client.read()).sorted().toList();
    }

    @Test
    @Tag("WA-08")
    @Tag("T10")
    void aWatchFromTheFutureWaits() {
        client.create(key("a").setStartRevision(4));
        client.reads("0 created @1");
        put("a", "1", 2);
        client.requestProgress();
        put("a", "2", 3);
        put("a", "3", 4);
        client.reads("0 @4: PUT a=3 4");
        client.requestProgress();
        client.reads("-1 @4");
    }

    @Test
    @Tag("WA-25")
    @Tag("WA-26")
    @Tag("T5")
    void progressOnRequestFollowsTheEvents() {
        client.requestProgress();
        client.create("a");
        client.create("b");
        client.reads("0 created @1", "1 created @1");
        put("a", "1", 2);
        put("c", "1", 3);
        client.requestProgress();
        client.reads("0 @2: PUT a=1 2", "-1 @3");
        client.cancel(1);
        client.requestProgress();
        client.reads("1 canceled @3", "-1 @3");
    }

    @Test
    @Tag("WA-24")
    @Tag("WA-35")
    @Tag("FL-96")
    void quietWatchesReportByInterval() {
        client.create(key("a").setProgressNotify(true));
        client.create("b");
        client.reads("0 created @1", "1 created @1", "0 @1", "0 @1");
        put("z", "1", 2);
        String report = client.read();
        while (report.equals("0 @1")) {
            report = client.read();
        }
        assertEquals("0 @2", report);
    }

    @Test
    @Tag("WA-21")
    void largeMessagesComeInPartsToWhoAsks() {
        client.create(range("a", "z").setFragment(true));
        client.create(range("a", "z"));
        client.reads("0 created @1", "1 created @1");
        String value = "v".repeat(REQUEST_BYTES_MAX / 20);
        int puts = 0;
        while (puts * value.length() < 3 * FRAGMENT_BYTES) {
            List<RequestOp> ops = new ArrayList<>();
            for (int i = 0; i < 15; i++) {
                ops.add(op(Texts.put("k" + String.format("%04d", puts++), value)));
            }
            server.kv.txn(then(ops.toArray(RequestOp[]::new)));
            client.next();
            client.next();
        }
        server.kv.deleteRange(
                DeleteRangeRequest.newBuilder().setKey(bytes("k")).setRangeEnd(bytes("l")).build());
        client.next();
        client.next();
        client.create(
                range("a", "z")
                        .setFragment(true)
                        .setPrevKv(true)
                        .addFilters(FilterType.NOPUT)
                        .setStartRevision(1));
        client.next();
        int events = 0;
        int parts = 0;
        WatchResponse part;
        do {
            part = client.next();
            parts++;
            events += part.getEventsCount();
            assertTrue(part.getSerializedSize() < FRAGMENT_BYTES);
            assertEquals(2, part.getWatchId());
        } while (part.getFragment());
        assertEquals(puts, events);
        assertEquals(4, parts);
        client.create(
                range("a", "z").setPrevKv(true).addFilters(FilterType.NOPUT).setStartRevision(1));
        client.next();
        WatchResponse whole = client.next();
        assertFalse(whole.getFragment());
        assertEquals(puts, whole.getEventsCount());
    }

    @Test
    @Tag("WA-33")
    @Tag("T7")
    void aClientThatStopsReadingMissesNothingAndHoldsUpNobody() {
        try (WatchClient slow = new WatchClient(channel, new Metadata(), 1)) {
            slow.create("k");
            slow.reads("0 created @1");
            client.create("k");
            client.reads("0 created @1");
            String value = "v".repeat(20_000);
            int writes = 300;
            for (int i = 0; i < writes; i++) {
                server.kv.put(Texts.put("k", value + i));
                assertEquals(i + 2, client.next().getHeader().getRevision());
            }
            assertEquals(1, hub.slowWatchers());
            assertTrue(hub.pendingEvents() < writes / 2, hub.pendingEvents() + " events wait");
            slow.take(Integer.MAX_VALUE);
            long last = 1;
            while (last < writes + 1) {
                for (Event event : slow.next().getEventsList()) {
                    assertEquals(++last, event.getKv().getModRevision());
                    assertEquals(
                            ByteString.copyFromUtf8(value + (last - 2)), event.getKv().getValue());
                }
            }
            server.kv.put(Texts.put("k", "end"));
            assertEquals("0 @302: PUT k=end 302", slow.read());
        }
    }

    @Test
    @Tag("T29")
    void abandonedCallsLeaveNothingBehind() {
        for (int i = 0; i < 20; i++) {
            try (WatchClient gone = new WatchClient(channel)) {
                gone.create(key("a").setProgressNotify(true));
                gone.reads("0 created @1");
            }
        }
        client.create("a");
        client.reads("0 created @1");
        awaitStreams(1);
        assertEquals(1, hub.watchers());
    }

    /** The server hears of a cancel in its own time. */
    private void awaitStreams(int expected) {
        long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
        while (hub.streams() != expected && System.nanoTime() < deadline) {
            Thread.onSpinWait();
        }
        assertEquals(expected, hub.streams());
    }

    @Test
    @Tag("WA-31")
    void theStopOfTheServerEndsTheCall() {
        client.create("a");
        client.reads("0 created @1");
        hub.close();
        Status end = client.end();
        assertEquals(Status.Code.UNAVAILABLE, end.getCode());
        assertEquals("etcdserver: server stopped", end.getDescription());
    }

    @Test
    void aClientThatEndsItsRequestsIsStillTold() {
        client.create("a");
        client.halfClose();
        client.reads("0 created @1");
        put("a", "1", 2);
        client.reads("0 @2: PUT a=1 2");
    }

    @Test
    void anUnknownRequestIsPassedOver() {
        client.send(WatchRequest.getDefaultInstance());
        client.send(
                WatchRequest.newBuilder()
                        .setUnknownFields(
                                UnknownFieldSet.newBuilder()
                                        .addField(
                                                99,
                                                UnknownFieldSet.Field.newBuilder()
                                                        .addVarint(1)
                                                        .build())
                                        .build())
                        .build());
        client.create("a");
        client.reads("0 created @1");
    }

    /** Requests without end whose answers nobody reads are not read either. */
    @Test
    void requestsAreHeldWhileTheirAnswersAreNotTaken() {
        try (WatchClient slow = new WatchClient(channel, new Metadata(), 1)) {
            int requests = 20_000;
            for (int i = 0; i < requests; i++) {
                slow.create("k" + i);
            }
            slow.reads("0 created @1");
            assertTrue(hub.watchers() < requests);
            slow.take(Integer.MAX_VALUE);
            for (int i = 1; i < requests; i++) {
                assertEquals(i, slow.next().getWatchId());
            }
            assertEquals(requests, hub.watchers());
        }
    }

    @Test
    @Tag("ME-31")
    @Tag("ME-36")
    void watchesAreCounted() {
        client.create("a");
        client.reads("0 created @1");
        put("a", "1", 2);
        client.reads("0 @2: PUT a=1 2");
        String metrics = server.metricsText();
        for (String row :
                List.of(
                        "etcd_debugging_mvcc_watch_stream_total 1",
                        "etcd_debugging_mvcc_watcher_total 1",
                        "etcd_debugging_mvcc_slow_watcher_total 0",
                        "etcd_debugging_mvcc_events_total 1",
                        "etcd_debugging_mvcc_pending_events_total 0",
                        "etcd_debugging_server_watch_send_loop_progress_duration_seconds_count 0",
                        "etcd_debugging_server_watch_send_loop_control_stream_duration_seconds_count"
                                + " 1")) {
            assertTrue(metrics.contains("\n" + row + "\n"), row + " in\n" + metrics);
        }
    }
}
