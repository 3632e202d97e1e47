package io.quorate.engine.grpc;

import io.grpc.ServerServiceDefinition;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.quorate.api.grpc.ConnectionSettings;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/** All probes on grpc-java's own server: shows that the probes ask for what gRPC promises. */
final class GrpcNettyProbesTest extends GrpcProbes {
    @Override
    Server start(GrpcProbeService service, ConnectionSettings settings) throws IOException {
        return new Netty(List.of(service.definition()), settings);
    }

    private static final class Netty implements Server {
        private final io.grpc.Server server;

        Netty(List<ServerServiceDefinition> services, ConnectionSettings settings)
                throws IOException {
            server =
                    NettyServerBuilder.forAddress(
                                    new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                            .executor(Executors.newVirtualThreadPerTaskExecutor())
                            .maxInboundMessageSize(settings.maxMessageBytes())
                            .permitKeepAliveTime(
                                    settings.permitKeepAliveTime().toNanos(), TimeUnit.NANOSECONDS)
                            .addServices(services)
                            .build()
                            .start();
        }

        @Override
        public int port() {
            return server.getPort();
        }

        @Override
        public void stop(Duration grace) {
            server.shutdown();
            Thread.startVirtualThread(() -> {
                try {
                    if (!server.awaitTermination(grace.toNanos(), TimeUnit.NANOSECONDS)) {
                        server.shutdownNow();
                    }
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
        }

        @Override
        public void close() {
            server.shutdownNow();
        }
    }
}
