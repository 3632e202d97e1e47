package io.quorate.api.client;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.quorate.api.proto.LeaseGrpc;
import io.quorate.api.proto.LeaseKeepAliveRequest;
import io.quorate.api.proto.LeaseKeepAliveResponse;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Renews leases over one stream. A virtual thread reads it, and opens another when it breaks; it
 * lives while there is a lease to keep. Each lease has a timer: a third of the TTL after an answer
 * it is renewed, and if the answer does not come within the TTL it is given up.
 *
 * <p>Thread-safe; the monitor is not held over I/O or callbacks.
 */
final class LeaseKeeper implements AutoCloseable {
    private static final long RECONNECT_MILLIS = 500;

    private static final System.Logger LOG = System.getLogger("io.quorate.api.client");

    private final Client client;
    private final Map<Long, List<Entry>> entries = new HashMap<>();
    private Optional<BidiStream<LeaseKeepAliveRequest, LeaseKeepAliveResponse>> stream =
            Optional.empty();
    private boolean running;
    private boolean closed;

    LeaseKeeper(Client client) {
        this.client = client;
    }

    static Status notFound() {
        return Status.NOT_FOUND.withDescription("etcdserver: requested lease not found");
    }

    LeaseKeepAlive keep(long id, Consumer<LeaseKeepAliveResponse> renewed) {
        Entry entry = new Entry(id, renewed);
        boolean start;
        synchronized (this) {
            if (closed) {
                throw Status.CANCELLED.withDescription("the client is closed").asRuntimeException();
            }
            entries.computeIfAbsent(id, key -> new ArrayList<>(1)).add(entry);
            start = !running;
            running = true;
        }
        if (start) {
            client.executor().execute(this::run);
        } else {
            entry.renew();
        }
        return entry;
    }

    private void run() {
        while (mayRun()) {
            try (var opened = client.open(LeaseGrpc.getLeaseKeepAliveMethod(), Duration.ZERO)) {
                List<Entry> all = opened(opened);
                all.forEach(Entry::renew);
                for (var answer = opened.next(); answer.isPresent(); answer = opened.next()) {
                    answered(answer.get());
                }
            } catch (StatusRuntimeException e) {
                if (halts(e.getStatus())) {
                    endAll(e);
                }
            }
            pause();
        }
    }

    /** Ends the thread when there is nothing to keep. */
    private synchronized boolean mayRun() {
        running = !closed && !entries.isEmpty();
        return running;
    }

    private static boolean halts(Status status) {
        return switch (status.getCode()) {
            case UNAUTHENTICATED, PERMISSION_DENIED, UNIMPLEMENTED, INVALID_ARGUMENT -> true;
            case OK,
                    CANCELLED,
                    UNKNOWN,
                    DEADLINE_EXCEEDED,
                    NOT_FOUND,
                    ALREADY_EXISTS,
                    RESOURCE_EXHAUSTED,
                    FAILED_PRECONDITION,
                    ABORTED,
                    OUT_OF_RANGE,
                    INTERNAL,
                    UNAVAILABLE,
                    DATA_LOSS ->
                    false;
        };
    }

    private synchronized List<Entry> opened(
            BidiStream<LeaseKeepAliveRequest, LeaseKeepAliveResponse> opened) {
        stream = Optional.of(opened);
        if (closed) {
            opened.close();
        }
        return all();
    }

    private List<Entry> all() {
        List<Entry> all = new ArrayList<>();
        entries.values().forEach(all::addAll);
        return all;
    }

    private void answered(LeaseKeepAliveResponse answer) {
        List<Entry> told;
        synchronized (this) {
            told = List.copyOf(entries.getOrDefault(answer.getID(), List.of()));
        }
        for (Entry entry : told) {
            entry.answered(answer);
        }
    }

    private synchronized void pause() {
        stream = Optional.empty();
        if (closed || entries.isEmpty()) {
            return;
        }
        try {
            wait(RECONNECT_MILLIS);
        } catch (InterruptedException e) {
            // Nobody interrupts this thread, and it has nothing to stop for.
            throw new AssertionError(e);
        }
    }

