package io.quorate.engine.grpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import com.google.protobuf.ByteString;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.quorate.api.proto.WatchCancelRequest;
import io.quorate.api.proto.WatchCreateRequest;
import io.quorate.api.proto.WatchGrpc;
import io.quorate.api.proto.WatchProgressRequest;
import io.quorate.api.proto.WatchRequest;
import io.quorate.api.proto.WatchResponse;
import io.quorate.api.proto.mvcc.Event;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** One watch call of a client that takes as many messages as it is told to. */
final class WatchClient implements AutoCloseable {
    private static final long SECONDS_MAX = 30;

    final CompletableFuture<Status> ended = new CompletableFuture<>();
    private final BlockingQueue<WatchResponse> received = new LinkedBlockingQueue<>();
    private final ClientCall<WatchRequest, WatchResponse> call;

    /** Takes all that comes. */
    WatchClient(ManagedChannel channel) {
        this(channel, new Metadata(), Integer.MAX_VALUE);
    }

    /**
     * @param messages how many to take until {@link #take(int)}
     */
    WatchClient(ManagedChannel channel, Metadata metadata, int messages) {
        call = channel.newCall(WatchGrpc.getWatchMethod(), CallOptions.DEFAULT);
        call.start(
                new ClientCall.Listener<>() {
                    @Override
                    public void onMessage(WatchResponse message) {
                        received.add(message);
                    }

                    @Override
                    public void onClose(Status status, Metadata trailers) {
                        ended.complete(status);
                    }
                },
                metadata);
        if (messages > 0) {
            call.request(messages);
        }
    }

    void take(int messages) {
        call.request(messages);
    }

    void create(WatchCreateRequest.Builder request) {
        call.sendMessage(WatchRequest.newBuilder().setCreateRequest(request).build());
    }

    void create(String key) {
        create(key(key));
    }

    static WatchCreateRequest.Builder key(String key) {
        return WatchCreateRequest.newBuilder().setKey(ByteString.copyFromUtf8(key));
    }

    static WatchCreateRequest.Builder range(String key, String end) {
        return key(key).setRangeEnd(ByteString.copyFromUtf8(end));
    }

    void cancel(long id) {
        call.sendMessage(
                WatchRequest.newBuilder()
                        .setCancelRequest(WatchCancelRequest.newBuilder().setWatchId(id))
                        .build());
    }

    void requestProgress() {
        call.sendMessage(
                WatchRequest.newBuilder()
                        .setProgressRequest(WatchProgressRequest.getDefaultInstance())
                        .build());
    }

    void send(WatchRequest request) {
        call.sendMessage(request);
    }

    void halfClose() {
        call.halfClose();
    }

    WatchResponse next() {
        try {
            WatchResponse message = received.poll(SECONDS_MAX, TimeUnit.SECONDS);
            assertNotNull(message, () -> "no message; the call: " + ended.getNow(null));
            return message;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** The next message, such as {@code 0 created @1}. */
    String read() {
        return text(next());
    }

    void reads(String... expected) {
        for (String each : expected) {
            assertEquals(each, read());
        }
    }

    Status end() {
        return ended.orTimeout(SECONDS_MAX, TimeUnit.SECONDS).join();
    }

    static String text(WatchResponse message) {
        StringBuilder text = new StringBuilder().append(message.getWatchId());
        if (message.getCreated()) {
            text.append(" created");
        }
        if (message.getCanceled()) {
            text.append(" canceled");
        }
        if (message.getCompactRevision() != 0) {
            text.append(" compacted ").append(message.getCompactRevision());
        }
        text.append(" @").append(message.getHeader().getRevision());
        if (message.getFragment()) {
            text.append(" more");
        }
        if (!message.getCancelReason().isEmpty()) {
            text.append(": ").append(message.getCancelReason());
        }
        if (message.getEventsCount() > 0) {
            text.append(
                    message.getEventsList().stream()
                            .map(WatchClient::text)
                            .collect(Collectors.joining(", ", ": ", "")));
        }
        return text.toString();
    }

    private static String text(Event event) {
        String change =
                event.getType()
                        + " "
                        + event.getKv().getKey().toStringUtf8()
                        + "="
                        + event.getKv().getValue().toStringUtf8()
                        + " "
                        + event.getKv().getModRevision();
        return event.hasPrevKv()
                ? change + " was " + event.getPrevKv().getValue().toStringUtf8()
                : change;
    }

    @Override
    public void close() {
        call.cancel("the test ends", null);
    }
}
