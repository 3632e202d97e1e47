package io.quorate.benchmarks;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;

import io.grpc.MethodDescriptor;
import io.quorate.api.proto.Compare;
import io.quorate.api.proto.PutRequest;
import io.quorate.api.proto.RangeRequest;
import io.quorate.api.proto.RangeResponse;
import io.quorate.api.proto.RequestOp;
import io.quorate.api.proto.TxnRequest;
import io.quorate.api.proto.TxnResponse;
import io.quorate.api.proto.WatchCreateRequest;
import io.quorate.api.proto.WatchGrpc;
import io.quorate.api.proto.WatchRequest;
import io.quorate.api.proto.WatchResponse;
import io.quorate.api.proto.mvcc.Event;

import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * What an API server of Kubernetes asks: updates of objects as transactions that compare the
 * modification revision and read the object when it is another one, reads of single objects, lists
 * of a namespace page by page, and a watch of all objects.
 *
 * <p>Of a hundred calls 65 are updates, 33 reads and 2 lists of up to 500 objects. Each client
 * updates objects of its own, so that nearly all updates succeed; the first of each object fails,
 * which tells its revision. Events are counted from the sending of their update.
 */
final class KubernetesWorkload implements Workload {
    private static final String PREFIX = "/registry/pods/";
    private static final int NAMESPACES = 10;
    private static final int PAGE = 500;
    private static final int UPDATES = 65; // percent
    private static final int READS = 33; // percent

    private final Setup setup;
    private final AtomicLongArray revisions;
    private final AtomicLongArray sentNanos;
    private final Histogram events = new Histogram();
    private volatile boolean counted;

    KubernetesWorkload(Setup setup) {
        this.setup = setup;
        revisions = new AtomicLongArray(setup.keys());
        sentNanos = new AtomicLongArray(setup.keys());
    }

    @Override
    public void begin(Connections connections, CompletableFuture<Void> failed) {
        new Loop(
                        connections,
                        Calls.PUT,
                        setup.keys(),
                        Math.min(setup.keys(), 64),
                        i -> put((int) i).toByteArray())
                .run();
        ByteString all = ByteString.copyFromUtf8(PREFIX);
        StreamCall watch =
                new StreamCall(
                        connections.of(0),
                        Connections.stream(WatchGrpc.getWatchMethod().getFullMethodName()),
                        this::changed,
                        failed);
        watch.send(
                WatchRequest.newBuilder()
                        .setCreateRequest(
                                WatchCreateRequest.newBuilder()
                                        .setKey(all)
                                        .setRangeEnd(Calls.prefixEnd(all)))
                        .build()
                        .toByteArray());
    }

    private void changed(byte[] answer) {
        if (!counted) return;
        long now = System.nanoTime();
        try {
            for (Event event : WatchResponse.parseFrom(answer).getEventsList()) {
                ByteString key = event.getKv().getKey();
                int number =
                        Integer.parseInt(
                                key.substring(key.size() - setup.keyBytes()).toStringUtf8());
                synchronized (events) {
                    events.record(Math.max(0, now - sentNanos.get(number)));
                }
            }
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void measure(boolean counted) {
        this.counted = counted;
    }

    @Override
    public Map<String, Histogram> details() {
        Histogram copy = new Histogram();
        synchronized (events) {
            copy.add(events);
        }
        return Map.of("kubernetes events", copy);
    }

    private static ByteString namespace(int number) {
        return ByteString.copyFromUtf8(PREFIX + "namespace-" + number + "/");
    }

    private ByteString key(int object) {
        return namespace(object % NAMESPACES).concat(setup.key(object));
    }

    private PutRequest put(int object) {
        return PutRequest.newBuilder().setKey(key(object)).setValue(setup.value(object)).build();
    }

    @Override
    public Script script(int client) {
        return new ApiServer(client);
    }

    private final class ApiServer implements Script {
        private final int client;
        private final SplittableRandom random;
        private MethodDescriptor<byte[], byte[]> method = Calls.TXN;
        private int updated;

        ApiServer(int client) {
            this.client = client;
            random = new SplittableRandom(client);
        }

        @Override
        public byte[] next() {
            int dice = random.nextInt(100);
            method = dice < UPDATES ? Calls.TXN : Calls.RANGE;
            if (dice < UPDATES) return update();
            if (dice < UPDATES + READS) return read(random.nextInt(setup.keys()));
            return list(random.nextInt(NAMESPACES));
        }

        private byte[] update() {
            int mine = Math.max(1, setup.keys() / setup.clients());
            updated = (client + random.nextInt(mine) * setup.clients()) % setup.keys();
            sentNanos.set(updated, System.nanoTime());
            ByteString key = key(updated);
            return TxnRequest.newBuilder()
                    .addCompare(
                            Compare.newBuilder()
                                    .setKey(key)
                                    .setTarget(Compare.CompareTarget.MOD)
                                    .setResult(Compare.CompareResult.EQUAL)
                                    .setModRevision(revisions.get(updated)))
                    .addSuccess(RequestOp.newBuilder().setRequestPut(put(updated)))
                    .addFailure(
                            RequestOp.newBuilder()
                                    .setRequestRange(RangeRequest.newBuilder().setKey(key)))
                    .build()
                    .toByteArray();
        }

        private byte[] read(int object) {
            return RangeRequest.newBuilder().setKey(key(object)).build().toByteArray();
        }

        private byte[] list(int number) {
            ByteString namespace = namespace(number);
            return RangeRequest.newBuilder()
                    .setKey(namespace)
                    .setRangeEnd(Calls.prefixEnd(namespace))
                    .setLimit(PAGE)
                    .build()
                    .toByteArray();
        }

        @Override
        public MethodDescriptor<byte[], byte[]> method() {
            return method;
        }

        @Override
        public void answered(byte[] answer) {
            if (method != Calls.TXN) return;
            try {
                TxnResponse response = TxnResponse.parseFrom(answer);
                if (response.getSucceeded()) {
                    revisions.set(updated, response.getHeader().getRevision());
                } else {
                    RangeResponse found = response.getResponses(0).getResponseRange();
                    revisions.set(updated, found.getKvs(0).getModRevision());
                }
            } catch (InvalidProtocolBufferException e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