    private void endAll(StatusRuntimeException failure) {
        List<Entry> all;
        synchronized (this) {
            all = all();
        }
        all.forEach(entry -> entry.end(Optional.of(failure)));
    }

    private synchronized void remove(Entry entry) {
        List<Entry> same = entries.get(entry.id);
        if (same != null) {
            same.remove(entry);
            if (same.isEmpty()) {
                entries.remove(entry.id);
            }
        }
        if (entries.isEmpty()) {
            // Ends the reader's wait, and with it the thread.
            stream.ifPresent(BidiStream::close);
            notifyAll();
        }
    }

    @Override
    public void close() {
        List<Entry> all;
        synchronized (this) {
            closed = true;
            all = all();
            stream.ifPresent(BidiStream::close);
            notifyAll();
        }
        all.forEach(entry -> entry.end(Optional.empty()));
    }

    private final class Entry implements LeaseKeepAlive {
        private final long id;
        private final Consumer<LeaseKeepAliveResponse> renewed;
        private final CompletableFuture<Void> ended = new CompletableFuture<>();
        private long deadlineNanos;
        private Optional<Future<?>> timer = Optional.empty();

        Entry(long id, Consumer<LeaseKeepAliveResponse> renewed) {
            this.id = id;
            this.renewed = renewed;
            // The TTL is not known before the first answer; as etcd's client.
            long first = client.config().connectTimeout().plusSeconds(1).toNanos();
            this.deadlineNanos = System.nanoTime() + first;
            this.timer = schedule(first / 2);
        }

        @Override
        public long id() {
            return id;
        }

        @Override
        public CompletableFuture<Void> ended() {
            return ended.copy();
        }

        @Override
        public void close() {
            end(Optional.empty());
        }

        void renew() {
            Optional<BidiStream<LeaseKeepAliveRequest, LeaseKeepAliveResponse>> open;
            synchronized (LeaseKeeper.this) {
                open = stream;
            }
            open.ifPresent(s -> s.send(LeaseKeepAliveRequest.newBuilder().setID(id).build()));
        }

        void answered(LeaseKeepAliveResponse answer) {
            if (answer.getTTL() <= 0) {
                end(Optional.of(notFound().asRuntimeException()));
                return;
            }
            long ttl = TimeUnit.SECONDS.toNanos(answer.getTTL());
            synchronized (this) {
                deadlineNanos = System.nanoTime() + ttl;
                timer.ifPresent(t -> t.cancel(false));
                timer = schedule(ttl / 3);
            }
            try {
                renewed.accept(answer);
            } catch (RuntimeException e) {
                // The other leases must not suffer from this one's listener.
                LOG.log(System.Logger.Level.ERROR, "a listener to keepalives failed", e);
            }
        }

        private Optional<Future<?>> schedule(long nanos) {
            if (ended.isDone()) {
                return Optional.empty();
            }
            try {
                return Optional.of(
                        client.timer()
                                .schedule(
                                        () -> client.executor().execute(this::due),
                                        nanos,
                                        TimeUnit.NANOSECONDS));
            } catch (RejectedExecutionException e) {
                // The client was closed; close() ends this entry.
                return Optional.empty();
            }
        }

        /** A third of the TTL has passed since the last answer, or another third. */
        private void due() {
            long left;
            synchronized (this) {
                left = deadlineNanos - System.nanoTime();
            }
            if (left <= 0) {
                end(
                        Optional.of(
                                Status.DEADLINE_EXCEEDED
                                        .withDescription("no keepalive was answered within the TTL")
                                        .asRuntimeException()));
                return;
            }
            renew();
            synchronized (this) {
                // Half of what is left: asks again before the end, and not too often.
                timer = schedule(Math.max(left / 2, TimeUnit.MILLISECONDS.toNanos(200)));
            }
        }

        void end(Optional<StatusRuntimeException> failure) {
            boolean first =
                    failure.isPresent()
                            ? ended.completeExceptionally(failure.get())
                            : ended.complete(null);
            if (first) {
                synchronized (this) {
                    timer.ifPresent(t -> t.cancel(false));
                }
                remove(this);
            }
        }
    }
}
