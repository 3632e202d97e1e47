package io.quorate.checks;

import static org.junit.jupiter.api.Assertions.fail;

import com.google.protobuf.ByteString;

import io.grpc.stub.StreamObserver;
import io.quorate.api.proto.HashKVRequest;
import io.quorate.api.proto.PutRequest;
import io.quorate.api.proto.RangeRequest;
import io.quorate.api.proto.WatchCreateRequest;
import io.quorate.api.proto.WatchRequest;
import io.quorate.api.proto.WatchResponse;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Sends the same random calls to our server and to a real etcd and compares all answers field by
 * field, with what {@link Answer} takes out.
 *
 * <p>{@code -Dseed=N} replays a run, {@code -Doperations=N} sets its length, {@code
 * -Dreference=FILE} compares with another server.
 */
final class RandomDifferentialTest {
    private static final int OPERATIONS = Integer.getInteger("operations", 10_000);
    private static final int CHECKPOINT_EVERY = 2_000;
    private static final int CHECKPOINT_READS = 10;
    private static final int READS_AT_ONCE = 16;
    private static final int REMEMBERED = 12;

    @RegisterExtension final Members members = Members.perTest();

    private final Deque<String> past = new ArrayDeque<>();

    /** How many answers of each kind there were: a run that met refusals only shows it here. */
    private final Map<String, Integer> kinds = new TreeMap<>();

    private long seed;
    private int done;

    @Test
    @Tag("KV-01")
    @Tag("KV-02")
    @Tag("KV-03")
    @Tag("KV-04")
    @Tag("KV-05")
    @Tag("KV-06")
    @Tag("KV-07")
    @Tag("KV-09")
    @Tag("KV-10")
    @Tag("KV-11")
    @Tag("KV-12")
    @Tag("KV-13")
    @Tag("KV-14")
    @Tag("KV-16")
    @Tag("KV-17")
    @Tag("KV-18")
    @Tag("KV-19")
    @Tag("KV-20")
    @Tag("KV-25")
    @Tag("KV-27")
    @Tag("KV-29")
    @Tag("KV-32")
    @Tag("KV-33")
    @Tag("KV-34")
    @Tag("KV-35")
    @Tag("KV-36")
    @Tag("KV-37")
    @Tag("KV-38")
    @Tag("KV-39")
    @Tag("KV-40")
    @Tag("KV-42")
    @Tag("KV-44")
    @Tag("TX-01")
    @Tag("TX-02")
    @Tag("TX-03")
    @Tag("TX-04")
    @Tag("TX-05")
    @Tag("TX-06")
    @Tag("TX-07")
    @Tag("TX-08")
    @Tag("TX-09")
    @Tag("TX-10")
    @Tag("TX-11")
    @Tag("TX-12")
    @Tag("TX-13")
    @Tag("TX-14")
    @Tag("TX-15")
    @Tag("TX-16")
    @Tag("TX-17")
    @Tag("TX-18")
    @Tag("TX-19")
    @Tag("TX-20")
    @Tag("TX-21")
    @Tag("TX-23")
    @Tag("TX-24")
    @Tag("TX-25")
    @Tag("SE-01")
    @Tag("SE-02")
    @Tag("SE-03")
    @Tag("SE-04")
    @Tag("SE-05")
    @Tag("SE-06")
    @Tag("SE-07")
    @Tag("SE-09")
    @Tag("SE-10")
    @Tag("SE-13")
    @Tag("SE-14")
    @Tag("SE-16")
    @Tag("SE-17")
    @Tag("SE-40")
    void randomCallsGetTheAnswersOfTheRealServer() throws Exception {
        compare(false);
    }

    /** Also leases, and what a watcher of the whole key space is told. */
    @Test
    @Tag("SE-08")
    void randomCallsWithLeasesMakeTheEventsOfTheRealServer() throws Exception {
        compare(true);
    }

    private void compare(boolean leases) throws Exception {
        seed = Long.getLong("seed", System.nanoTime());
        System.out.println("random differential: -Dseed=" + seed + " -Doperations=" + OPERATIONS);
        Member ours = members.start("ours", Binaries.ours());
        Member real = members.start("real", reference());
        try (EtcdClient a = new EtcdClient(ours);
                EtcdClient b = new EtcdClient(real)) {
            compare(a, b, leases);
        }
    }

    private static java.nio.file.Path reference() {
        String other = System.getProperty("reference", "");
        return other.isEmpty() ? Binaries.etcd37() : java.nio.file.Path.of(other);
    }

    private void compare(EtcdClient ours, EtcdClient real, boolean leases) throws Exception {
        Watcher seenByOurs = new Watcher();
        Watcher seenByReal = new Watcher();
        if (leases) {
            seenByOurs.start(ours);
            seenByReal.start(real);
        }
        OperationGenerator generator = new OperationGenerator(seed, leases);
        List<Operation> underWay = new ArrayList<>();
        for (int i = 0; i < OPERATIONS; i++) {
            Operation next = generator.next();
            underWay.add(next);
            // Reads change nothing, so many go at once; a write goes alone, after them.
            if (next.reads() && underWay.size() < READS_AT_ONCE) continue;
            if (!next.reads()) {
                run(ours, real, generator, underWay.subList(0, underWay.size() - 1));
                underWay.subList(0, underWay.size() - 1).clear();
            }
            run(ours, real, generator, underWay);
            underWay.clear();
            if (done / CHECKPOINT_EVERY != (done - 1) / CHECKPOINT_EVERY) {
                checkpoint(ours, real, generator);
            }
        }
        run(ours, real, generator, underWay);
        checkpoint(ours, real, generator);
        if (leases) {
            PutRequest last = PutRequest.newBuilder().setKey(Watcher.LAST).build();
            run(ours, real, generator, List.of(new Operation.Put(last)));
            sameEvents(seenByOurs.events(), seenByReal.events());
        }
        System.out.println("answers: " + kinds);
    }

