package io.quorate.api.client;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.quorate.api.proto.WatchCreateRequest;
import io.quorate.api.proto.WatchGrpc;
import io.quorate.api.proto.WatchProgressRequest;
import io.quorate.api.proto.WatchRequest;
import io.quorate.api.proto.WatchResponse;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Changes of a range of keys, as they come. When the connection is lost the watch is made again at
 * another member, from the revision after the last one delivered, so that nothing is lost or comes
 * twice; an answer holds all of a revision's events or none of them.
 *
 * <p>Each watch has a stream of its own: one that is not read holds up the server's sending and
 * nobody else, with a bounded number of bytes on this side.
 *
 * <p>{@link #next} by one thread; {@link #close} and {@link #requestProgress} by any. There is no
 * thread behind it: a lost connection is noticed, and the watch resumed, by {@code next}.
 *
 * <pre>
 *   (open) --created--> running --events, progress--> running
 *      ^                   |
 *      +--- back off ------+ connection lost            running --canceled--> ended
 * </pre>
 */
public final class Watch implements AutoCloseable {
    private static final String NO_LEADER = "etcdserver: no leader";
    private static final String TOKEN_REFUSED = "etcdserver: invalid auth token";
    private static final String AUTH_CHANGED = "etcdserver: revision of auth store is old";

    private final Client client;
    private final WatchCreateRequest request;

    /** The revision to go on from; 0 until the server has told where "now" is. */
    private long nextRevision;

    private long watchId;
    private Optional<WatchResponse.Builder> fragments = Optional.empty();
    private boolean tokenRenewed;
    private boolean ended;

    // Guarded by the monitor.
    private BidiStream<WatchRequest, WatchResponse> stream;
    private boolean closed;

    /** Opens the watch; when this returns the server knows it. */
    Watch(Client client, WatchCreateRequest request) {
        this.client = client;
        this.request = request;
        this.nextRevision = request.getStartRevision();
        while (!open()) {
            // The token was renewed.
        }
    }

    /**
     * Waits for the next answer with events, or with progress if it was asked for: no events, and a
     * header whose revision says that everything up to it has been delivered.
     *
     * @return empty after {@link #close}
     * @throws WatchCanceledException once, when the server has ended the watch
     * @throws StatusRuntimeException when it cannot go on; CANCELLED after an interrupt
     */
    public Optional<WatchResponse> next() {
        for (int failures = 0; !ended; ) {
            Optional<WatchResponse> response;
            try {
                response = current().next();
                failures = 0;
            } catch (StatusRuntimeException e) {
                if (isClosed()) {
                    break;
                }
                resume(e, failures++);
                continue;
            }
            if (response.isEmpty()) {
                resume(Status.UNAVAILABLE.asRuntimeException(), failures++);
                continue;
            }
            Optional<WatchResponse> whole = accept(response.get());
            if (whole.isPresent()) {
                return whole;
            }
        }
        return Optional.empty();
    }

    /** Asks the server for a progress answer (WA-25); does nothing while reconnecting. */
    public void requestProgress() {
        BidiStream<WatchRequest, WatchResponse> open;
        synchronized (this) {
            open = stream;
        }
        open.send(
                WatchRequest.newBuilder()
                        .setProgressRequest(WatchProgressRequest.getDefaultInstance())
                        .build());
    }

    /** The revision the next event can have at least; 0 if not known yet. */
    public long nextRevision() {
        return nextRevision;
    }

    /** Empty when there is nothing to tell the caller. */
    private Optional<WatchResponse> accept(WatchResponse response) {
        if (response.getCanceled()) {
            ended = true;
            close();
            throw new WatchCanceledException(response);
        }
        if (response.getCreated()
                || response.getWatchId() != watchId && response.getWatchId() != -1) {
            return Optional.empty();
        }
        if (response.getEventsCount() == 0) {
            // Every event up to this revision has been sent before (WA-26).
            nextRevision = Math.max(nextRevision, response.getHeader().getRevision() + 1);
            return Optional.of(response);
        }
        WatchResponse whole = response;
        if (response.getFragment() || fragments.isPresent()) {
            WatchResponse.Builder gathered =
                    fragments.orElseGet(() -> response.toBuilder().clearEvents());
            gathered.addAllEvents(response.getEventsList());
            if (response.getFragment()) {
                fragments = Optional.of(gathered);
                return Optional.empty();
            }
            fragments = Optional.empty();
            whole = gathered.clearFragment().build();
        }
        // Not the header's revision: a catch-up batch may end before it.
        nextRevision = whole.getEvents(whole.getEventsCount() - 1).getKv().getModRevision() + 1;
        return Optional.of(whole);
    }

    private void resume(StatusRuntimeException failure, int failures) {
        requireTransient(failure);
        fragments = Optional.empty();
        for (int attempt = failures; ; attempt++) {
            if (attempt > 0) {
                backOff();
            }
            if (isClosed()) {
                return;
            }
            try {
                if (open()) {
                    return;
                }
            } catch (StatusRuntimeException e) {
                requireTransient(e);
            }
        }
    }

    /** As etcd's client: only what may be cured by another connection is tried again. */
    private void requireTransient(StatusRuntimeException failure) {
        Status.Code code = failure.getStatus().getCode();
        boolean cured = code == Status.Code.UNAVAILABLE || code == Status.Code.INTERNAL;
        boolean noLeader =
                client.config().requireLeader()
                        && NO_LEADER.equals(failure.getStatus().getDescription());
        if (!cured || noLeader) {
            ended = true;
            close();
            throw failure;
        }
    }

    private void backOff() {
        long mean = Math.max(1, client.config().retryBackoff().toMillis());
        long wait = Math.max(1, mean + ThreadLocalRandom.current().nextLong(-mean / 4, mean));
        synchronized (this) {
            try {
                if (!closed) {
                    wait(wait);
                }
            } catch (InterruptedException e) {
                closed = true;
                ended = true;
                Thread.currentThread().interrupt();
                throw Status.CANCELLED
                        .withDescription("interrupted")
                        .withCause(e)
                        .asRuntimeException();
            }
        }
    }

    /**
     * Opens a stream and waits until the server has created the watch on it.
     *
     * @return false when the token was refused and another try has sense
     */
    private boolean open() {
        var opened = client.open(WatchGrpc.getWatchMethod(), Duration.ZERO);
        synchronized (this) {
            stream = opened;
            if (closed) {
                opened.close();
                return true;
            }
        }
        opened.send(
                WatchRequest.newBuilder()
                        .setCreateRequest(request.toBuilder().setStartRevision(nextRevision))
                        .build());
        WatchResponse created =
                opened.next()
                        .orElseThrow(() ->
                                Status.UNAVAILABLE
                                        .withDescription("the watch was not created")
                                        .asRuntimeException());
        if (created.getCanceled()) {
            opened.close();
            if (!tokenRenewed && tokenRefused(created.getCancelReason())) {
                tokenRenewed = true;
                client.tokenRefused();
                return false;
            }
            ended = true;
            throw new WatchCanceledException(created);
        }
        tokenRenewed = false;
        watchId = created.getWatchId();
        if (nextRevision == 0) {
            nextRevision = created.getHeader().getRevision() + 1;
        }
        return true;
    }

    private boolean tokenRefused(String reason) {
        return client.config().credentials().isPresent()
                && (reason.endsWith(TOKEN_REFUSED) || reason.endsWith(AUTH_CHANGED));
    }

    private synchronized BidiStream<WatchRequest, WatchResponse> current() {
        return stream;
    }

    private synchronized boolean isClosed() {
        return closed;
    }

    /** Ends the watch; a waiting {@link #next} returns empty. Harmless when repeated. */
    @Override
    public void close() {
        BidiStream<WatchRequest, WatchResponse> open;
        synchronized (this) {
            closed = true;
            open = stream;
            notifyAll();
        }
        if (open != null) {
            open.close();
        }
    }
}
