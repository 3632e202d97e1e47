package io.quorate.engine.grpc;

import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import io.quorate.api.grpc.SendBatch;
import io.quorate.api.proto.WatchCreateRequest;
import io.quorate.api.proto.WatchCreateRequest.FilterType;
import io.quorate.api.proto.WatchRequest;
import io.quorate.api.proto.WatchResponse;
import io.quorate.engine.state.EtcdError;
import io.quorate.engine.state.WatchHub;
import io.quorate.engine.state.WatchMessage;
import io.quorate.engine.state.WatchQuery;
import io.quorate.engine.state.WatchStream;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledFuture;

/**
 * One watch call: requests in, the messages of a {@link WatchStream} out.
 *
 * <p>gRPC's callbacks handle requests and never wait. All sending is in {@link #send}, which runs
 * on a thread of its own, one at a time, when there are messages and the client takes them: a slow
 * client is not sent to, its messages wait in the stream, which bounds them. What was there at once
 * leaves at once ({@link SendBatch}).
 *
 * <p>A client that ends its requests is still told of its watches, as etcd does it; the call ends
 * when the client cancels it, its connection ends, or the server stops (WA-31).
 */
final class WatchCall extends ServerCall.Listener<WatchRequest> {
    /** Answers that wait, above which no further request is read. */
    private static final int BACKLOG_MAX = 1000;

    private static final byte[] SMALLEST_KEY = {0};

    private final WatchService service;
    private final ServerCall<WatchRequest, WatchAnswer> call;
    private final WatchStream stream;
    private final SerialTask sending;

    /** Why the server ends the call; null while it goes on. */
    private volatile Status end;

    private volatile boolean requestsHeld;
    private volatile boolean tickDue;

    // Touched by send() only.
    private boolean headersSent;
    private boolean ended;
    private ScheduledFuture<?> ticks;

    /** Watches that want progress; true when nothing was sent since the last tick (WA-24). */
    private final Map<Long, Boolean> quiet = new HashMap<>();

    WatchCall(WatchService service, WatchHub watches, ServerCall<WatchRequest, WatchAnswer> call) {
        this.service = service;
        this.call = call;
        this.sending = new SerialTask(service.executor(), this::send);
        this.stream = watches.open(sending::wish);
        call.request(1);
    }

    @Override
    public void onMessage(WatchRequest request) {
        switch (request.getRequestUnionCase()) {
            case CREATE_REQUEST -> {
                WatchCreateRequest create = request.getCreateRequest();
                create(create.getWatchId(), query(create));
            }
            case CANCEL_REQUEST -> stream.cancel(request.getCancelRequest().getWatchId());
            case PROGRESS_REQUEST -> stream.requestProgress();
            case REQUESTUNION_NOT_SET -> {
                // As etcd: a request of a kind that this release does not know is passed over.
            }
        }
        if (stream.backlog() < BACKLOG_MAX) {
            call.request(1);
        } else {
            requestsHeld = true;
            sending.wish();
        }
    }

    /** WA-29, WA-30: who may not read the range is told so in the stream, which goes on. */
    private void create(long watchId, WatchQuery query) {
        // With such a revision it is refused whoever asks.
        if (query.startRevision() >= 0) {
            try {
                byte[] key = query.key().length == 0 ? SMALLEST_KEY : query.key();
                service.callers
                        .auth()
                        .requireRead(service.callers.current(), key, query.rangeEnd());
            } catch (RuntimeException refusal) {
                stream.refuse(reason(Failures.status(refusal)));
                return;
            }
        }
        stream.create(watchId, query);
    }

    /** As Go writes a status; clients look for the text. */
    private static String reason(Status status) {
        return switch (status.getCode()) {
            case UNAUTHENTICATED ->
                    "rpc error: code = Unauthenticated desc = " + status.getDescription();
            case INVALID_ARGUMENT ->
                    "rpc error: code = InvalidArgument desc = " + status.getDescription();
            default ->
                    "rpc error: code = PermissionDenied desc = "
                            + EtcdError.PERMISSION_DENIED.text();
        };
    }

    private static WatchQuery query(WatchCreateRequest request) {
        List<FilterType> filters = request.getFiltersList();
        return new WatchQuery(
                Bytes.of(request.getKey()),
                Bytes.of(request.getRangeEnd()),
                request.getStartRevision(),
                filters.contains(FilterType.NOPUT),
                filters.contains(FilterType.NODELETE),
                request.getPrevKv(),
                request.getProgressNotify(),
                request.getFragment());
    }

    @Override
    public void onReady() {
        sending.wish();
    }

