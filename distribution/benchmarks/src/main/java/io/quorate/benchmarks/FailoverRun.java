package io.quorate.benchmarks;

import com.google.protobuf.ByteString;

import io.grpc.Channel;
import io.quorate.api.proto.PutRequest;
import io.quorate.api.proto.RangeRequest;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * How long clients of the other members are without a leader when its process is killed: from the
 * kill to the first acknowledged put, and to the first linearizable read, of those that were sent
 * after the process was gone. One of each is sent to each member every ten milliseconds; calls that
 * fail meanwhile do not matter.
 */
final class FailoverRun {
    private static final ByteString KEY = ByteString.copyFromUtf8("failover");
    private static final byte[] PUT =
            PutRequest.newBuilder().setKey(KEY).setValue(KEY).build().toByteArray();
    private static final byte[] RANGE = RangeRequest.newBuilder().setKey(KEY).build().toByteArray();
    private static final long PROBE_MILLIS = 10;
    private static final int SECONDS_MAX = 60;

    private FailoverRun() {}

    static void measure(Options options, Options.Server server, Report report) throws IOException {
        String title = Setup.count(options.members(), "member");
        try (Cluster cluster = new Cluster(options, server)) {
            for (int kill = 0; kill < options.kills(); kill++) {
                int leader = cluster.leader();
                // Everybody knows the leader, and the member of the round before has caught up.
                Pause.millis(options.warmUp().toMillis());
                Outage outage = kill(cluster, leader, options.members());
                report.add(
                        server.name(),
                        "failover, first put",
                        title,
                        Report.Metric.MILLIS,
                        outage.putNanos / 1e6);
                report.add(
                        server.name(),
                        "failover, first read",
                        title,
                        Report.Metric.MILLIS,
                        outage.readNanos / 1e6);
                cluster.restart(leader);
            }
        }
    }

    /** From the kill to the first answers. */
    private record Outage(long putNanos, long readNanos) {}

    private static Outage kill(Cluster cluster, int leader, int members) throws IOException {
        List<Integer> ports = new ArrayList<>();
        for (int i = 0; i < members; i++) {
            if (i != leader) ports.add(cluster.member(i).clientPort());
        }
        try (Connections survivors = new Connections(ports, ports.size())) {
            for (int i = 0; i < ports.size(); i++) Calls.call(survivors.of(i), Calls.PUT, PUT);
            long begin = System.nanoTime();
            cluster.process(leader).kill();
            CompletableFuture<Long> put = new CompletableFuture<>();
            CompletableFuture<Long> read = new CompletableFuture<>();
            for (long probe = 0; !put.isDone() || !read.isDone(); probe++) {
                if (probe * PROBE_MILLIS > TimeUnit.SECONDS.toMillis(SECONDS_MAX)) {
                    throw new IOException("no leader for " + SECONDS_MAX + " s");
                }
                for (int i = 0; i < ports.size(); i++) probe(survivors.of(i), begin, put, read);
                Pause.millis(PROBE_MILLIS);
            }
            return new Outage(put.join(), read.join());
        }
    }

    private static void probe(
            Channel channel,
            long begin,
            CompletableFuture<Long> put,
            CompletableFuture<Long> read) {
        Consumer<CompletableFuture<Long>> done = first -> first.complete(System.nanoTime() - begin);
        Calls.send(channel, Calls.PUT, PUT).thenAccept(answer -> done.accept(put));
        Calls.send(channel, Calls.RANGE, RANGE).thenAccept(answer -> done.accept(read));
    }
}
