package io.quorate.api.grpc;

import io.grpc.Attributes;
import io.grpc.Codec;
import io.grpc.Compressor;
import io.grpc.Context;
import io.grpc.Decompressor;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerMethodDefinition;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;

import java.util.Optional;

/**
 * One call: an {@code io.grpc.ServerCall} on an HTTP/2 stream.
 *
 * <p>Listener callbacks run one after another in {@link #run}, on a thread of the server's executor
 * that lives only while there is something to tell; an idle stream has none. What happened is noted
 * under the monitor by whoever learns it (reader, timer, writer, handler) and told in this order:
 *
 * <pre>
 *   start -> ready | message | halfClose -> ... -> complete     all was sent
 *                                               -> cancel       reset, disconnect, deadline, failure
 * </pre>
 *
 * A call whose client sends one message is started when that message and the end of the request
 * have come, so its handler runs in one go.
 *
 * <p>Lock order: {@link Outbound}'s lock, then this monitor; nothing is called with the monitor
 * held.
 */
final class GrpcServerCall<Q, S> extends ServerCall<Q, S>
        implements Runnable, OutboundStream.Events {
    private static final System.Logger LOG = System.getLogger("io.quorate.api.grpc");

    private enum Step {
        START,
        FAIL,
        CANCEL,
        COMPLETE,
        READY,
        MESSAGE,
        HALF_CLOSE,
        REST
    }

    private static final class NoListener<T> extends ServerCall.Listener<T> {}

    private final GrpcServerConnection connection;
    private final ServerMethodDefinition<Q, S> definition;
    private final MethodDescriptor<Q, S> method;
    private final ReceivedHeaders headers;
    private final Context.CancellableContext context;
    private final OutboundStream out;
    private final InboundMessages in;

    // Touched by run() only.
    private ServerCall.Listener<Q> listener = new NoListener<>();
    private Decompressor decompressor = Codec.Identity.NONE;

    // Touched by the handler's side only, which io.grpc requires to be one thread at a time.
    private byte[] responseHeaders;
    private boolean responseHeadersSent;
    private byte[] heldMessage;
    private Compressor compressor = Codec.Identity.NONE;
    private boolean compressMessages = true;

    // Guarded by the monitor.
    private boolean running;
    private boolean started;
    private boolean startable;
    private boolean ready;
    private boolean halfClosed;
    private boolean closed;
    private boolean finished;
    private boolean cancelled;
    private boolean told;
    private Status failure = Status.OK;

    GrpcServerCall(
            GrpcServerConnection connection,
            int id,
            ServerMethodDefinition<Q, S> definition,
            ReceivedHeaders headers,
            Context.CancellableContext context) {
        this.connection = connection;
        this.definition = definition;
        this.method = definition.getMethodDescriptor();
        this.headers = headers;
        this.context = context;
        this.out = connection.outbound().open(id, this);
        boolean one = method.getType().clientSendsOneMessage();
        this.in = connection.inbound(id, one ? 1 : 0);
        this.startable = !one;
    }

    OutboundStream out() {
        return out;
    }

    // ---- what the connection tells

    /** The stream is known to the connection: a streaming call starts. */
    void opened() {
        signal();
    }

    /** Payload of a DATA frame; {@code end} with END_STREAM. */
    void data(byte[] bytes, int offset, int length, int flowBytes, boolean end)
            throws ConnectionException {
        Optional<Status> broken = in.data(bytes, offset, length, flowBytes);
        if (broken.isPresent()) {
            fail(broken.get());
        } else if (end) {
            endOfRequest();
        } else {
            signal();
        }
    }

    /** END_STREAM has come. */
    void endOfRequest() {
        in.end();
        connection.outbound().remoteClosed(out);
        if (in.truncated()) {
            fail(Status.INTERNAL.withDescription("the request ended in the middle of a message"));
            return;
        }
        synchronized (this) {
            startable = true;
        }
        signal();
    }

    /** The call cannot go on through the client's fault: it is closed with this status. */
    void fail(Status status) {
        synchronized (this) {
            if (failure.isOk()) {
                failure = status;
            }
            startable = true;
        }
        signal();
    }

    /** The client reset the stream, or the connection is gone. Nothing more is sent. */
    void cancel() {
        connection.outbound().discard(out);
        in.discard();
        synchronized (this) {
            if (finished || cancelled) {
                return;
            }
            cancelled = true;
            startable = true;
        }
        // Before the listener hears of it: a handler that blocks looks at its Context.
        context.cancel(Status.CANCELLED.asRuntimeException());
        signal();
    }

    /** The deadline of grpc-timeout has passed: the client is told, the handler is cancelled. */
    void deadlineExceeded() {
        synchronized (this) {
            if (finished || cancelled) {
                return;
            }
        }
        Status status = Status.DEADLINE_EXCEEDED.withDescription("context deadline exceeded");
        Metadata none = new Metadata();
        connection
                .outbound()
                .endWith(
                        out,
                        CallHeaders.trailers(status, none, false),
                        CallHeaders.trailers(status, none, true));
        synchronized (this) {
            cancelled = true;
            startable = true;
        }
        in.discard();
        connection.closed(out.id);
        signal();
        connection.outbound().flushLater();
    }

    @Override
    public void writable() {
        synchronized (this) {
            ready = true;
        }
        signal();
    }

    @Override
    public void finished() {
        synchronized (this) {
            finished = true;
        }
        connection.closed(out.id);
        signal();
    }

    /** True for a call that has not begun and is not to be ended: it can wait for better times. */
    synchronized boolean mayWait() {
        return !started && !cancelled && failure.isOk();
    }

    private void signal() {
        synchronized (this) {
            if (running || peek() == Step.REST) {
                return;
            }
            running = true;
        }
        connection.start(this);
    }

    // ---- the callbacks

    @Override
    public void run() {
        Context previous = context.attach();
        try {
            for (Step step = next(); step != Step.REST; step = next()) {
                perform(step);
            }
        } finally {
            context.detach(previous);
            connection.outbound().turnEnds();
        }
        connection.outbound().flush();
    }

    private synchronized Step next() {
        Step step = peek();
        switch (step) {
            case START -> started = true;
            case FAIL, CANCEL, COMPLETE -> told = true;
            case READY -> ready = false;
            case HALF_CLOSE -> halfClosed = true;
            case MESSAGE -> {}
            case REST -> running = false;
        }
        return step;
    }

    private Step peek() {
        if (told || !startable) {
            return Step.REST;
        }
        if (cancelled) {
            return Step.CANCEL;
        }
        if (closed) {
            return finished ? Step.COMPLETE : Step.REST;
        }
        if (!failure.isOk()) {
            return Step.FAIL;
        }
        if (!started) {
            return Step.START;
        }
        if (ready) {
            return Step.READY;
        }
        if (in.hasMessage()) {
            return Step.MESSAGE;
        }
        return !halfClosed && in.exhausted() ? Step.HALF_CLOSE : Step.REST;
    }

    private void perform(Step step) {
        try {
            switch (step) {
                case START -> startCall();
                case FAIL -> closeFailed();
                case CANCEL -> {
                    context.cancel(Status.CANCELLED.asRuntimeException());
                    listener.onCancel();
                }
                case COMPLETE -> {
                    in.discard();
                    listener.onComplete();
                    context.cancel(null);
                }
                case READY -> listener.onReady();
                case MESSAGE -> {
                    Optional<InboundMessages.Message> message = in.poll();
                    if (message.isPresent()) {
                        listener.onMessage(parse(message.get()));
                    }
                }
                case HALF_CLOSE -> listener.onHalfClose();
                case REST -> throw new AssertionError(step);
            }
        } catch (StatusException e) {
            closeThrown(e.getStatus(), e.getTrailers());
        } catch (StatusRuntimeException e) {
            closeThrown(e.getStatus(), e.getTrailers());
        } catch (RuntimeException | Error e) {
            LOG.log(
                    System.Logger.Level.ERROR,
                    () -> "handler of " + method.getFullMethodName() + " failed",
                    e);
            closeThrown(Status.UNKNOWN.withDescription("Application error processing RPC"), null);
        }
    }

    private void startCall() throws StatusException {
        Metadata metadata;
        try {
            metadata = CallHeaders.metadata(headers);
        } catch (IllegalArgumentException e) {
            throw Status.INTERNAL
                    .withDescription("malformed header: " + e.getMessage())
                    .asException();
        }
        String encoding = headers.first(CallHeaders.ENCODING);
        if (!encoding.isEmpty() && !encoding.equals("identity")) {
            decompressor = connection.server().decompressors().lookupDecompressor(encoding);
            if (decompressor == null) {
                decompressor = Codec.Identity.NONE;
                throw Status.UNIMPLEMENTED
                        .withDescription(
                                "grpc: Decompressor is not installed for grpc-encoding \""
                                        + encoding
                                        + '"')
                        .asException();
            }
        }
        in.resetDemand();
        listener = definition.getServerCallHandler().startCall(this, metadata);
        // io.grpc: onReady follows the start when there is room, so that a handler may begin to
        // send.
        synchronized (this) {
            ready = !method.getType().serverSendsOneMessage();
        }
    }

    private Q parse(InboundMessages.Message message) throws StatusException {
        if (message.compressed() && decompressor == Codec.Identity.NONE) {
            throw Status.INTERNAL
                    .withDescription("grpc: compressed flag set with identity or empty encoding")
                    .asException();
        }
        return MessageCodec.parse(
                method.getRequestMarshaller(),
                message,
                decompressor,
                connection.settings().maxMessageBytes());
    }

    /** A handler that throws gives up its right to answer; what it answered before stays. */
    private void closeThrown(Status status, Metadata trailers) {
        synchronized (this) {
            if (closed || cancelled) {
                return;
            }
        }
        close(status, trailers == null ? new Metadata() : trailers);
    }

    private void closeFailed() {
        Status status;
        synchronized (this) {
            status = failure;
            cancelled = true;
        }
        in.discard();
        heldMessage = null;
        sendEnd(status, new Metadata());
        context.cancel(status.asRuntimeException());
        listener.onCancel();
    }

    // ---- io.grpc.ServerCall

    @Override
    public void request(int messages) {
        if (messages < 1) {
            throw new IllegalArgumentException("request(" + messages + "), at least 1");
        }
        in.request(messages);
        signal();
    }

    @Override
    public void sendHeaders(Metadata metadata) {
        if (responseHeaders != null || responseHeadersSent) {
            throw new IllegalStateException("headers have been sent already");
        }
        responseHeaders = CallHeaders.response(metadata, compressor.getMessageEncoding());
        if (!method.getType().serverSendsOneMessage()) {
            sendResponseHeaders();
        }
    }

    private void sendResponseHeaders() {
        byte[] block = responseHeaders;
        responseHeaders = null;
        responseHeadersSent = true;
        connection.outbound().send(out, block, null, null);
    }

    /**
     * {@inheritDoc}
     *
     * <p>Of a method that answers once the message leaves with the status, in one write. Otherwise
     * blocks while the call's queue is above its limit: see {@link ConnectionSettings}.
     */
    @Override
    public void sendMessage(S message) {
        if (responseHeaders == null && !responseHeadersSent) {
            throw new IllegalStateException("sendHeaders has not been called");
        }
        synchronized (this) {
            if (closed) {
                throw new IllegalStateException("the call is closed");
            }
            if (cancelled) {
                return;
            }
        }
        boolean identity = compressor == Codec.Identity.NONE || !compressMessages;
        byte[] framed =
                identity
                        ? MessageCodec.frame(method.getResponseMarshaller(), message)
                        : MessageCodec.frame(method.getResponseMarshaller(), message, compressor);
        if (method.getType().serverSendsOneMessage() && heldMessage == null) {
            heldMessage = framed;
        } else {
            SendBatch.send(connection.outbound(), out, null, framed, null);
        }
    }

    @Override
    public void close(Status status, Metadata trailers) {
        synchronized (this) {
            if (closed) {
                throw new IllegalStateException("the call is closed already");
            }
            closed = true;
            if (cancelled) {
                return;
            }
        }
        in.discard();
        if (method.getType().serverSendsOneMessage() && status.isOk() && heldMessage == null) {
            // A client would wait for the message; io.grpc calls this an INTERNAL error.
            sendEnd(
                    Status.INTERNAL.withDescription("Completed without a response"),
                    new Metadata());
            return;
        }
        sendEnd(status, trailers);
    }

    /** Sends what was held back, and the trailers. */
    private void sendEnd(Status status, Metadata trailers) {
        byte[] message = status.isOk() ? heldMessage : null;
        heldMessage = null;
        boolean withHeaders = responseHeadersSent || message != null;
        byte[] headerBlock = message == null ? null : responseHeaders;
        if (!withHeaders && responseHeaders != null) {
            // Metadata the handler has set must arrive even when the call fails.
            headerBlock = responseHeaders;
            withHeaders = true;
        }
        responseHeaders = null;
        responseHeadersSent = true;
        SendBatch.send(
                connection.outbound(),
                out,
                headerBlock,
                message,
                CallHeaders.trailers(status, trailers, withHeaders));
    }

    @Override
    public boolean isReady() {
        return connection.outbound().isReady(out);
    }

    @Override
    public synchronized boolean isCancelled() {
        return cancelled;
    }

    @Override
    public void setMessageCompression(boolean enabled) {
        compressMessages = enabled;
    }

    /**
     * Compresses the answers, if the client says that it can read the encoding; without effect if
     * it does not.
     */
    @Override
    public void setCompression(String name) {
        if (responseHeaders != null || responseHeadersSent) {
            throw new IllegalStateException("headers have been sent already");
        }
        Compressor wanted = connection.server().compressors().lookupCompressor(name);
        if (wanted == null) {
            throw new IllegalArgumentException("no compressor named " + name);
        }
        if (accepts(name)) {
            compressor = wanted;
        }
    }

    private boolean accepts(String encoding) {
        for (String accepted : headers.first(CallHeaders.ACCEPT_ENCODING).split(",")) {
            if (accepted.strip().equals(encoding)) {
                return true;
            }
        }
        return false;
    }

    @Override
    public Attributes getAttributes() {
        return connection.attributes();
    }

    @Override
    public String getAuthority() {
        return headers.authority();
    }

    @Override
    public MethodDescriptor<Q, S> getMethodDescriptor() {
        return method;
    }
}
