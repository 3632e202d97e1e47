package io.quorate.benchmarks;

import com.google.protobuf.InvalidProtocolBufferException;

import io.grpc.StatusRuntimeException;
import io.quorate.api.proto.HashKVRequest;
import io.quorate.api.proto.HashKVResponse;
import io.quorate.api.proto.MemberAddRequest;

import java.io.IOException;
import java.net.ConnectException;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * How long an empty member, added to a cluster of one with many keys, takes from exec until it
 * serves all of them; then the hashes of both must agree.
 */
final class CatchUpRun {
    private static final long POLL_MILLIS = 5;
    private static final int MINUTES_MAX = 10;

    private CatchUpRun() {}

    static void measure(Options options, Options.Server server, Report report) throws IOException {
        Setup setup = options.setup();
        String title = Setup.count(setup.keys(), "key");
        try (Cluster cluster = new Cluster(options, server, List.of(), 2, 1);
                Connections first = cluster.connect(options, setup.connections())) {
            Calls.fill(first, setup, setup.keys());
            long revision = Calls.revision(first.of(0), false);
            byte[] added =
                    MemberAddRequest.newBuilder()
                            .addPeerURLs(cluster.member(1).peerUrl())
                            .build()
                            .toByteArray();
            Calls.call(first.of(0), Calls.MEMBER_ADD, added);
            ServerProcess follower = cluster.startAdded();
            awaitRevision(follower, revision);
            double millis = (System.nanoTime() - follower.startedNanos()) / 1e6;
            report.add(server.name(), "catch-up", title, Report.Metric.MILLIS, millis);
            report.add(
                    server.name(),
                    "catch-up",
                    title,
                    Report.Metric.RSS,
                    follower.residentBytes() / 1048576.0);
            compareHashes(first, follower, revision);
        }
    }

    private static void awaitRevision(ServerProcess follower, long revision) throws IOException {
        long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(MINUTES_MAX);
        while (System.nanoTime() - end < 0) {
            if (!follower.isAlive()) follower.awaitReady(); // which throws, with its last lines
            try (Connections connections = new Connections(follower.clientPort(), 1)) {
                while (Calls.revision(connections.of(0), true) < revision) {
                    Pause.millis(POLL_MILLIS);
                }
                return;
            } catch (ConnectException | StatusRuntimeException notYet) {
                Pause.millis(POLL_MILLIS);
            }
        }
        throw new IOException("not caught up in " + MINUTES_MAX + " minutes");
    }

    private static void compareHashes(Connections first, ServerProcess follower, long revision)
            throws IOException {
        try (Connections second = new Connections(follower.clientPort(), 1)) {
            long expected = hash(first, revision);
            long found = hash(second, revision);
            if (expected != found) {
                throw new IOException("the follower has hash " + found + ", not " + expected);
            }
        }
    }

    private static long hash(Connections connections, long revision) {
        byte[] request = HashKVRequest.newBuilder().setRevision(revision).build().toByteArray();
        try {
            byte[] answer = Calls.call(connections.of(0), Calls.HASH_KV, request);
            return Integer.toUnsignedLong(HashKVResponse.parseFrom(answer).getHash());
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException(e);
        }
    }
}
