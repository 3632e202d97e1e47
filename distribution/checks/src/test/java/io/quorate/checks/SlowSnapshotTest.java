package io.quorate.checks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.quorate.api.client.Client;
import io.quorate.api.client.ClientConfig;
import io.quorate.api.proto.HashKVResponse;
import io.quorate.api.proto.PutRequest;
import io.quorate.api.proto.StatusResponse;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * A follower that was away until the log no longer reaches back to it takes the whole state over a
 * slow link, while clients write at the leader: nobody else may notice. All members have a small
 * heap, so that neither end can hold what is sent.
 */
@Timeout(3600)
final class SlowSnapshotTest {
    private static final int MEGABYTES = Integer.getInteger("quorate.t17.megabytes", 48);
    private static final String STORAGE = System.getProperty("quorate.t17.storage", "file");
    private static final String TRANSPORT = System.getProperty("quorate.t17.transport", "tcp");

    /** Eight seconds for the size of the build, 100 for very large ones. */
    private static final long BYTES_PER_SECOND = (long) Math.max(6, MEGABYTES / 100) << 20;

    private static final long TRANSFER_SECONDS = ((long) MEGABYTES << 20) / BYTES_PER_SECOND;
    private static final int VALUE_BYTES = 64 << 10;
    private static final int VALUES = (int) (((long) MEGABYTES << 20) / VALUE_BYTES);
    private static final int WRITERS = 8;

    private static final Executor THREADS = task -> Thread.ofVirtual().start(task);

    @RegisterExtension final Members members = Members.perTest();

    private final HttpClient http = HttpClient.newHttpClient();
    private final AtomicBoolean over = new AtomicBoolean();

    /** One that was answered. */
    private record Put(long startNanos, long nanos) {}

    @Test
    @Tag("T17")
    @Tag("T24")
    void largeSnapshotToASlowReaderStallsNobody() {
        List<String> storage = List.of(STORAGE, STORAGE, STORAGE);
        Map<String, String> heap = Map.of("QUORATE_JAVA_OPTS", "-Xmx256m");
        String[] flags = {
            "--quota-backend-bytes=8589934592",
            // A leader who loses a second to other processes is no matter of the snapshot.
            "--election-timeout=3000",
            "--snapshot-count=100",
            "--snapshot-catchup-entries=10"
        };
        try (FaultyCluster cluster = new FaultyCluster(members, TRANSPORT, storage, heap, flags)) {
            FaultyCluster.Place first = leader(cluster);
            FaultyCluster.Place reader =
                    cluster.places().stream().filter(place -> place != first).findAny().get();
            reader.kill();
            long start = System.nanoTime();
            fill(first);
            System.out.printf(
                    "snapshot to a slow reader: %d MiB in values of 64 KiB written in %.1f s%n",
                    MEGABYTES, seconds(System.nanoTime() - start));
            // Elections while the disk is filled are not what is tried here.
            catchUp(cluster, leader(cluster), reader);
        } finally {
            over.set(true);
            http.close();
        }
    }

    private void catchUp(
            FaultyCluster cluster, FaultyCluster.Place leader, FaultyCluster.Place reader) {
        cluster.slow(reader, BYTES_PER_SECOND);
        final StatusResponse before = status(leader);
        final double elections = metric(leader, "etcd_server_leader_changes_seen_total");
        final double sent = metric(leader, "etcd_network_snapshot_send_success");
        List<Put> puts = Collections.synchronizedList(new ArrayList<>());
        CompletableFuture<Void> writer =
                CompletableFuture.runAsync(() -> write(leader, puts), THREADS);
        until(60, () -> puts.size() > 100 || writer.isDone());

        reader.start();
        until(120, () -> metric(leader, "etcd_network_snapshot_send_inflights_total") == 1);
        long begun = System.nanoTime();
        Resident resident = new Resident();
        until(
                60 + 4 * TRANSFER_SECONDS,
                () -> {
                    resident.see(leader, reader);
                    return writer.isDone()
                            || metric(leader, "etcd_network_snapshot_send_success") > sent;
                });
        long ended = System.nanoTime();
        over.set(true);
        writer.join();
        double transfer = seconds(ended - begun);
        long bytes = cluster.passed(leader, reader);
        System.out.printf(
                "snapshot to a slow reader: %.1f MiB in %.1f s; at most resident: leader %d MiB,"
                        + " reader %d MiB%n",
                bytes / 1048576.0, transfer, resident.leader >> 20, resident.reader >> 20);
        double alone = longest("before", puts, Long.MIN_VALUE, begun);
        double during = longest("during", puts, begun, ended);

        assertEquals(before.getRaftTerm(), status(leader).getRaftTerm());
        assertEquals(before.getLeader(), status(leader).getLeader());
        assertEquals(elections, metric(leader, "etcd_server_leader_changes_seen_total"));
        assertEquals(0, metric(leader, "etcd_network_snapshot_send_failures"));
        assertTrue(bytes >= (long) VALUES * VALUE_BYTES, "it was not the whole state");
        assertTrue(transfer > TRANSFER_SECONDS / 2.0, "it was not slow");
        // Who waits for the reader waits for most of the transfer.
        assertTrue(during < transfer / 2, "a put took " + during + " s, and before it " + alone);

        sameState(leader, reader);
        assertEquals(
                sent + 1,
                metric(leader, "etcd_network_snapshot_send_success"),
                "the log was kept, so that entries did the rest");
    }

