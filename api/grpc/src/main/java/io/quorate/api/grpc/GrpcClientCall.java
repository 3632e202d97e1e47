package io.quorate.api.grpc;

import io.grpc.Attributes;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Codec;
import io.grpc.Compressor;
import io.grpc.CompressorRegistry;
import io.grpc.Deadline;
import io.grpc.Decompressor;
import io.grpc.DecompressorRegistry;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusException;

import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * One call: an {@code io.grpc.ClientCall} on an HTTP/2 stream.
 *
 * <p>Listener callbacks run one after another in {@link #run}, on a thread of the executor that
 * lives only while there is something to tell. What happened is noted under the monitor by whoever
 * learns it (reader, timer, caller) and told in this order:
 *
 * <pre>
 *   headers -> ready | message -> ... -> close
 * </pre>
 *
 * Messages that came before the status are delivered before it, as far as they have been requested
 * when the call failed, and all of them when the server has ended it.
 *
 * <p>A method with one request sends nothing before {@code halfClose}, so that all of it leaves in
 * one write.
 *
 * <p>Lock order: {@link Outbound}'s lock, then this monitor; nothing is called with the monitor
 * held.
 */
final class GrpcClientCall<Q, S> extends ClientCall<Q, S>
        implements Runnable, OutboundStream.Events {
    private static final System.Logger LOG = System.getLogger("io.quorate.api.grpc");

    private enum Step {
        HEADERS,
        READY,
        MESSAGE,
        CLOSE,
        REST
    }

    private final GrpcClientConnection connection;
    private final MethodDescriptor<Q, S> method;
    private final CallOptions options;
    private final Executor executor;
    private final OutboundStream out;
    private final InboundMessages in;
    private final int maxMessage;
    private final boolean oneRequest;

    private Listener<S> listener;
    private Compressor compressor = Codec.Identity.NONE;
    private boolean compressMessages = true;
    private boolean halfClosed;
    private volatile Decompressor decompressor = Codec.Identity.NONE;

    private volatile boolean creditQueued;

    // Guarded by the monitor.
    private boolean started;
    private boolean running;
    private boolean told;
    private boolean ready;
    private boolean headersSeen;
    private Metadata headers;
    private Metadata trailers = new Metadata();
    private Status status;
    private boolean byServer;
    private Future<?> deadlineTimer;

    GrpcClientCall(
            GrpcClientConnection connection, MethodDescriptor<Q, S> method, CallOptions options) {
        this.connection = connection;
        this.method = method;
        this.options = options;
        this.executor =
                options.getExecutor() == null ? connection.executor() : options.getExecutor();
        this.out = connection.outbound().prepare(this);
        Integer max = options.getMaxInboundMessageSize();
        this.maxMessage = max == null ? connection.settings().maxMessageBytes() : max;
        this.in = connection.inbound(maxMessage, this::credit);
        this.oneRequest = method.getType().clientSendsOneMessage();
    }

    private void credit(int increment) {
        connection.outbound().urgent(Frames.windowUpdate(out.id, increment));
        creditQueued = true;
    }

    OutboundStream out() {
        return out;
    }

    // ---- io.grpc.ClientCall

    @Override
    public void start(Listener<S> responses, Metadata metadata) {
        synchronized (this) {
            if (started) {
                throw new IllegalStateException("the call has been started");
            }
            started = true;
        }
        listener = responses;
        Deadline deadline = options.getDeadline();
        OptionalLong timeout = OptionalLong.empty();
        if (deadline != null) {
            long left = deadline.timeRemaining(TimeUnit.NANOSECONDS);
            if (left <= 0) {
                close(deadlineExceeded(), new Metadata(), false);
                return;
            }
            timeout = OptionalLong.of(left);
        }
        String encoding = options.getCompressor();
        if (encoding != null) {
            compressor = CompressorRegistry.getDefaultInstance().lookupCompressor(encoding);
            if (compressor == null) {
                compressor = Codec.Identity.NONE;
                close(
                        Status.INTERNAL.withDescription("no compressor named " + encoding),
                        new Metadata(),
                        false);
                return;
            }
        }
        String authority =
                options.getAuthority() == null ? connection.authority() : options.getAuthority();
        byte[] block =
                CallHeaders.request(
                        connection.tls(),
                        authority,
                        method.getFullMethodName(),
                        connection.settings().userAgent(),
                        timeout,
                        compressor.getMessageEncoding(),
                        metadata);
        synchronized (this) {
            ready = !oneRequest;
        }
        if (!connection.start(this, block)) {
            close(connection.unusable(), new Metadata(), false);
            return;
        }
        timeout.ifPresent(this::startTimer);
        if (!oneRequest) {
            connection.flush();
        }
        signal();
    }

    private void startTimer(long nanos) {
        Future<?> timer = connection.later(this::deadlinePassed, nanos);
        boolean late;
        synchronized (this) {
            deadlineTimer = timer;
            late = status != null;
        }
        if (late) {
            timer.cancel(false);
        }
    }

    private static Status deadlineExceeded() {
        // The words of Go's context, which etcd's clients print.
        return Status.DEADLINE_EXCEEDED.withDescription("context deadline exceeded");
    }

    private void deadlinePassed() {
        close(deadlineExceeded(), new Metadata(), false);
        connection.outbound().flushLater();
    }

    @Override
    public void request(int messages) {
        if (messages < 0) {
            throw new IllegalArgumentException("request(" + messages + "), at least 0");
        }
        if (messages > 0) {
            in.request(messages);
            flushCredit();
            signal();
        }
    }

    /** Only if there is some: a request not yet whole must not be torn into two writes. */
    private void flushCredit() {
        if (creditQueued) {
            creditQueued = false;
            connection.outbound().flushLater();
        }
    }

    @Override
    public void sendMessage(Q message) {
        if (halfClosed) {
            throw new IllegalStateException("the call is half-closed");
        }
        byte[] framed =
                compressor == Codec.Identity.NONE || !compressMessages
                        ? MessageCodec.frame(method.getRequestMarshaller(), message)
                        : MessageCodec.frame(method.getRequestMarshaller(), message, compressor);
        Integer max = options.getMaxOutboundMessageSize();
        int limit = max == null ? connection.settings().maxSendBytes() : max;
        int size = framed.length - MessageCodec.PREFIX_BYTES;
        if (size > limit) {
            // grpc-go's words: what etcd's clients print (GS-04).
            close(
                    Status.RESOURCE_EXHAUSTED.withDescription(
                            "trying to send message larger than max ("
                                    + size
                                    + " vs. "
                                    + limit
                                    + ")"),
                    new Metadata(),
                    false);
            return;
        }
        connection.outbound().offer(out, null, framed, null);
        if (!oneRequest) {
            connection.flush();
        }
    }

    @Override
    public void halfClose() {
        if (halfClosed) {
            throw new IllegalStateException("the call is half-closed already");
        }
        halfClosed = true;
        connection.outbound().endAfterMessages(out);
        connection.flush();
    }

    @Override
    public void cancel(String message, Throwable cause) {
        Status cancelled = Status.CANCELLED.withCause(cause);
        close(
                message == null ? cancelled : cancelled.withDescription(message),
                new Metadata(),
                false);
        // Not by this thread, which may be one that must not block.
        connection.outbound().flushLater();
    }

    @Override
    public boolean isReady() {
        return connection.outbound().isReady(out);
    }

    @Override
    public void setMessageCompression(boolean enabled) {
        compressMessages = enabled;
    }

    @Override
    public Attributes getAttributes() {
        return Attributes.EMPTY;
    }

    // ---- what the connection tells

    @Override
    public void opened(int id) {
        connection.opened(this, id);
    }

    @Override
    public void writable() {
        synchronized (this) {
            ready = true;
        }
        // Not under the outbound's lock, which is held here.
        connection.executor().execute(this::signal);
    }

    @Override
    public void finished() {
        // The request has left whole; the call ends with the response.
    }

    void headers(ReceivedHeaders received, boolean last) {
        if (received.tooLarge()) {
            lost(Status.INTERNAL.withDescription("response headers larger than allowed"));
            return;
        }
        if (received.malformedResponse()) {
            lost(Status.INTERNAL.withDescription("malformed response headers"));
            return;
        }
        if (received.status().startsWith("1") && !last) {
            return;
        }
        Metadata metadata;
        try {
            metadata = CallHeaders.metadata(received);
        } catch (IllegalArgumentException e) {
            lost(Status.INTERNAL.withDescription("malformed header: " + e.getMessage()));
            return;
        }
        if (last) {
            trailers(received, metadata);
        } else {
            responseHead(received, metadata);
        }
    }

    private void responseHead(ReceivedHeaders received, Metadata metadata) {
        if (!received.status().equals("200") || !received.grpcContentType()) {
            lost(CallHeaders.httpStatus(received.status(), received.first("content-type")));
            return;
        }
        String encoding = received.first(CallHeaders.ENCODING);
        if (!encoding.isEmpty() && !encoding.equals("identity")) {
            Decompressor found =
                    DecompressorRegistry.getDefaultInstance().lookupDecompressor(encoding);
            if (found == null) {
                lost(
                        Status.INTERNAL.withDescription(
                                "grpc: Decompressor is not installed for grpc-encoding \""
                                        + encoding
                                        + '"'));
                return;
            }
            decompressor = found;
        }
        synchronized (this) {
            if (headersSeen) {
                return;
            }
            headersSeen = true;
            headers = metadata;
        }
        signal();
    }

    private void trailers(ReceivedHeaders received, Metadata metadata) {
        in.end();
        Status end;
        if (!received.first(CallHeaders.STATUS).isEmpty()) {
            end = CallHeaders.status(received);
        } else if (received.status().isEmpty() || received.status().equals("200")) {
            end = CallHeaders.status(received);
        } else {
            end = CallHeaders.httpStatus(received.status(), received.first("content-type"));
        }
        if (end.isOk() && in.truncated()) {
            end = Status.INTERNAL.withDescription("the response ended in the middle of a message");
        }
        close(end, metadata, true);
    }

    void data(byte[] bytes, int offset, int length, int flowBytes, boolean last)
            throws ConnectionException {
        Optional<Status> broken = in.data(bytes, offset, length, flowBytes);
        if (broken.isPresent()) {
            lost(broken.get());
        } else if (last) {
            lost(Status.INTERNAL.withDescription("the server ended the stream without trailers"));
        } else {
            signal();
        }
    }

    void reset(int code) {
        in.end();
        String text = "stream terminated by RST_STREAM with error code: " + ErrorCode.name(code);
        Status end =
                switch (code) {
                    case 7 -> NotProcessedException.status(text); // REFUSED_STREAM
                    case 8 -> Status.CANCELLED.withDescription(text);
                    case 11 -> Status.RESOURCE_EXHAUSTED.withDescription(text);
                    case 12 -> Status.PERMISSION_DENIED.withDescription(text);
                    default -> Status.INTERNAL.withDescription(text);
                };
        close(end, new Metadata(), true);
    }

    /** The call cannot go on; the server is told, if it is still there. */
    void lost(Status reason) {
        in.end();
        close(reason, new Metadata(), false);
    }

    /** The first reason counts. */
    private void close(Status reason, Metadata metadata, boolean serverEnded) {
        Future<?> timer;
        synchronized (this) {
            if (status != null) {
                return;
            }
            status = reason;
            trailers = metadata;
            byServer = serverEnded;
            timer = deadlineTimer;
        }
        if (timer != null) {
            timer.cancel(false);
        }
        if (reason.getCode() == Status.Code.CANCELLED && !serverEnded) {
            in.discard();
        }
        connection.outbound().release(out, !serverEnded, ErrorCode.CANCEL);
        connection.ended(this);
        signal();
    }

    // ---- the callbacks

    private void signal() {
        synchronized (this) {
            if (running || peek() == Step.REST) {
                return;
            }
            running = true;
        }
        executor.execute(this);
    }

    @Override
    public void run() {
        for (Step step = next(); step != Step.REST; step = next()) {
            perform(step);
        }
        flushCredit();
    }

    private synchronized Step next() {
        Step step = peek();
        switch (step) {
            case READY -> ready = false;
            case CLOSE -> told = true;
            case REST -> running = false;
            case HEADERS, MESSAGE -> {}
        }
        return step;
    }

    private Step peek() {
        if (told || !started) {
            return Step.REST;
        }
        if (headers != null) {
            return Step.HEADERS;
        }
        if (in.hasMessage()) {
            return Step.MESSAGE;
        }
        if (status != null) {
            return !byServer || in.exhausted() ? Step.CLOSE : Step.REST;
        }
        return ready ? Step.READY : Step.REST;
    }

    private void perform(Step step) {
        try {
            switch (step) {
                case HEADERS -> {
                    Metadata metadata;
                    synchronized (this) {
                        metadata = headers;
                        headers = null;
                    }
                    listener.onHeaders(metadata);
                }
                case READY -> listener.onReady();
                case MESSAGE -> {
                    Optional<InboundMessages.Message> message = in.poll();
                    if (message.isPresent()) {
                        listener.onMessage(parse(message.get()));
                    }
                }
                case CLOSE -> {
                    in.discard();
                    listener.onClose(status, trailers);
                }
                case REST -> throw new AssertionError(step);
            }
        } catch (StatusException e) {
            fail(e.getStatus());
        } catch (RuntimeException | Error e) {
            if (step == Step.CLOSE) {
                LOG.log(
                        System.Logger.Level.ERROR,
                        () -> "listener of " + method.getFullMethodName() + " failed at its end",
                        e);
            } else {
                fail(
                        Status.CANCELLED
                                .withDescription("the listener or the parser failed: " + e)
                                .withCause(e));
            }
        }
    }

    /** What came after it is not looked at. */
    private void fail(Status reason) {
        synchronized (this) {
            if (status != null) {
                // The server's end does not hide that its messages could not be read.
                status = reason;
                byServer = false;
            }
        }
        in.discard();
        close(reason, new Metadata(), false);
        connection.outbound().flushLater();
    }

    private S parse(InboundMessages.Message message) throws StatusException {
        if (message.compressed() && decompressor == Codec.Identity.NONE) {
            throw Status.INTERNAL
                    .withDescription("grpc: compressed flag set with identity or empty encoding")
                    .asException();
        }
        return MessageCodec.parse(
                method.getResponseMarshaller(), message, decompressor, maxMessage);
    }
}
