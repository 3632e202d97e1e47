package io.quorate.api.grpc;

import io.grpc.Attributes;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.ServerMethodDefinition;
import io.grpc.Status;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The server's end of one HTTP/2 connection (RFC 9113) that carries gRPC. It does no I/O: a reader
 * thread puts bytes in with {@link #receive}, bytes come out at the {@link ByteSink}.
 *
 * <p>The first request decides what the connection is. Until then SETTINGS have been sent, so that
 * a client that waits for them goes on, but nothing was acknowledged; if that request is not gRPC
 * and the connection was opened as one that may be handed over, {@link #foreign()} turns true and
 * whoever mounted this may replay all bytes into another HTTP/2 implementation, which then
 * acknowledges.
 *
 * <p>Threads: {@code receive}, {@code readPaused} and {@code disconnected} by the one reader
 * thread, which is never blocked by a call, by a window or by the socket; {@code stop} and {@code
 * abandon} by any.
 */
public final class GrpcServerConnection {
    /** How many received bytes may lie between two WINDOW_UPDATEs, as a part of the window. */
    private static final int CREDIT_PART = 4;

    /** What a stream costs beside its headers and data, roughly. */
    private static final int STREAM_COST = 1024;

    private static final int HEADER_TABLE_BYTES = 4096;
    private static final long KEEPALIVE_PING = 0x716b_6565_7061_6c76L;
    private static final long DRAIN_PING = 0x7164_7261_696e_696eL;

    /** How long a client may take to answer the PING of a stop, and to take a GOAWAY. */
    private static final long CLOSE_NANOS = TimeUnit.SECONDS.toNanos(5);

    private enum Phase {
        UNDECIDED,
        SERVING,
        /** GOAWAY with 2^31-1 was sent: the last requests under way still come in. */
        DRAINING,
        /** The final GOAWAY was sent: open calls end, nothing new begins. */
        CLOSING,
        FOREIGN,
        CLOSED
    }

    private final GrpcServer server;
    private final ConnectionSettings settings;
    private final ByteSink sink;
    private final Attributes attributes;
    private final Outbound outbound;
    private final FrameReader frames;
    private final HpackDecoder hpack;
    private final HeaderAssembly assembly;
    private final PingPolicy pings;
    private final FloodGuard resets;
    private final FloodGuard controls;
    private final InboundBudget budget;
    private final AtomicLong held = new AtomicLong();
    private final ConcurrentHashMap<Integer, GrpcServerCall<?, ?>> calls =
            new ConcurrentHashMap<>();
    private final ConcurrentLinkedQueue<GrpcServerCall<?, ?>> deferred =
            new ConcurrentLinkedQueue<>();
    private final AtomicBoolean sinkClosed = new AtomicBoolean();
    private final KeepAlive keepAlive;
    private final KeepAlive.Connection pinged =
            new KeepAlive.Connection() {
                @Override
                public long lastReadNanos() {
                    return lastReadNanos;
                }

                @Override
                public boolean wantsPings() {
                    return true;
                }

                @Override
                public void sendKeepAlivePing() {
                    outbound.urgent(Frames.ping(false, KEEPALIVE_PING));
                    outbound.flushLater();
                }

                @Override
                public void peerIsGone() {
                    abandon();
                }

                @Override
                public Future<?> later(Runnable task, long nanos) {
                    return server.later(task, nanos);
                }
            };

    private volatile Phase phase = Phase.UNDECIDED;
    private volatile int lastStream;
    private volatile long lastReadNanos;
    private boolean settingsSeen;
    private int settingsOwed;
    private int windowLeft;
    private int credit;

    GrpcServerConnection(
            GrpcServer server, ByteSink sink, Attributes attributes, boolean mayBeForeign) {
        this.server = server;
        this.settings = server.settings();
        this.sink = sink;
        this.attributes = attributes;
        this.outbound =
                new Outbound(
                        sink,
                        server.executor(),
                        n -> server.traffic().sent((int) n),
                        settings.streamQueueBytes(),
                        settings.outboundBufferBytes(),
                        this::abandon,
                        this::startDeferred);
        this.frames = new FrameReader(Frames.preface(), this::frame);
        this.hpack = new HpackDecoder(HEADER_TABLE_BYTES, settings.maxHeaderListBytes());
        this.assembly =
                new HeaderAssembly(settings.maxHeaderListBytes() + Frames.DEFAULT_MAX_FRAME);
        Deadline.Ticker ticker = server.ticker();
        long interval = settings.floodInterval().toNanos();
        this.pings = new PingPolicy(settings, ticker);
        this.resets = new FloodGuard("resets", settings.maxResets(), interval, ticker);
        this.controls =
                new FloodGuard("control frames", settings.maxControlFrames(), interval, ticker);
        this.budget =
                new InboundBudget(
                        Math.max(settings.maxMessageBytes(), settings.inboundBufferBytes() / 4));
        this.lastReadNanos = ticker.nanoTime();
        this.windowLeft = Frames.DEFAULT_WINDOW;
        this.keepAlive =
                new KeepAlive(
                        pinged, ticker, settings.keepAliveInterval(), settings.keepAliveTimeout());
        outbound.urgent(firstSettings());
        if (!mayBeForeign) {
            serve();
        }
        // By this thread: when the connection turns out foreign, nothing of ours is on its way.
        outbound.flush();
    }

    private byte[] firstSettings() {
        List<Integer> s = new ArrayList<>();
        if (settings.maxConcurrentStreams() != ConnectionSettings.UNLIMITED_STREAMS) {
            s.add(Frames.SETTING_MAX_CONCURRENT_STREAMS);
            s.add((int) settings.maxConcurrentStreams());
        }
        s.add(Frames.SETTING_INITIAL_WINDOW_SIZE);
        s.add(settings.streamWindowBytes());
        s.add(Frames.SETTING_MAX_HEADER_LIST_SIZE);
        s.add(settings.maxHeaderListBytes());
        return Frames.settings(s.stream().mapToInt(Integer::intValue).toArray());
    }

    /** From now on this side speaks for the connection. */
    private void serve() {
        if (!become(Phase.SERVING)) {
            return;
        }
        int more = settings.connectionWindowBytes() - Frames.DEFAULT_WINDOW;
        if (more > 0) {
            outbound.urgent(Frames.windowUpdate(0, more));
            windowLeft += more;
        }
        for (; settingsOwed > 0; settingsOwed--) {
            outbound.urgent(Frames.settingsAck());
        }
        keepAlive.start();
    }

    /** Leaves UNDECIDED, unless another thread has ended the connection meanwhile. */
    private synchronized boolean become(Phase decided) {
        if (phase == Phase.UNDECIDED) {
            phase = decided;
        }
        return phase == decided;
    }

    // ---- the reader

    /**
     * Takes the next bytes from the client; any split will do.
     *
     * @return false when there is nothing more to read: the connection was closed, or is {@link
     *     #foreign()}
     */
    public boolean receive(byte[] bytes, int offset, int length) {
        if (phase == Phase.CLOSED) {
            return false;
        }
        lastReadNanos = server.ticker().nanoTime();
        server.traffic().received(length);
        try {
            frames.receive(bytes, offset, length);
        } catch (ConnectionException e) {
            fail(e);
        }
        return phase != Phase.CLOSED && phase != Phase.FOREIGN;
    }

    /** The reader is about to wait: what its frames made us say is sent, by another thread. */
    public void readPaused() {
        outbound.flushLater();
    }

    /** The client has gone: every call is cancelled. */
    public void disconnected() {
        abandon();
    }

    /** True when the first request was not gRPC and the connection is to be served by others. */
    public boolean foreign() {
        return phase == Phase.FOREIGN;
    }

    /** True once the first request has shown that the connection carries gRPC. */
    public boolean decided() {
        return phase != Phase.UNDECIDED && phase != Phase.FOREIGN;
    }

    private boolean frame(int type, int flags, int stream, byte[] p, int offset, int length)
            throws ConnectionException {
        if (assembly.open() && (type != Frames.CONTINUATION || stream != assembly.stream())) {
            throw protocolError("header block interrupted by another frame");
        }
        if (!settingsSeen && type != Frames.SETTINGS) {
            throw protocolError("the first frame is not SETTINGS");
        }
        switch (type) {
            case Frames.DATA -> data(flags, stream, p, offset, length);
            case Frames.HEADERS -> headers(flags, stream, p, offset, length);
            case Frames.CONTINUATION -> continuation(flags, p, offset, length);
            case Frames.PRIORITY -> priority(stream, length);
            case Frames.RST_STREAM -> resetStream(stream, length);
            case Frames.SETTINGS -> settings(flags, stream, p, offset, length);
            case Frames.PUSH_PROMISE -> throw protocolError("PUSH_PROMISE from a client");
            case Frames.PING -> ping(flags, stream, p, offset, length);
            case Frames.GOAWAY -> goAway(stream, length);
            case Frames.WINDOW_UPDATE -> windowUpdate(stream, p, offset, length);
            default -> controls.event(); // RFC 9113 §5.5: unknown types are ignored
        }
        return phase != Phase.FOREIGN && phase != Phase.CLOSED;
    }

    private void data(int flags, int stream, byte[] p, int offset, int length)
            throws ConnectionException {
        seenBefore(stream, "DATA");
        creditConnection(length);
        int from = offset;
        int end = offset + length;
        if ((flags & Frames.FLAG_PADDED) != 0) {
            from++;
            end -= length == 0 ? 1 : p[offset] & 255;
            if (from > end) {
                throw protocolError("padding longer than the frame");
            }
        }
        boolean last = (flags & Frames.FLAG_END_STREAM) != 0;
        GrpcServerCall<?, ?> call = calls.get(stream);
        if (call == null) {
            // Of a call already answered or reset; the client may not know yet.
            if (length == 0) {
                controls.event();
            }
            return;
        }
        if (call.out().remoteClosed) {
            streamError(call, ErrorCode.STREAM_CLOSED);
            return;
        }
        if (from == end && !last) {
            controls.event();
        }
        call.data(p, from, end - from, length, last);
        if (held.get() > settings.inboundBufferBytes()) {
            call.fail(
                    Status.RESOURCE_EXHAUSTED.withDescription(
                            "grpc: connection holds more than "
                                    + settings.inboundBufferBytes()
                                    + " bytes of unread requests"));
        }
    }

    /** The window of the connection only bounds what is on the wire; see ConnectionSettings. */
    private void creditConnection(int length) throws ConnectionException {
        windowLeft -= length;
        if (windowLeft < 0) {
            throw new ConnectionException(
                    ErrorCode.FLOW_CONTROL_ERROR, "DATA over the connection's window");
        }
        credit += length;
        if (credit >= settings.connectionWindowBytes() / CREDIT_PART) {
            outbound.control(Frames.windowUpdate(0, credit));
            windowLeft += credit;
            credit = 0;
        }
    }

    private void headers(int flags, int stream, byte[] p, int offset, int length)
            throws ConnectionException {
        if (stream == 0 || stream % 2 == 0) {
            throw protocolError("HEADERS on stream " + stream);
        }
        int from = offset;
        int end = offset + length;
        if ((flags & Frames.FLAG_PADDED) != 0) {
            end -= length == 0 ? 1 : p[from] & 255;
            from++;
        }
        if ((flags & Frames.FLAG_PRIORITY) != 0) {
            from += 5;
        }
        if (from > end) {
            throw protocolError("padding longer than the frame");
        }
        boolean last = (flags & Frames.FLAG_END_STREAM) != 0;
        if ((flags & Frames.FLAG_END_HEADERS) != 0) {
            block(stream, last, p, from, end - from);
        } else {
            assembly.begin(stream, last, p, from, end - from);
        }
    }

    private void continuation(int flags, byte[] p, int offset, int length)
            throws ConnectionException {
        if (!assembly.open()) {
            throw protocolError("CONTINUATION without HEADERS");
        }
        assembly.add(p, offset, length);
        if ((flags & Frames.FLAG_END_HEADERS) != 0) {
            int stream = assembly.stream();
            boolean last = assembly.endStream();
            byte[] whole = assembly.block();
            int n = assembly.length();
            assembly.done();
            block(stream, last, whole, 0, n);
        }
    }

    /** A whole header block: a request, or the trailers of one. */
    private void block(int stream, boolean last, byte[] p, int offset, int length)
            throws ConnectionException {
        ReceivedHeaders headers = hpack.decode(p, offset, length);
        if (stream <= lastStream) {
            trailers(stream, last);
            return;
        }
        if (phase == Phase.UNDECIDED) {
            if (!headers.grpc() && !headers.tooLarge()) {
                become(Phase.FOREIGN);
                server.closed(this);
                return;
            }
            serve();
        }
        if (phase == Phase.CLOSING || phase == Phase.CLOSED) {
            // After the GOAWAY that named the last stream; the client knows to go elsewhere.
            return;
        }
        lastStream = stream;
        request(stream, last, headers, length);
    }

    private void trailers(int stream, boolean last) throws ConnectionException {
        GrpcServerCall<?, ?> call = calls.get(stream);
        if (call == null) {
            controls.event();
        } else if (!last || call.out().remoteClosed) {
            streamError(call, ErrorCode.PROTOCOL_ERROR);
        } else {
            call.endOfRequest();
        }
    }

    private void request(int stream, boolean last, ReceivedHeaders headers, int blockBytes)
            throws ConnectionException {
        if (headers.tooLarge()) {
            answer(
                    stream,
                    last,
                    CallHeaders.httpError(
                            431,
                            Status.INTERNAL.withDescription(
                                    "header list larger than "
                                            + settings.maxHeaderListBytes()
                                            + " bytes")));
        } else if (headers.malformed()) {
            resets.event();
            outbound.control(Frames.resetStream(stream, ErrorCode.PROTOCOL_ERROR));
        } else if (!headers.grpcContentType()) {
            answer(
                    stream,
                    last,
                    CallHeaders.httpError(
                            415,
                            Status.INTERNAL.withDescription(
                                    "invalid gRPC request content-type \""
                                            + shortened(headers.first("content-type"))
                                            + '"')));
        } else if (!headers.method().equals("POST")) {
            answer(
                    stream,
                    last,
                    CallHeaders.httpError(
                            405,
                            Status.INTERNAL.withDescription(
                                    "invalid gRPC request method \""
                                            + shortened(headers.method())
                                            + '"')));
        } else {
            call(stream, last, headers, blockBytes);
        }
    }

    private void call(int stream, boolean last, ReceivedHeaders headers, int blockBytes)
            throws ConnectionException {
        if (calls.size() >= settings.maxConcurrentStreams()
                || held.get() + STREAM_COST * (long) calls.size() + blockBytes
                        > settings.inboundBufferBytes()) {
            resets.event();
            outbound.control(Frames.resetStream(stream, ErrorCode.REFUSED_STREAM));
            return;
        }
        Optional<ServerMethodDefinition<?, ?>> method = server.methods().find(headers.path());
        if (method.isEmpty()) {
            answer(
                    stream,
                    last,
                    CallHeaders.trailers(
                            server.methods().unknown(shortened(headers.path())),
                            new Metadata(),
                            false));
            return;
        }
        OptionalLong timeout;
        try {
            timeout = CallHeaders.timeoutNanos(headers.first("grpc-timeout"));
        } catch (IllegalArgumentException e) {
            answer(
                    stream,
                    last,
                    CallHeaders.httpError(400, Status.INTERNAL.withDescription(e.getMessage())));
            return;
        }
        open(stream, last, method.get(), headers, timeout);
    }

    private <Q, S> void open(
            int stream,
            boolean last,
            ServerMethodDefinition<Q, S> method,
            ReceivedHeaders headers,
            OptionalLong timeout) {
        Context.CancellableContext context =
                timeout.isEmpty()
                        ? Context.ROOT.withCancellation()
                        : Context.ROOT.withDeadline(
                                Deadline.after(
                                        timeout.getAsLong(), TimeUnit.NANOSECONDS, server.ticker()),
                                server.timer());
        GrpcServerCall<Q, S> call = new GrpcServerCall<>(this, stream, method, headers, context);
        calls.put(stream, call);
        if (timeout.isPresent()) {
            context.addListener(
                    c -> {
                        if (c.cancellationCause() instanceof TimeoutException) {
                            call.deadlineExceeded();
                        }
                    },
                    server.executor());
        }
        if (last) {
            call.endOfRequest();
        } else {
            call.opened();
        }
    }

    /**
     * Answers a request that no handler will see. It goes out as a control frame: a client that
     * asks for thousands of these and reads none is a flood.
     */
    private void answer(int stream, boolean last, byte[] block) throws ConnectionException {
        byte[] frame = new byte[Frames.HEADER_BYTES + block.length];
        int flags = Frames.FLAG_END_HEADERS | Frames.FLAG_END_STREAM;
        Frames.putHeader(frame, 0, block.length, Frames.HEADERS, flags, stream);
        System.arraycopy(block, 0, frame, Frames.HEADER_BYTES, block.length);
        outbound.control(frame);
        if (!last) {
            outbound.control(Frames.resetStream(stream, ErrorCode.NO_ERROR));
        }
    }

    private void priority(int stream, int length) throws ConnectionException {
        controls.event();
        if (stream == 0 || length != 5) {
            throw new ConnectionException(ErrorCode.FRAME_SIZE_ERROR, "malformed PRIORITY");
        }
    }

    private void resetStream(int stream, int length) throws ConnectionException {
        if (length != 4) {
            throw new ConnectionException(ErrorCode.FRAME_SIZE_ERROR, "malformed RST_STREAM");
        }
        seenBefore(stream, "RST_STREAM");
        GrpcServerCall<?, ?> call = calls.remove(stream);
        if (call == null) {
            controls.event();
            return;
        }
        // A watch that is cancelled after its events is no attack; a call that was never answered
        // and is dropped at once, thousands of times, is (CVE-2023-44487).
        if (!outbound.answered(call.out())) {
            resets.event();
        }
        call.cancel();
        closeIfDone();
    }

    private void settings(int flags, int stream, byte[] p, int offset, int length)
            throws ConnectionException {
        boolean ack = (flags & Frames.FLAG_ACK) != 0;
        if (stream != 0) {
            throw protocolError("SETTINGS on a stream");
        }
        if (length % 6 != 0 || ack && length != 0) {
            throw new ConnectionException(ErrorCode.FRAME_SIZE_ERROR, "malformed SETTINGS");
        }
        controls.event();
        if (!settingsSeen && ack) {
            throw protocolError("the first frame is not SETTINGS");
        }
        settingsSeen = true;
        if (ack) {
            return;
        }
        for (int at = offset; at < offset + length; at += 6) {
            setting((p[at] & 255) << 8 | p[at + 1] & 255, Frames.getInt(p, at + 2));
        }
        if (phase == Phase.UNDECIDED) {
            settingsOwed++;
        } else {
            outbound.control(Frames.settingsAck());
        }
    }

    private void setting(int id, int value) throws ConnectionException {
        switch (id) {
            case Frames.SETTING_INITIAL_WINDOW_SIZE -> {
                if (value < 0) {
                    throw new ConnectionException(
                            ErrorCode.FLOW_CONTROL_ERROR, "initial window over 2^31-1");
                }
                outbound.initialWindow(value, streams());
            }
            case Frames.SETTING_MAX_FRAME_SIZE -> {
                if (value < Frames.DEFAULT_MAX_FRAME || value > 0xff_ffff) {
                    throw protocolError("SETTINGS_MAX_FRAME_SIZE " + value);
                }
                outbound.maxFrame(value);
            }
            case Frames.SETTING_ENABLE_PUSH -> {
                if (value != 0 && value != 1) {
                    throw protocolError("SETTINGS_ENABLE_PUSH " + value);
                }
            }
            default -> {
                // Table size: we never use the client's table. Others: not for us, or unknown.
            }
        }
    }

    private List<OutboundStream> streams() {
        List<OutboundStream> open = new ArrayList<>(calls.size());
        calls.values().forEach(call -> open.add(call.out()));
        return open;
    }

    private void ping(int flags, int stream, byte[] p, int offset, int length)
            throws ConnectionException {
        if (stream != 0 || length != 8) {
            throw new ConnectionException(ErrorCode.FRAME_SIZE_ERROR, "malformed PING");
        }
        long payload =
                (long) Frames.getInt(p, offset) << 32 | Frames.getInt(p, offset + 4) & 0xffff_ffffL;
        controls.event();
        if ((flags & Frames.FLAG_ACK) != 0) {
            if (payload == DRAIN_PING) {
                server.executor().execute(this::drained);
            }
            return;
        }
        if (phase == Phase.UNDECIDED) {
            return; // whoever serves the connection will see it again
        }
        if (outbound.takeStreamFramesSent()) {
            pings.streamFramesSent();
        }
        pings.ping(!calls.isEmpty());
        outbound.control(Frames.ping(true, payload));
    }

    /** The client goes away; the calls it still waits for are finished. */
    private void goAway(int stream, int length) throws ConnectionException {
        if (stream != 0 || length < 8) {
            throw new ConnectionException(ErrorCode.FRAME_SIZE_ERROR, "malformed GOAWAY");
        }
        controls.event();
    }

    private void windowUpdate(int stream, byte[] p, int offset, int length)
            throws ConnectionException {
        if (length != 4) {
            throw new ConnectionException(ErrorCode.FRAME_SIZE_ERROR, "malformed WINDOW_UPDATE");
        }
        int increment = Frames.getInt(p, offset) & 0x7fffffff;
        if (stream == 0) {
            if (increment == 0) {
                throw protocolError("WINDOW_UPDATE of 0");
            }
            outbound.connectionWindowUpdate(increment);
            return;
        }
        seenBefore(stream, "WINDOW_UPDATE");
        GrpcServerCall<?, ?> call = calls.get(stream);
        if (call == null) {
            return;
        }
        if (increment == 0) {
            streamError(call, ErrorCode.PROTOCOL_ERROR);
        } else if (!outbound.streamWindowUpdate(call.out(), increment)) {
            streamError(call, ErrorCode.FLOW_CONTROL_ERROR);
        }
    }

    private void seenBefore(int stream, String frame) throws ConnectionException {
        if (stream == 0 || stream % 2 == 0 || stream > lastStream && phase != Phase.CLOSING) {
            throw protocolError(frame + " on idle stream " + stream);
        }
    }

    /** We reset the stream through the client's fault; made often, that is an attack too. */
    private void streamError(GrpcServerCall<?, ?> call, ErrorCode code) throws ConnectionException {
        resets.event();
        calls.remove(call.out().id);
        outbound.abort(call.out(), code);
        call.cancel();
        closeIfDone();
    }

    /** For texts that go back: a client must not be able to make an answer outgrow a frame. */
    private static String shortened(String text) {
        return text.length() <= 256 ? text : text.substring(0, 256) + "...";
    }

    private static ConnectionException protocolError(String message) {
        return new ConnectionException(ErrorCode.PROTOCOL_ERROR, message);
    }

    // ---- what calls need

    GrpcServer server() {
        return server;
    }

    ConnectionSettings settings() {
        return settings;
    }

    Outbound outbound() {
        return outbound;
    }

    Attributes attributes() {
        return attributes;
    }

    InboundMessages inbound(int stream, int requested) {
        return new InboundMessages(
                settings.streamWindowBytes(),
                settings.maxMessageBytes(),
                requested,
                held,
                budget,
                increment -> outbound.urgent(Frames.windowUpdate(stream, increment)));
    }

    /** Runs a call, at once or when the answers that wait for the client have become fewer. */
    void start(GrpcServerCall<?, ?> call) {
        if (call.mayWait() && outbound.overloaded()) {
            deferred.add(call);
            if (outbound.overloaded() || !deferred.remove(call)) {
                return;
            }
        }
        begin(call);
    }

    private void startDeferred() {
        for (var call = deferred.poll(); call != null; call = deferred.poll()) {
            begin(call);
        }
    }

    private void begin(GrpcServerCall<?, ?> call) {
        outbound.turnBegins();
        server.executor().execute(call);
    }

    /** The stream has ended. Called with the lock of the outbound held. */
    void closed(int stream) {
        calls.remove(stream);
        if (phase == Phase.CLOSING && calls.isEmpty()) {
            server.executor().execute(this::closeIfDone);
        }
    }

    // ---- the end

    /** The peer broke the protocol, or we must not go on with it. */
    private void fail(ConnectionException e) {
        end(e.code, e.getMessage());
    }

    /** A last GOAWAY, then the connection is closed; all calls are cancelled. */
    void end(ErrorCode code, String debug) {
        synchronized (this) {
            if (phase == Phase.CLOSED) {
                return;
            }
            phase = Phase.CLOSED;
        }
        cancelCalls();
        outbound.urgent(Frames.goAway(lastStream, code, debug));
        outbound.closeWhenDrained();
        closeSinkLater();
        keepAlive.stop();
        server.closed(this);
    }

    /** Ends at once and silently: the socket is gone. Harmless when repeated. */
    public void abandon() {
        synchronized (this) {
            phase = Phase.CLOSED;
        }
        outbound.shutDown(List.of());
        cancelCalls();
        keepAlive.stop();
        closeSink();
        server.closed(this);
    }

    private void cancelCalls() {
        for (Integer stream : calls.keySet()) {
            GrpcServerCall<?, ?> call = calls.remove(stream);
            if (call != null) {
                call.cancel();
            }
        }
        startDeferred();
    }

    private void closeSinkLater() {
        server.later(this::closeSink, CLOSE_NANOS);
    }

    private void closeSink() {
        if (sinkClosed.compareAndSet(false, true)) {
            sink.close();
        }
    }

    /**
     * Begins a graceful stop: the client is told to open no more calls here, those it has opened go
     * on. The connection closes when the last of them has ended.
     *
     * <p>In two steps (RFC 9113 §6.8): a GOAWAY that names no stream yet and a PING; when that is
     * answered, or after 5 s, every request sent before has come in and the final GOAWAY names the
     * last.
     */
    public void stop() {
        synchronized (this) {
            if (phase == Phase.SERVING) {
                phase = Phase.DRAINING;
            } else if (phase != Phase.UNDECIDED) {
                return;
            }
        }
        if (phase == Phase.UNDECIDED) {
            end(ErrorCode.NO_ERROR, "stopping");
            return;
        }
        outbound.urgent(Frames.goAway(Frames.MAX_STREAM_ID, ErrorCode.NO_ERROR, "stopping"));
        outbound.urgent(Frames.ping(false, DRAIN_PING));
        outbound.flushLater();
        server.later(this::drained, CLOSE_NANOS);
    }

    private void drained() {
        synchronized (this) {
            if (phase != Phase.DRAINING) {
                return;
            }
            phase = Phase.CLOSING;
        }
        outbound.urgent(Frames.goAway(lastStream, ErrorCode.NO_ERROR, "stopping"));
        outbound.flushLater();
        closeIfDone();
    }

    private void closeIfDone() {
        synchronized (this) {
            if (phase != Phase.CLOSING || !calls.isEmpty()) {
                return;
            }
            phase = Phase.CLOSED;
        }
        outbound.closeWhenDrained();
        closeSinkLater();
        keepAlive.stop();
        server.closed(this);
    }

    /** Calls open now. */
    public int openCalls() {
        return calls.size();
    }

    /** Request bytes held now for all calls. */
    long heldBytes() {
        return held.get();
    }
}
