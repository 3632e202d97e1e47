package io.quorate.checks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.util.concurrent.ListenableFuture;
import com.google.protobuf.ByteString;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import io.quorate.api.proto.KVGrpc;
import io.quorate.api.proto.PutRequest;
import io.quorate.api.proto.PutResponse;
import io.quorate.api.proto.RangeRequest;
import io.quorate.api.proto.RangeResponse;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What a busy HTTP/2 connection goes through, with grpc-java's Netty client against the server
 * process: no call fails that should not, and the server's memory stays bounded.
 */
final class StreamTest {
    private static final int SECONDS_MAX = 120;
    private static final int LARGE_BYTES = 300_000;
    private static final ByteString LARGE_KEY = ByteString.copyFromUtf8("large");
    private static final ByteString SMALL_KEY = ByteString.copyFromUtf8("small");

    /** How much memory a storm may leave behind: heap that the collector has not yet given back. */
    private static final long GROWTH_MAX = 512L << 20;

    @RegisterExtension final Members members = Members.perTest();

    private Member member;
    private EtcdClient client;

    @BeforeEach
    void start() throws Exception {
        // What the collector leaves for later is not what may grow.
        member = members.create("streams", Binaries.ours()).with("QUORATE_JAVA_OPTS", "-Xmx320m");
        member.start();
        client = new EtcdClient(member);
        byte[] large = new byte[LARGE_BYTES];
        new Random(1).nextBytes(large);
        put(LARGE_KEY, ByteString.copyFrom(large)).get(SECONDS_MAX, TimeUnit.SECONDS);
        put(SMALL_KEY, SMALL_KEY).get(SECONDS_MAX, TimeUnit.SECONDS);
    }

    @AfterEach
    void close() {
        client.close();
    }

    @Test
    @Tag("GS-08")
    void aThousandCallsShareOneConnection() throws Exception {
        for (int round = 0; round < 3; round++) {
            List<ListenableFuture<RangeResponse>> calls = new ArrayList<>();
            for (int i = 0; i < 1000; i++) calls.add(get(SMALL_KEY));
            for (var call : calls) assertEquals(1, answer(call).getCount());
        }
    }

    @Test
    @Tag("GS-05")
    void largeAnswersShareTheWindow() throws Exception {
        long before = member.residentBytes();
        for (int round = 0; round < 5; round++) {
            List<ListenableFuture<RangeResponse>> calls = new ArrayList<>();
            for (int i = 0; i < 40; i++) calls.add(get(LARGE_KEY));
            for (var call : calls) {
                assertEquals(LARGE_BYTES, answer(call).getKvs(0).getValue().size());
            }
        }
        boundedSince(before);
    }

