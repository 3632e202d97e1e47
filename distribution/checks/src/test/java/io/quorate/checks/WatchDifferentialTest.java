package io.quorate.checks;

import static io.quorate.checks.WatchCall.key;
import static io.quorate.checks.WatchCall.range;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.protobuf.ByteString;
import com.google.protobuf.TextFormat;

import io.quorate.api.proto.CompactionRequest;
import io.quorate.api.proto.DeleteRangeRequest;
import io.quorate.api.proto.PutRequest;
import io.quorate.api.proto.RequestOp;
import io.quorate.api.proto.TxnRequest;
import io.quorate.api.proto.WatchCreateRequest;
import io.quorate.api.proto.WatchCreateRequest.FilterType;
import io.quorate.api.proto.WatchResponse;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * The same watches over the same writes, at our server and at a real etcd: all messages equal,
 * field by field, but for the raft term. Random watches print their seed; {@code -Dseed=N} replays.
 */
final class WatchDifferentialTest {
    private static final String PEER_URL = "http://127.0.0.1:2380";
    private static final int WRITES = Integer.getInteger("writes", 400);
    private static final int WATCHES = Integer.getInteger("watches", 60);
    private static final int KEYS = 8;

    @RegisterExtension final Members members = Members.perTest();

    private final List<EtcdClient> clients = new ArrayList<>();

    @BeforeEach
    void start() {
        String[] flags = {
            "--initial-advertise-peer-urls=" + PEER_URL, "--initial-cluster=m1=" + PEER_URL
        };
        clients.add(new EtcdClient(members.start("real", Binaries.etcd37(), flags)));
        clients.add(new EtcdClient(members.start("ours", Binaries.ours(), flags)));
    }

    @AfterEach
    void stop() {
        clients.forEach(EtcdClient::close);
    }

    @Test
    @Tag("WA-03")
    @Tag("WA-04")
    @Tag("WA-06")
    @Tag("WA-08")
    @Tag("WA-09")
    @Tag("WA-10")
    @Tag("WA-11")
    @Tag("WA-13")
    @Tag("WA-27")
    @Tag("T9")
    void theEdgesAreTheSame() {
        List<String> real = edges(clients.getFirst());
        assertEquals(String.join("\n", real), String.join("\n", edges(clients.getLast())));
    }

    private static List<String> edges(EtcdClient client) {
        List<String> seen = new ArrayList<>();
        put(client, "a", "1");
        put(client, "a", "2");
        delete(client, "a", "");
        put(client, "\0", "zero");
        compact(client, 4);
        long revision = put(client, "b", "1");
        for (long start : new long[] {-1, 0, 1, 3, 4, 5, 6})
            seen.addAll(past(client, range("a", "z").setStartRevision(start), revision));
        seen.addAll(past(client, key("").setStartRevision(4), revision));
        seen.addAll(past(client, range("", "\0").setStartRevision(4), revision));
        seen.addAll(past(client, range("b", "a"), revision));
        seen.addAll(past(client, range("b", "b").setStartRevision(-5), revision));
        seen.addAll(past(client, key("a").setStartRevision(4).setPrevKv(true), revision));
        seen.addAll(past(client, key("b").setWatchId(99).setStartRevision(4), revision));
        seen.addAll(future(client, revision));
        seen.addAll(ids(client));
        return seen;
    }

    /** Ids given and chosen, twice, canceled, unknown. */
    private static List<String> ids(EtcdClient client) {
        try (WatchCall call = new WatchCall(client)) {
            for (long id : new long[] {1, 0, 0, 2, 5, 0}) call.create(key("x").setWatchId(id));
            call.cancel(77);
            call.cancel(5);
            call.cancel(5);
            call.create(key("x").setWatchId(5));
            call.create(key("end").setWatchId(1000));
            call.await(message -> message.getWatchId() == 1000);
            return print(call);
        }
    }

    private static List<String> past(
            EtcdClient client, WatchCreateRequest.Builder request, long revision) {
        try (WatchCall call = new WatchCall(client).create(request)) {
            // A real etcd may tell the progress of a watch before it tells that it was created.
            call.await(WatchResponse::getCreated);
            call.awaitProgress(revision);
            return print(call);
        }
    }

    /** From the write after the next. */
    private static List<String> future(EtcdClient client, long revision) {
        try (WatchCall call =
                new WatchCall(client).create(key("f").setStartRevision(revision + 2))) {
            call.await(WatchResponse::getCreated);
            put(client, "f", "early");
            call.awaitProgress(put(client, "f", "seen"));
            return print(call);
        }
    }

