package io.quorate.engine.grpc;

import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.quorate.api.proto.ClusterGrpc;
import io.quorate.api.proto.KVGrpc;
import io.quorate.api.proto.MaintenanceGrpc;
import io.quorate.api.proto.health.HealthGrpc;
import io.quorate.backend.memory.MemoryStorageProvider;
import io.quorate.engine.metrics.MetricRegistry;
import io.quorate.engine.node.Node;
import io.quorate.engine.node.NodeConfig;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/** A running member in memory whose services are hosted by grpc-java, and a client of it. */
final class TestServer implements AutoCloseable {
    static final String CLIENT_URL = "http://127.0.0.1:2379";
    static final String PEER_URL = "http://127.0.0.1:2380";
    private static final int MESSAGE_BYTES_MAX = 64 << 20;

    final MetricRegistry metrics = new MetricRegistry();
    final CompletableFuture<Throwable> failure = new CompletableFuture<>();
    final Node node;
    final List<ServerServiceDefinition> services;
    final ManagedChannel channel;
    final KVGrpc.KVBlockingStub kv;
    final MaintenanceGrpc.MaintenanceBlockingStub maintenance;
    final ClusterGrpc.ClusterBlockingStub cluster;
    final HealthGrpc.HealthBlockingStub health;

    private final ExecutorService calls = Executors.newVirtualThreadPerTaskExecutor();
    private final Server server;

    TestServer(ServiceSettings settings) {
        MemoryStorageProvider memory = new MemoryStorageProvider();
        node =
                Node.start(
                        NodeConfig.single(
                                "default", List.of(CLIENT_URL), List.of(PEER_URL), "etcd-cluster"),
                        memory.openLog(new TestEnv()),
                        memory.openState(new TestEnv()),
                        metrics,
                        failure::complete);
        node.ready().orTimeout(60, TimeUnit.SECONDS).join();
        services = Services.all(node, settings, metrics);
        server = host(services, calls);
        channel = client(server.getPort());
        kv = KVGrpc.newBlockingStub(channel);
        maintenance = MaintenanceGrpc.newBlockingStub(channel);
        cluster = ClusterGrpc.newBlockingStub(channel);
        health = HealthGrpc.newBlockingStub(channel);
    }

    static Server host(List<ServerServiceDefinition> services, ExecutorService calls) {
        try {
            return NettyServerBuilder.forAddress(
                            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                    .executor(calls)
                    .maxInboundMessageSize(MESSAGE_BYTES_MAX)
                    .addServices(services)
                    .build()
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static ManagedChannel client(int port) {
        return NettyChannelBuilder.forAddress(
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
                .usePlaintext()
                .maxInboundMessageSize(MESSAGE_BYTES_MAX)
                .build();
    }

    /** The /metrics page. */
    String metricsText() {
        StringBuilder text = new StringBuilder();
        try {
            metrics.text(text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return text.toString();
    }

    @Override
    public void close() {
        channel.shutdownNow();
        server.shutdownNow();
        node.close();
        calls.close();
    }
}
