package io.quorate.api.client;

import io.grpc.Status;
import io.quorate.api.grpc.ClientSettings;
import io.quorate.api.grpc.GrpcClientConnection;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;

/**
 * One connection for each endpoint, made when it is first needed and again after it is lost. Calls
 * go round the endpoints; one that could not be reached is passed over while others can.
 *
 * <p>Thread-safe. Nothing blocks with the monitor held; connecting is done by tasks.
 */
final class Connections implements AutoCloseable {
    /** How long an endpoint that failed is left out while others work. */
    private static final long COOL_DOWN_NANOS = TimeUnit.SECONDS.toNanos(2);

    /** An endpoint and what is known of it; guarded by the monitor of Connections. */
    private static final class Slot {
        final Endpoint endpoint;
        GrpcClientConnection connection;
        CompletableFuture<GrpcClientConnection> connecting;

        /** When it may be tried again, as System.nanoTime; meaningful if {@link #failed}. */
        long retryNanos;

        boolean failed;

        void fail() {
            failed = true;
            retryNanos = System.nanoTime() + COOL_DOWN_NANOS;
        }

        boolean chosen() {
            return !failed || System.nanoTime() - retryNanos >= 0;
        }

        Slot(Endpoint endpoint) {
            this.endpoint = endpoint;
        }
    }

    private final ClientConfig config;
    private final ClientSettings settings;
    private final Executor executor;
    private final ScheduledExecutorService timer;
    private final ThreadFactory readers;
    private List<Slot> slots;
    private int next;
    private boolean closed;

    Connections(
            ClientConfig config,
            ClientSettings settings,
            Executor executor,
            ScheduledExecutorService timer,
            ThreadFactory readers) {
        this.config = config;
        this.settings = settings;
        this.executor = executor;
        this.timer = timer;
        this.readers = readers;
        this.slots = slots(config.endpoints());
    }

    private List<Slot> slots(List<String> endpoints) {
        List<Slot> made = new ArrayList<>();
        for (String endpoint : endpoints) {
            made.add(new Slot(Endpoint.parse(endpoint, config.tls().isPresent())));
        }
        return made;
    }

    /** Endpoints known now. */
    synchronized int size() {
        return slots.size();
    }

    /**
     * A connection for the next call. Completes exceptionally with an {@link IOException} when its
     * endpoint cannot be reached; the next call then goes to another.
     */
    CompletableFuture<GrpcClientConnection> next() {
        CompletableFuture<GrpcClientConnection> connecting;
        Slot slot;
        synchronized (this) {
            if (closed) {
                return CompletableFuture.failedFuture(new IOException("the client is closed"));
            }
            slot = choose();
            if (slot.connection != null && slot.connection.usable()) {
                return CompletableFuture.completedFuture(slot.connection);
            }
            if (slot.connecting != null) {
                return slot.connecting;
            }
            connecting = new CompletableFuture<>();
            slot.connecting = connecting;
        }
        executor.execute(() -> connect(slot, connecting));
        return connecting;
    }

    private Slot choose() {
        for (int i = 0; i < slots.size(); i++) {
            Slot slot = slots.get((next + i) % slots.size());
            if (slot.chosen()) {
                next = (next + i + 1) % slots.size();
                return slot;
            }
        }
        // None is known to work: try them again, one after the other.
        Slot slot = slots.get(next % slots.size());
        next = (next + 1) % slots.size();
        return slot;
    }

    private void connect(Slot slot, CompletableFuture<GrpcClientConnection> result) {
        try {
            GrpcClientConnection connection =
                    SocketConnection.open(
                            slot.endpoint,
                            config.tls(),
                            config.connectTimeout(),
                            settings,
                            executor,
                            timer,
                            readers);
            boolean late;
            synchronized (this) {
                slot.connection = connection;
                slot.connecting = null;
                slot.failed = false;
                late = closed || !slots.contains(slot);
            }
            result.complete(connection);
            if (late) {
                connection.shutdown();
            }
        } catch (IOException | RuntimeException e) {
            synchronized (this) {
                slot.connecting = null;
                slot.fail();
            }
            result.completeExceptionally(
                    new IOException(
                            "connection to "
                                    + slot.endpoint.printed()
                                    + " failed: "
                                    + e.getMessage(),
                            e));
        }
    }

    /** A call on this connection found its member unavailable: prefer others for now. */
    synchronized void unavailable(GrpcClientConnection connection) {
        for (Slot slot : slots) {
            if (slot.connection == connection) {
                slot.fail();
            }
        }
    }

    /** From now on calls go to these; connections to others end when their calls have. */
    void replace(List<String> endpoints) {
        List<Slot> fresh = slots(endpoints);
        List<GrpcClientConnection> dropped = new ArrayList<>();
        synchronized (this) {
            List<Slot> kept = new ArrayList<>();
            for (Slot slot : fresh) {
                Slot same = slot;
                for (Slot old : slots) {
                    if (old.endpoint.equals(slot.endpoint)) {
                        same = old;
                    }
                }
                kept.add(same);
            }
            for (Slot old : slots) {
                if (!kept.contains(old) && old.connection != null) {
                    dropped.add(old.connection);
                }
            }
            slots = kept;
            next = 0;
        }
        dropped.forEach(GrpcClientConnection::shutdown);
    }

    @Override
    public void close() {
        List<GrpcClientConnection> open = new ArrayList<>();
        synchronized (this) {
            closed = true;
            for (Slot slot : slots) {
                if (slot.connection != null) {
                    open.add(slot.connection);
                }
            }
        }
        for (GrpcClientConnection connection : open) {
            connection.shutdownNow(Status.CANCELLED.withDescription("the client was closed"));
        }
    }
}
