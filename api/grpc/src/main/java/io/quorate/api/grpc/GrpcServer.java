package io.quorate.api.grpc;

import io.grpc.Attributes;
import io.grpc.CompressorRegistry;
import io.grpc.Deadline;
import io.grpc.DecompressorRegistry;
import io.grpc.ServerServiceDefinition;

import java.time.Duration;
import java.util.Collection;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * What the connections of one server share: services, limits, threads, time. Has no socket; a
 * listener {@link #open}s a connection for each client.
 *
 * <p>Thread-safe.
 */
public final class GrpcServer {
    private final MethodTable methods;
    private final ConnectionSettings settings;
    private final Executor executor;
    private final ScheduledExecutorService timer;
    private final Deadline.Ticker ticker;
    private final Traffic traffic;
    private final Set<GrpcServerConnection> connections = ConcurrentHashMap.newKeySet();
    private final CompletableFuture<Void> drained = new CompletableFuture<>();
    private volatile boolean stopping;

    /**
     * @param executor runs handlers and socket writes, both of which may block: a virtual thread
     *     for each task. Must not run tasks in the caller's thread, nor wait for room
     * @param timer for deadlines, keepalive and stop; its tasks are short. Stays the caller's
     * @param ticker the clock that goes with the timer
     * @throws IllegalArgumentException when two services have a method of the same name
     */
    public GrpcServer(
            Collection<ServerServiceDefinition> services,
            ConnectionSettings settings,
            Executor executor,
            ScheduledExecutorService timer,
            Deadline.Ticker ticker,
            Traffic traffic) {
        this.methods = new MethodTable(services);
        this.settings = settings;
        this.executor = executor;
        this.timer = timer;
        this.ticker = ticker;
        this.traffic = traffic;
    }

    /**
     * Starts a connection. SETTINGS are written to the sink by this thread.
     *
     * @param attributes what handlers see as {@code ServerCall.getAttributes()}
     * @param mayBeForeign whether a first request that is not gRPC makes the connection {@link
     *     GrpcServerConnection#foreign()}; otherwise it is answered with an HTTP status
     */
    public GrpcServerConnection open(ByteSink sink, Attributes attributes, boolean mayBeForeign) {
        GrpcServerConnection connection =
                new GrpcServerConnection(this, sink, attributes, mayBeForeign);
        connections.add(connection);
        if (stopping) {
            connection.stop();
        }
        return connection;
    }

    /**
     * Stops gracefully: every client is told to go elsewhere, open calls may end by themselves
     * within the grace, then they are cancelled and their connections closed.
     *
     * @return completes when no connection is left
     */
    public CompletableFuture<Void> stop(Duration grace) {
        stopping = true;
        connections.forEach(GrpcServerConnection::stop);
        if (connections.isEmpty()) {
            drained.complete(null);
        } else {
            later(this::stopNow, grace.toNanos());
        }
        return drained;
    }

    /** Ends every connection at once; open calls are cancelled. */
    public void stopNow() {
        stopping = true;
        connections.forEach(c -> c.end(ErrorCode.NO_ERROR, "stopped"));
    }

    /** Connections open now. */
    public int connections() {
        return connections.size();
    }

    void closed(GrpcServerConnection connection) {
        connections.remove(connection);
        if (stopping && connections.isEmpty()) {
            drained.complete(null);
        }
    }

    Future<?> later(Runnable task, long nanos) {
        return timer.schedule(() -> executor.execute(task), nanos, TimeUnit.NANOSECONDS);
    }

    MethodTable methods() {
        return methods;
    }

    ConnectionSettings settings() {
        return settings;
    }

    Executor executor() {
        return executor;
    }

    ScheduledExecutorService timer() {
        return timer;
    }

    Deadline.Ticker ticker() {
        return ticker;
    }

    Traffic traffic() {
        return traffic;
    }

    DecompressorRegistry decompressors() {
        return DecompressorRegistry.getDefaultInstance();
    }

    CompressorRegistry compressors() {
        return CompressorRegistry.getDefaultInstance();
    }
}