    /** The client is gone, or does not want to hear more. */
    @Override
    public void onCancel() {
        end(Failures.status(EtcdError.WATCH_CANCELED));
    }

    /** The call has ended, by {@link #finish} or, for the want of a leader, by others (GS-09). */
    @Override
    public void onComplete() {
        end(Failures.status(EtcdError.WATCH_CANCELED));
    }

    /** Ends the call, whatever waits; any thread. The first reason counts. */
    private void end(Status reason) {
        if (end == null) {
            end = reason;
        }
        sending.wish();
    }

    private void send() {
        if (ended) {
            return;
        }
        SendBatch.run(this::sendWhatIsThere);
        if (end != null) {
            finish();
        } else if (requestsHeld && stream.backlog() < BACKLOG_MAX) {
            requestsHeld = false;
            call.request(1);
        }
    }

    private void sendWhatIsThere() {
        try {
            if (tickDue && call.isReady()) {
                tickDue = false;
                requestProgress();
            }
            while (end == null && call.isReady()) {
                WatchMessage message = stream.next();
                if (message == null) {
                    return;
                }
                send(message);
            }
        } catch (RuntimeException failure) {
            end(Failures.status(failure));
        }
    }

    private void finish() {
        ended = true;
        stream.close();
        if (ticks != null) {
            ticks.cancel(false);
        }
        // Of a call that the client has ended this is only counted.
        call.close(end, new Metadata());
    }

    private void send(WatchMessage message) {
        long start = System.nanoTime();
        switch (message) {
            case WatchMessage.Created created -> {
                if (created.query().progressNotify()) {
                    startTicks();
                    quiet.put(created.watchId(), true);
                }
                control(
                        created.revision(),
                        WatchResponse.newBuilder().setWatchId(created.watchId()).setCreated(true),
                        start);
            }
            case WatchMessage.Refused(var revision, var reason) ->
                    control(
                            revision,
                            WatchResponse.newBuilder()
                                    .setWatchId(WatchStream.ALL)
                                    .setCreated(true)
                                    .setCanceled(true)
                                    .setCancelReason(reason),
                            start);
            case WatchMessage.Canceled(var id, var revision) -> {
                quiet.remove(id);
                control(
                        revision,
                        WatchResponse.newBuilder().setWatchId(id).setCanceled(true),
                        start);
            }
            case WatchMessage.Compacted(var id, var compactRevision) -> {
                quiet.remove(id);
                // WA-10: the header tells no revision.
                control(
                        0,
                        WatchResponse.newBuilder()
                                .setWatchId(id)
                                .setCanceled(true)
                                .setCompactRevision(compactRevision),
                        start);
            }
            case WatchMessage.Progress(var id, var revision) ->
                    control(revision, WatchResponse.newBuilder().setWatchId(id), start);
            case WatchMessage.Events events -> events(events, start);
            case WatchMessage.Closed closed -> end(Failures.status(EtcdError.STOPPED));
        }
    }

    private void control(long revision, WatchResponse.Builder fields, long start) {
        answer(WatchAnswer.of(service.answers.header(revision), fields));
        service.timings.control.observeNanos(System.nanoTime() - start);
    }

    private void events(WatchMessage.Events message, long start) {
        WatchResponse head =
                WatchResponse.newBuilder()
                        .setHeader(service.answers.header(message.revision()))
                        .setWatchId(message.watchId())
                        .build();
        var answer = new WatchAnswer(head, false, message.events(), message.previous());
        if (message.query().fragment()) {
            answer.fragments(service.fragmentBytes).forEach(this::answer);
        } else {
            answer(answer);
        }
        quiet.computeIfPresent(message.watchId(), (id, was) -> false);
        long nanos = System.nanoTime() - start;
        service.timings.events.observeNanos(nanos);
        service.timings.perEvent.observeNanos(nanos / message.events().size());
    }

    private void answer(WatchAnswer answer) {
        if (!headersSent) {
            headersSent = true;
            call.sendHeaders(new Metadata());
        }
        call.sendMessage(answer);
    }

    private void startTicks() {
        if (ticks == null) {
            ticks =
                    service.everyProgressInterval(() -> {
                        tickDue = true;
                        sending.wish();
                    });
        }
    }

    private void requestProgress() {
        long start = System.nanoTime();
        for (Map.Entry<Long, Boolean> watch : quiet.entrySet()) {
            if (watch.getValue()) {
                stream.requestProgress(watch.getKey());
            }
            watch.setValue(true);
        }
        service.timings.progress.observeNanos(System.nanoTime() - start);
    }
}