    /** Sends all operations at once and compares the answers. */
    private void run(
            EtcdClient ours, EtcdClient real, OperationGenerator generator, List<Operation> all) {
        List<CompletableFuture<Answer>> fromOurs = new ArrayList<>();
        List<CompletableFuture<Answer>> fromReal = new ArrayList<>();
        for (Operation operation : all) {
            fromOurs.add(Answer.of(ours, operation));
            fromReal.add(Answer.of(real, operation));
        }
        for (int i = 0; i < all.size(); i++) {
            Operation operation = all.get(i);
            Answer expected = Answer.await(fromReal.get(i), "the real server", operation);
            Answer actual = Answer.await(fromOurs.get(i), "our server", operation);
            remember(operation, expected);
            if (!actual.equals(expected)) differ(expected, actual);
            generator.observe(operation, expected);
            done++;
        }
    }

    /** The whole key space, now and at earlier revisions, and the hash over it. */
    private void checkpoint(EtcdClient ours, EtcdClient real, OperationGenerator generator) {
        List<Operation> reads = new ArrayList<>();
        for (int i = 0; i < CHECKPOINT_READS; i++) {
            long revision = i == 0 ? 0 : generator.hashable();
            ByteString zero = ByteString.copyFrom(new byte[] {0});
            reads.add(
                    new Operation.Range(
                            RangeRequest.newBuilder()
                                    .setKey(zero)
                                    .setRangeEnd(zero)
                                    .setRevision(revision)
                                    .build()));
            reads.add(
                    new Operation.HashKv(HashKVRequest.newBuilder().setRevision(revision).build()));
        }
        int before = done;
        run(ours, real, generator, reads);
        done = before;
    }

    private void remember(Operation operation, Answer answer) {
        String kind = operation.getClass().getSimpleName() + " " + answer.code();
        kinds.merge(kind, 1, Integer::sum);
        past.addLast(
                "%s { %s }%n    -> %s"
                        .formatted(
                                operation.getClass().getSimpleName(),
                                shortened(Answer.print(operation.request())),
                                shortened(answer.toString())));
        if (past.size() > REMEMBERED) past.removeFirst();
    }

    private void differ(Answer expected, Answer actual) {
        fail(
                "the last of these calls was answered otherwise; replay with -Dseed=%d%n%s%nexpected: %s%nactual:   %s"
                        .formatted(
                                seed,
                                String.join(System.lineSeparator(), past),
                                shortened(expected.toString()),
                                shortened(actual.toString())));
    }

    private static String shortened(String text) {
        return text.length() < 4000 ? text : text.substring(0, 4000) + "…";
    }

    private void sameEvents(List<String> ours, List<String> real) {
        for (int i = 0; i < Math.min(ours.size(), real.size()); i++) {
            if (ours.get(i).equals(real.get(i))) continue;
            fail(
                    "event %d differs; replay with -Dseed=%d%nexpected: %s%nactual:   %s"
                            .formatted(i, seed, real.get(i), ours.get(i)));
        }
        if (ours.size() != real.size()) {
            fail("%d events instead of %d, seed %d".formatted(ours.size(), real.size(), seed));
        }
    }

    /** Watches the whole key space from the first revision on. */
    private static final class Watcher implements StreamObserver<WatchResponse> {
        /** The key whose event is the last to wait for; no other call names it. */
        static final ByteString LAST = ByteString.copyFromUtf8("the last key");

        private final List<String> events = new ArrayList<>();
        private final CompletableFuture<List<String>> all = new CompletableFuture<>();

        void start(EtcdClient client) {
            ByteString zero = ByteString.copyFrom(new byte[] {0});
            client.watch
                    .watch(this)
                    .onNext(
                            WatchRequest.newBuilder()
                                    .setCreateRequest(
                                            WatchCreateRequest.newBuilder()
                                                    .setKey(zero)
                                                    .setRangeEnd(zero)
                                                    .setStartRevision(1))
                                    .build());
        }

        List<String> events() throws Exception {
            return all.get(60, TimeUnit.SECONDS);
        }

        @Override
        public void onNext(WatchResponse answer) {
            if (answer.getCanceled()) {
                all.completeExceptionally(new AssertionError("canceled: " + Answer.print(answer)));
            }
            for (var event : answer.getEventsList()) {
                events.add(Answer.print(event));
                if (event.getKv().getKey().equals(LAST)) all.complete(events);
            }
        }

        @Override
        public void onError(Throwable cause) {
            all.completeExceptionally(cause);
        }

        @Override
        public void onCompleted() {
            all.completeExceptionally(new AssertionError("the watch stream ended"));
        }
    }
}
