package io.quorate.benchmarks;

import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import io.quorate.api.proto.MaintenanceGrpc;
import io.quorate.api.proto.SnapshotRequest;

import java.io.IOException;
import java.util.concurrent.CompletableFuture;

/** How fast a member streams its whole database to a client, once and again. */
final class SnapshotRun {
    private SnapshotRun() {}

    static void measure(Options options, Options.Server server, Report report) throws IOException {
        Setup setup = options.setup();
        String title = Setup.count(setup.keys(), "key");
        try (Cluster cluster = new Cluster(options, server);
                Connections connections = cluster.connect(options, setup.connections())) {
            Calls.fill(connections, setup, setup.keys());
            fetch(connections);
            long cpu = cluster.cpuNanos();
            long begin = System.nanoTime();
            long end = begin + options.duration().toNanos();
            long bytes = 0;
            long fetched = 0;
            do {
                bytes += fetch(connections);
                fetched++;
            } while (System.nanoTime() - end < 0);
            double seconds = (System.nanoTime() - begin) / 1e9;
            cpu = cluster.cpuNanos() - cpu;
            report.add(
                    server.name(),
                    "snapshot",
                    title,
                    Report.Metric.MEBIBYTES_PER_SECOND,
                    bytes / 1048576.0 / seconds);
            report.add(
                    server.name(),
                    "snapshot",
                    title,
                    Report.Metric.MILLIS,
                    seconds * 1e3 / fetched);
            report.add(server.name(), "snapshot", title, Report.Metric.CPU, cpu / 1e3 / fetched);
            report.add(
                    server.name(),
                    "snapshot",
                    title,
                    Report.Metric.RSS,
                    cluster.residentBytes() / 1048576.0);
        }
    }

    /** Bytes of one snapshot, with its checksum and the framing of its parts. */
    private static long fetch(Connections connections) {
        CompletableFuture<Long> fetched = new CompletableFuture<>();
        ClientCalls.asyncServerStreamingCall(
                connections
                        .of(0)
                        .newCall(
                                Connections.serverStream(
                                        MaintenanceGrpc.getSnapshotMethod().getFullMethodName()),
                                Connections.IN_READER),
                SnapshotRequest.getDefaultInstance().toByteArray(),
                new StreamObserver<>() {
                    private long bytes;

                    @Override
                    public void onNext(byte[] part) {
                        bytes += part.length;
                    }

                    @Override
                    public void onError(Throwable cause) {
                        fetched.completeExceptionally(cause);
                    }

                    @Override
                    public void onCompleted() {
                        fetched.complete(bytes);
                    }
                });
        return fetched.join();
    }
}
