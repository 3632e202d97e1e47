package io.quorate.checks;

import com.google.protobuf.ByteString;

import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.quorate.api.proto.WatchCreateRequest;
import io.quorate.api.proto.WatchProgressRequest;
import io.quorate.api.proto.WatchRequest;
import io.quorate.api.proto.WatchResponse;
import io.quorate.api.proto.mvcc.Event;
import io.quorate.engine.checker.WatchValidator.Asked;
import io.quorate.engine.checker.WatchValidator.Bookmark;
import io.quorate.engine.checker.WatchValidator.Message;
import io.quorate.engine.checker.WatchValidator.Seen;
import io.quorate.engine.checker.WatchValidator.Told;
import io.quorate.engine.checker.WatchValidator.Watched;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * One watch that is made again whenever its call ends, from the revision after the last that it was
 * told of, and a record of all of it. It takes a message from the connection only when it may, so
 * that one that is {@link Gate held} is a client that does not read.
 */
final class WatchFollower implements Runnable {
    private static final long SECONDS_MAX = 120;
    private static final long PROGRESS_MILLIS = 100;

    /**
     * What is watched.
     *
     * @param key and {@code end}: the range; an empty end is the key alone
     * @param start 1 or more
     */
    record Wish(
            String name,
            String key,
            String end,
            long start,
            boolean puts,
            boolean deletes,
            boolean previous,
            boolean fragments) {
        private boolean covers(String one) {
            return end.isEmpty()
                    ? one.equals(key)
                    : one.compareTo(key) >= 0 && one.compareTo(end) < 0;
        }
    }

    /** Holds readers back. Any thread. */
    static final class Gate {
        private boolean open = true;

        synchronized void set(boolean open) {
            this.open = open;
            notifyAll();
        }

        private synchronized void pass() throws InterruptedException {
            while (!open) wait();
        }
    }

    private final Member member;
    private final Wish wish;
    private final Gate gate;
    private final AtomicLong next;
    private final List<Watched> parts = new ArrayList<>();
    private volatile long until = Long.MAX_VALUE;

    WatchFollower(Member member, Wish wish, Gate gate) {
        this.member = member;
        this.wish = wish;
        this.gate = gate;
        this.next = new AtomicLong(wish.start);
    }

    String name() {
        return wish.name;
    }

    /** Lets it end once it was told of all up to this revision. */
    void until(long revision) {
        until = revision;
    }

    /** The first revision that it was not told of. */
    long next() {
        return next.get();
    }

    /** Its calls, one after the other; to be read after its end. */
    List<Watched> parts() {
        return parts;
    }

    @Override
    public void run() {
        try {
            while (next.get() <= until) followOneCall();
        } catch (InterruptedException e) {
            // Its client is gone.
        }
    }

    private void followOneCall() throws InterruptedException {
        List<Told> told = new ArrayList<>();
        long start = next.get();
        Asked asked = new Asked(wish::covers, start, wish.puts, wish.deletes, wish.previous);
        parts.add(new Watched(asked, told));
        try (EtcdClient client = new EtcdClient(member)) {
            Call call = new Call();
            client.watch.withWaitForReady().watch(call);
            call.requests.onNext(creation(start));
            List<Seen> fragments = new ArrayList<>();
            while (next.get() <= until) {
                gate.pass();
                Optional<WatchResponse> message = call.take();
                if (message.isEmpty()) return;
                take(message.get(), fragments, told);
            }
        }
    }

    private WatchRequest creation(long start) {
        WatchCreateRequest.Builder create =
                WatchCreateRequest.newBuilder()
                        .setKey(ByteString.copyFromUtf8(wish.key))
                        .setRangeEnd(ByteString.copyFromUtf8(wish.end))
                        .setStartRevision(start)
                        .setPrevKv(wish.previous)
                        .setFragment(wish.fragments)
                        .setProgressNotify(true);
        if (!wish.puts) create.addFilters(WatchCreateRequest.FilterType.NOPUT);
        if (!wish.deletes) create.addFilters(WatchCreateRequest.FilterType.NODELETE);
        return WatchRequest.newBuilder().setCreateRequest(create).build();
    }

    private void take(WatchResponse message, List<Seen> fragments, List<Told> told) {
        if (message.getCanceled()) {
            throw new AssertionError(wish.name + " was canceled: " + message);
        }
        if (message.getCreated()) return;
        long revision = message.getHeader().getRevision();
        if (message.getEventsCount() == 0) {
            told.add(new Bookmark(revision));
            next.accumulateAndGet(revision + 1, Math::max);
            return;
        }
        for (Event event : message.getEventsList()) fragments.add(WatchClient.seen(event));
        if (message.getFragment()) return;
        told.add(new Message(revision, List.copyOf(fragments)));
        next.set(fragments.getLast().revision() + 1);
        fragments.clear();
    }

    /** A call whose messages stay in the connection until they are taken. */
    private static final class Call implements ClientResponseObserver<WatchRequest, WatchResponse> {
        private final LinkedBlockingQueue<Optional<WatchResponse>> arrived =
                new LinkedBlockingQueue<>();
        private ClientCallStreamObserver<WatchRequest> requests;
        private boolean asked;

        @Override
        public void beforeStart(ClientCallStreamObserver<WatchRequest> stream) {
            requests = stream;
            stream.disableAutoRequestWithInitial(0);
        }

        /** The next message, empty when the call is over; asks for progress while none comes. */
        Optional<WatchResponse> take() throws InterruptedException {
            if (!asked) requests.request(1);
            asked = true;
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS_MAX);
            while (true) {
                Optional<WatchResponse> message =
                        arrived.poll(PROGRESS_MILLIS, TimeUnit.MILLISECONDS);
                if (message != null) {
                    asked = false;
                    return message;
                }
                if (System.nanoTime() > deadline) throw new AssertionError("no message comes");
                var progress = WatchProgressRequest.getDefaultInstance();
                requests.onNext(WatchRequest.newBuilder().setProgressRequest(progress).build());
            }
        }

        @Override
        public void onNext(WatchResponse message) {
            arrived.add(Optional.of(message));
        }

        @Override
        public void onError(Throwable failure) {
            arrived.add(Optional.empty());
        }

        @Override
        public void onCompleted() {
            arrived.add(Optional.empty());
        }
    }
}