    /** The most memory that the two processes were seen with. */
    private static final class Resident {
        private long leader;
        private long reader;

        void see(FaultyCluster.Place leading, FaultyCluster.Place reading) {
            leader = Math.max(leader, leading.residentBytes());
            reader = Math.max(reader, reading.residentBytes());
        }
    }

    // ---- writers

    private static void fill(FaultyCluster.Place leader) {
        List<CompletableFuture<Void>> writers = new ArrayList<>();
        try (Client client = patient(leader)) {
            for (int i = 0; i < WRITERS; i++) {
                int number = i;
                writers.add(CompletableFuture.runAsync(() -> fill(client, number), THREADS));
            }
            writers.forEach(CompletableFuture::join);
        }
    }

    private static void fill(Client client, int number) {
        Random random = new Random(number);
        for (int i = number; i < VALUES; i += WRITERS) {
            PutRequest put = put("large/%08d".formatted(i), random, VALUE_BYTES);
            boolean done = false;
            while (!done) done = accepted(client, put);
        }
    }

    /** False when a disk that is busy for long kept it from being answered. */
    private static boolean accepted(Client client, PutRequest put) {
        try {
            return client.kv().put(put).hasHeader();
        } catch (StatusRuntimeException e) {
            if (e.getStatus().getCode() != Status.Code.UNAVAILABLE) throw e;
            return false;
        }
    }

    /** One put after the other until told to stop; ends with the error of the first that fails. */
    private void write(FaultyCluster.Place leader, List<Put> puts) {
        Random random = new Random(WRITERS);
        try (Client client = patient(leader)) {
            for (int i = 0; !over.get(); i++) {
                PutRequest put = put("during/" + i, random, 4 << 10);
                long start = System.nanoTime();
                client.kv().put(put);
                puts.add(new Put(start, System.nanoTime() - start));
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
            }
        }
    }

    private static PutRequest put(String key, Random random, int bytes) {
        byte[] value = new byte[bytes];
        random.nextBytes(value);
        return PutRequest.newBuilder()
                .setKey(ByteString.copyFromUtf8(key))
                .setValue(ByteString.copyFrom(value))
                .build();
    }

    /** In seconds, of the puts that were under way in this time; there must be some. */
    private static double longest(String when, List<Put> puts, long from, long to) {
        long[] nanos =
                puts.stream()
                        .filter(put -> put.startNanos < to)
                        .filter(put -> from == Long.MIN_VALUE || put.startNanos + put.nanos > from)
                        .mapToLong(Put::nanos)
                        .sorted()
                        .toArray();
        assertTrue(nanos.length > 0, "no put " + when + " the transfer");
        double longest = seconds(nanos[nanos.length - 1]);
        System.out.printf(
                "snapshot to a slow reader: %d puts %s the transfer, median %.1f ms,"
                        + " longest %.1f ms%n",
                nanos.length, when, seconds(nanos[nanos.length / 2]) * 1000, longest * 1000);
        return longest;
    }

    // ---- what members tell

    private static void sameState(FaultyCluster.Place leader, FaultyCluster.Place reader) {
        long revision = status(leader).getHeader().getRevision();
        until(
                90,
                () ->
                        reader.status()
                                .filter(status -> status.getHeader().getRevision() >= revision)
                                .isPresent());
        HashKVResponse expected = hash(leader, revision);
        HashKVResponse found = hash(reader, revision);
        assertEquals(expected.getHash(), found.getHash());
        assertEquals(expected.getCompactRevision(), found.getCompactRevision());
    }

    private static HashKVResponse hash(FaultyCluster.Place place, long revision) {
        try (Client client = patient(place)) {
            return client.maintenance().hashKv(revision);
        }
    }

    private static StatusResponse status(FaultyCluster.Place place) {
        try (Client client = patient(place)) {
            return client.maintenance().status();
        }
    }

    /** It waits as long as the member does. */
    private static Client patient(FaultyCluster.Place place) {
        return Client.connect(ClientConfig.of(place.endpoint()));
    }

    private static FaultyCluster.Place leader(FaultyCluster cluster) {
        List<FaultyCluster.Place> found = new ArrayList<>();
        until(
                60,
                () -> {
                    cluster.leader().ifPresent(found::add);
                    return !found.isEmpty();
                });
        return found.getFirst();
    }

    /** The sum over all labels; 0 where there are none yet. */
    private double metric(FaultyCluster.Place place, String name) {
        HttpRequest get =
                HttpRequest.newBuilder(URI.create("http://" + place.endpoint() + "/metrics"))
                        .timeout(Duration.ofSeconds(60))
                        .build();
        try {
            return http.send(get, HttpResponse.BodyHandlers.ofLines())
                    .body()
                    .filter(line -> line.startsWith(name + "{") || line.startsWith(name + " "))
                    .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
                    .sum();
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static void until(long seconds, BooleanSupplier condition) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - deadline > 0) {
                throw new AssertionError("it did not become so in " + seconds + " s");
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
        }
    }

    private static double seconds(long nanos) {
        return nanos / 1e9;
    }
}
