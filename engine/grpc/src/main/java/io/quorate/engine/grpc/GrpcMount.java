package io.quorate.engine.grpc;

import io.grpc.Deadline;
import io.grpc.ServerServiceDefinition;
import io.helidon.webserver.ListenerConfig;
import io.helidon.webserver.grpc.GrpcConfig;
import io.helidon.webserver.grpc.GrpcRouting;
import io.helidon.webserver.http2.Http2Config;
import io.quorate.api.grpc.ConnectionSettings;
import io.quorate.api.grpc.GrpcServer;
import io.quorate.api.grpc.Traffic;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;

/**
 * gRPC services on one Helidon WebServer listener. REST on the same port, over HTTP/1.1 and HTTP/2,
 * stays Helidon's.
 *
 * <p>Order of a clean end: {@link #stop}, wait for it or for the grace to pass, then {@code
 * WebServer.stop()}, then {@link #close}.
 *
 * <p>Thread-safe.
 */
public final class GrpcMount implements AutoCloseable {
    /** Helidon's own idle rule counts HEADERS and DATA only and would end quiet watches. */
    private static final Duration NEVER = Duration.ofDays(3650);

    private final GrpcServer server;
    private final ScheduledThreadPoolExecutor timer;
    private final boolean ours;

    private GrpcMount(
            List<ServerServiceDefinition> services, GrpcSettings settings, Traffic traffic) {
        this.ours = settings.mount() == GrpcSettings.Mount.QUORATE;
        ThreadFactory threads = Thread.ofVirtual().name("grpc-", 0).factory();
        // Not an ExecutorService: the last callbacks of a stopped server must never be rejected.
        Executor executor = task -> threads.newThread(task).start();
        this.timer =
                new ScheduledThreadPoolExecutor(
                        1,
                        Thread.ofPlatform().daemon().name("grpc-timer").factory(),
                        new ThreadPoolExecutor.DiscardPolicy());
        timer.setRemoveOnCancelPolicy(true);
        this.server =
                new GrpcServer(
                        services,
                        settings.connection(),
                        executor,
                        timer,
                        Deadline.getSystemTicker(),
                        traffic);
    }

    /**
     * Adds the services to a listener that is being configured, the default socket's or a named
     * one's. Routing for REST is added by the caller with {@code routing(...)}, as usual.
     *
     * @param services with their interceptors already applied ({@code
     *     ServerInterceptors.intercept})
     * @param traffic told of every read and write (ME-27); the {@link GrpcSettings.Mount#HELIDON}
     *     mount does not tell
     * @throws IllegalArgumentException when two services define a method of the same name
     */
    public static GrpcMount install(
            ListenerConfig.BuilderBase<?, ?> listener,
            List<ServerServiceDefinition> services,
            GrpcSettings settings,
            Traffic traffic) {
        GrpcMount mount = new GrpcMount(services, settings, traffic);
        switch (settings.mount()) {
            case QUORATE -> mount.mountOurs(listener, settings.connection());
            case HELIDON -> mountHelidons(listener, services, settings.connection());
        }
        return mount;
    }

    private void mountOurs(ListenerConfig.BuilderBase<?, ?> listener, ConnectionSettings limits) {
        listener.addConnectionSelector(new GrpcConnectionSelector(server, http2(limits)));
    }

    private static void mountHelidons(
            ListenerConfig.BuilderBase<?, ?> listener,
            List<ServerServiceDefinition> services,
            ConnectionSettings limits) {
        GrpcRouting.Builder routing = GrpcRouting.builder();
        services.forEach(routing::service);
        listener.addRouting(routing);
        listener.addProtocol(http2(limits));
        listener.addProtocol(
                GrpcConfig.builder()
                        .enableCompression(false)
                        .maxReadBufferSize(limits.maxMessageBytes())
                        .build());
        listener.idleConnectionTimeout(NEVER);
    }

    private static Http2Config http2(ConnectionSettings limits) {
        return Http2Config.builder()
                .maxConcurrentStreams(limits.maxConcurrentStreams())
                .maxHeaderListSize(limits.maxHeaderListBytes())
                .maxRapidResets(-1)
                .flowControlTimeout(NEVER)
                .build();
    }

    /**
     * Stops gRPC gracefully on all connections of the listener: clients are told to go elsewhere,
     * open calls may end by themselves within the grace, then they are cancelled. New connections
     * are turned away. Does nothing on the {@link GrpcSettings.Mount#HELIDON} mount, which knows no
     * graceful stop.
     *
     * @return completes when no gRPC connection is left
     */
    public CompletableFuture<Void> stop(Duration grace) {
        return ours ? server.stop(grace) : CompletableFuture.completedFuture(null);
    }

    /** gRPC connections open now; 0 on the {@link GrpcSettings.Mount#HELIDON} mount. */
    public int connections() {
        return server.connections();
    }

    /** Cuts what {@link #stop} has left and ends the timer. Harmless when repeated. */
    @Override
    public void close() {
        server.stopNow();
        timer.shutdownNow();
    }
}