    @Test
    @Tag("GS-04")
    void largeRequestsShareTheWindow() throws Exception {
        byte[] value = new byte[16_000];
        for (int round = 0; round < 5; round++) {
            List<ListenableFuture<PutResponse>> calls = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                calls.add(put(ByteString.copyFromUtf8("put-" + i), ByteString.copyFrom(value)));
            }
            for (var call : calls) assertTrue(answer(call).getHeader().getRevision() > 1);
        }
        RangeRequest all =
                RangeRequest.newBuilder()
                        .setKey(ByteString.copyFromUtf8("put-"))
                        .setRangeEnd(ByteString.copyFromUtf8("put."))
                        .build();
        assertEquals(100, answer(client.kv.range(all)).getCount());
    }

    /** Readers that take nothing: their answers wait in the server, others are served. */
    @Test
    @Tag("T7")
    void slowReadersHoldUpNobodyElse() throws Exception {
        long before = member.residentBytes();
        List<SlowReader> slow = new ArrayList<>();
        try (EtcdClient other = new EtcdClient(member)) {
            for (int i = 0; i < 100; i++) slow.add(new SlowReader(client));
            for (int i = 0; i < 200; i++) {
                RangeRequest small = RangeRequest.newBuilder().setKey(SMALL_KEY).build();
                assertEquals(1, answer(other.kv.range(small)).getCount());
            }
            boundedSince(before);
        }
        for (SlowReader reader : slow) reader.read();
        for (SlowReader reader : slow) {
            assertEquals(LARGE_BYTES, reader.answer.get(SECONDS_MAX, TimeUnit.SECONDS));
        }
    }

    /** Calls given up at once; the connection and its other calls live on. */
    @Test
    @Tag("KV-24")
    @Tag("T29")
    void callsGivenUpHurtNoOtherCall() throws Exception {
        long before = member.residentBytes();
        AtomicInteger unexpected = new AtomicInteger();
        // Fewer than the server takes for an attack.
        for (int round = 0; round < 8; round++) {
            List<ListenableFuture<RangeResponse>> kept = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                if (i % 10 == 0) kept.add(get(SMALL_KEY));
                giveUp(i % 2 == 0 ? LARGE_KEY : SMALL_KEY, unexpected);
            }
            for (var call : kept) assertEquals(1, answer(call).getCount());
        }
        assertEquals(0, unexpected.get(), "calls that failed otherwise than canceled");
        boundedSince(before);
    }

    /** A server may cut off who does nothing but give up calls; it serves the others. */
    @Test
    @Tag("T29")
    void stormOfResetsHurtsNoOtherConnection() throws Exception {
        long before = member.residentBytes();
        AtomicInteger ignored = new AtomicInteger();
        try (EtcdClient other = new EtcdClient(member)) {
            for (int round = 0; round < 50; round++) {
                for (int i = 0; i < 200; i++) giveUp(LARGE_KEY, ignored);
                RangeRequest small = RangeRequest.newBuilder().setKey(SMALL_KEY).build();
                assertEquals(1, answer(other.kv.range(small)).getCount());
            }
        }
        boundedSince(before);
    }

    private void giveUp(ByteString key, AtomicInteger unexpected) {
        ListenableFuture<RangeResponse> call = get(key);
        call.addListener(() -> check(call, unexpected), Runnable::run);
        call.cancel(true);
    }

    private static void check(ListenableFuture<RangeResponse> given, AtomicInteger unexpected) {
        if (given.isCancelled()) return;
        try {
            given.get();
        } catch (Exception e) {
            unexpected.incrementAndGet();
        }
    }

    private ListenableFuture<PutResponse> put(ByteString key, ByteString value) {
        return client.kv.put(PutRequest.newBuilder().setKey(key).setValue(value).build());
    }

    private ListenableFuture<RangeResponse> get(ByteString key) {
        return client.kv.range(RangeRequest.newBuilder().setKey(key).build());
    }

    private static <T> T answer(ListenableFuture<T> call) throws Exception {
        try {
            return call.get(SECONDS_MAX, TimeUnit.SECONDS);
        } catch (java.util.concurrent.ExecutionException e) {
            throw new AssertionError("a call failed: " + e.getCause().getMessage(), e);
        }
    }

    private void boundedSince(long before) {
        long grown = member.residentBytes() - before;
        assertTrue(
                grown < GROWTH_MAX,
                () -> "resident memory grew by " + (grown >> 20) + " MiB" + member.report());
    }

    /** A call for the large value that asks for its answer only when told to. */
    private static final class SlowReader extends ClientCall.Listener<RangeResponse> {
        private final CompletableFuture<Integer> answer = new CompletableFuture<>();
        private final ClientCall<RangeRequest, RangeResponse> call;

        SlowReader(EtcdClient client) {
            call = client.channel.newCall(KVGrpc.getRangeMethod(), CallOptions.DEFAULT);
            call.start(this, new Metadata());
            call.sendMessage(RangeRequest.newBuilder().setKey(LARGE_KEY).build());
            call.halfClose();
        }

        void read() {
            call.request(2);
        }

        @Override
        public void onMessage(RangeResponse message) {
            answer.complete(message.getKvs(0).getValue().size());
        }

        @Override
        public void onClose(Status status, Metadata trailers) {
            if (!status.isOk()) answer.completeExceptionally(status.asRuntimeException());
        }
    }
}
