package io.quorate.checks;

import com.google.protobuf.ByteString;

import io.grpc.stub.StreamObserver;
import io.quorate.api.proto.WatchCancelRequest;
import io.quorate.api.proto.WatchCreateRequest;
import io.quorate.api.proto.WatchProgressRequest;
import io.quorate.api.proto.WatchRequest;
import io.quorate.api.proto.WatchResponse;
import io.quorate.api.proto.mvcc.Event;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** One watch call to a server, and all that came on it. */
final class WatchCall implements AutoCloseable {
    private static final long SECONDS_MAX = 120;

    private final StreamObserver<WatchRequest> requests;

    /** Guarded by this, as is the next. */
    private final List<WatchResponse> received = new ArrayList<>();

    private Throwable ended;

    WatchCall(EtcdClient client) {
        requests =
                client.watch
                        .withWaitForReady()
                        .watch(
                                new StreamObserver<>() {
                                    @Override
                                    public void onNext(WatchResponse message) {
                                        add(message);
                                    }

                                    @Override
                                    public void onError(Throwable failure) {
                                        end(failure);
                                    }

                                    @Override
                                    public void onCompleted() {
                                        end(new IllegalStateException("the server ended the call"));
                                    }
                                });
    }

    static WatchCreateRequest.Builder key(String key) {
        return WatchCreateRequest.newBuilder().setKey(ByteString.copyFromUtf8(key));
    }

    static WatchCreateRequest.Builder range(String key, String end) {
        return key(key).setRangeEnd(ByteString.copyFromUtf8(end));
    }

    private synchronized void add(WatchResponse message) {
        received.add(message);
        notifyAll();
    }

    private synchronized void end(Throwable failure) {
        ended = failure;
        notifyAll();
    }

    WatchCall create(WatchCreateRequest.Builder request) {
        requests.onNext(WatchRequest.newBuilder().setCreateRequest(request).build());
        return this;
    }

    void cancel(long id) {
        var cancel = WatchCancelRequest.newBuilder().setWatchId(id);
        requests.onNext(WatchRequest.newBuilder().setCancelRequest(cancel).build());
    }

    private void requestProgress() {
        var progress = WatchProgressRequest.getDefaultInstance();
        requests.onNext(WatchRequest.newBuilder().setProgressRequest(progress).build());
    }

    synchronized List<WatchResponse> received() {
        return List.copyOf(received);
    }

    /** Whether the call is over. */
    synchronized boolean ended() {
        return ended != null;
    }

    /** Waits for a message of this kind; false when the call ends before. */
    synchronized boolean await(Predicate<WatchResponse> kind) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS_MAX);
        try {
            while (received.stream().noneMatch(kind)) {
                if (ended != null) return false;
                long left = deadline - System.nanoTime();
                if (left <= 0)
                    throw new AssertionError("not among " + received.size() + " messages");
                TimeUnit.NANOSECONDS.timedWait(this, left);
            }
            return true;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /**
     * Waits until the server says that it has told all up to a revision, or ends the watch. A
     * server that is not that far does not answer, so it is asked again and again.
     */
    void awaitProgress(long revision) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS_MAX);
        while (!reached(revision)) {
            if (ended()) throw new AssertionError("the call ended", ended);
            if (System.nanoTime() > deadline) throw new AssertionError("no progress");
            requestProgress();
            pause();
        }
    }

    private synchronized void pause() {
        try {
            wait(20);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private boolean reached(long revision) {
        return received().stream()
                .anyMatch(message ->
                        message.getCanceled()
                                || isProgress(message)
                                        && message.getHeader().getRevision() >= revision);
    }

    static boolean isProgress(WatchResponse message) {
        return message.getWatchId() == -1 && !message.getCreated();
    }

    /** All events, in the order in which they came. */
    List<Event> events() {
        return received().stream().flatMap(message -> message.getEventsList().stream()).toList();
    }

    @Override
    public void close() {
        if (!ended()) requests.onError(new IllegalStateException("the test has seen enough"));
    }
}