    @Test
    @Tag("WA-14")
    @Tag("WA-15")
    @Tag("WA-19")
    @Tag("WA-20")
    @Tag("WA-22")
    @Tag("WA-23")
    @Tag("WA-26")
    void randomWatchesSeeTheSame() {
        long seed = Long.getLong("seed", new Random().nextLong());
        List<List<String>> seen = clients.stream().map(client -> play(client, seed)).toList();
        for (int i = 0; i < seen.getFirst().size(); i++)
            assertEquals(seen.getFirst().get(i), seen.getLast().get(i), "-Dseed=" + seed);
        assertEquals(seen.getFirst().size(), seen.getLast().size());
    }

    /** What each watch saw: half of them watch while the writes are made, half see the past. */
    private static List<String> play(EtcdClient client, long seed) {
        Random random = new Random(seed);
        List<WatchCall> calls = new ArrayList<>();
        long revision = 1;
        for (int i = 0; i < WATCHES / 2; i++) {
            calls.add(new WatchCall(client).create(watch(random).setStartRevision(0)));
            calls.getLast().await(WatchResponse::getCreated);
        }
        for (int i = 0; i < WRITES; i++) revision = write(client, random, revision);
        for (WatchCall call : calls) call.awaitProgress(revision);
        compact(client, revision / 4);
        for (int i = 0; i < WATCHES / 2; i++) {
            long start = 1 + random.nextInt((int) revision + 2);
            calls.add(new WatchCall(client).create(watch(random).setStartRevision(start)));
        }
        revision = put(client, "k0", "end");
        revision = put(client, "k0", "end");
        List<String> seen = new ArrayList<>();
        for (WatchCall call : calls.subList(WATCHES / 2, WATCHES)) {
            call.awaitProgress(revision);
            // The last two writes may come alone or with the past.
            seen.add(call.events().toString());
        }
        for (WatchCall call : calls.subList(0, WATCHES / 2)) {
            call.awaitProgress(revision);
            seen.add(String.join("\n", print(call)));
        }
        calls.forEach(WatchCall::close);
        return seen;
    }

    private static WatchCreateRequest.Builder watch(Random random) {
        WatchCreateRequest.Builder request =
                random.nextBoolean() ? key(anyKey(random)) : range("k", anyKey(random));
        if (random.nextInt(4) == 0) request = range(anyKey(random), "\0");
        if (random.nextInt(4) == 0) request.addFilters(FilterType.NOPUT);
        if (random.nextInt(4) == 0) request.addFilters(FilterType.NODELETE);
        return request.setPrevKv(random.nextBoolean()).setFragment(random.nextBoolean());
    }

    private static String anyKey(Random random) {
        return "k" + random.nextInt(KEYS);
    }

    private static long write(EtcdClient client, Random random, long revision) {
        return switch (random.nextInt(6)) {
            case 0 -> delete(client, anyKey(random), "");
            case 1 -> delete(client, anyKey(random), anyKey(random));
            case 2 -> {
                TxnRequest.Builder txn = TxnRequest.newBuilder();
                int first = random.nextInt(KEYS);
                for (int i = 0; i < 3; i++) {
                    PutRequest put = putRequest("k" + (first + i) % KEYS, "t" + random.nextInt());
                    txn.addSuccess(RequestOp.newBuilder().setRequestPut(put));
                }
                yield client.kvNow.txn(txn.build()).getHeader().getRevision();
            }
            default -> put(client, anyKey(random), "v" + random.nextInt());
        };
    }

    private static PutRequest putRequest(String key, String value) {
        return PutRequest.newBuilder()
                .setKey(ByteString.copyFromUtf8(key))
                .setValue(ByteString.copyFromUtf8(value))
                .build();
    }

    private static long put(EtcdClient client, String key, String value) {
        return client.kvNow.put(putRequest(key, value)).getHeader().getRevision();
    }

    private static long delete(EtcdClient client, String key, String end) {
        DeleteRangeRequest request =
                DeleteRangeRequest.newBuilder()
                        .setKey(ByteString.copyFromUtf8(key))
                        .setRangeEnd(ByteString.copyFromUtf8(end))
                        .build();
        return client.kvNow.deleteRange(request).getHeader().getRevision();
    }

    private static void compact(EtcdClient client, long revision) {
        client.kvNow.compact(
                CompactionRequest.newBuilder().setRevision(revision).setPhysical(true).build());
    }

    private static List<String> print(WatchCall call) {
        return call.received().stream()
                .filter(message -> !WatchCall.isProgress(message))
                .map(WatchDifferentialTest::print)
                .toList();
    }

    private static String print(WatchResponse message) {
        WatchResponse.Builder same = message.toBuilder();
        same.getHeaderBuilder().clearRaftTerm();
        return TextFormat.printer().emittingSingleLine(true).printToString(same);
    }
}
