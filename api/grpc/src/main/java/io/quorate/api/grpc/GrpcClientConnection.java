package io.quorate.api.grpc;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Deadline;
import io.grpc.MethodDescriptor;
import io.grpc.Status;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntConsumer;

/**
 * The client's end of one HTTP/2 connection (RFC 9113) that carries gRPC: an {@code
 * io.grpc.Channel} to one server, without I/O, name look-up or reconnecting. A reader thread puts
 * bytes in with {@link #receive}, bytes come out at the {@link ByteSink}.
 *
 * <p>The first call leaves together with the preface and SETTINGS, in one write; the server's
 * SETTINGS are not waited for. Calls above the server's limit of open streams wait.
 *
 * <p>Threads: {@code receive}, {@code readPaused} and {@code disconnected} by the one reader
 * thread, which is never blocked by a call, by a window or by the socket; everything else by any.
 */
public final class GrpcClientConnection extends Channel {
    /** Told once each. Called by any thread, without locks; must not block. */
    public interface Events {
        /** The server's first SETTINGS have come: it speaks HTTP/2. */
        default void established() {}

        /** No new call can be opened here; those that run go on. */
        default void goingAway() {}

        /**
         * All calls have ended; the sink is closed.
         *
         * @param reason why, as calls were told
         */
        default void closed(Status reason) {}
    }

    private static final int CREDIT_PART = 4;
    private static final int HEADER_TABLE_BYTES = 4096;
    private static final long KEEPALIVE_PING = 0x716b_6565_7061_6c76L;

    private final ByteSink sink;
    private final ClientSettings settings;
    private final String authority;
    private final boolean tls;
    private final Executor executor;
    private final ScheduledExecutorService timer;
    private final Deadline.Ticker ticker;
    private final Events events;
    private final Outbound outbound;
    private final FrameReader frames;
    private final HpackDecoder hpack;
    private final HeaderAssembly assembly;
    private final InboundBudget budget = new InboundBudget(Long.MAX_VALUE);
    private final AtomicLong held = new AtomicLong();
    private final ConcurrentHashMap<Integer, GrpcClientCall<?, ?>> streams =
            new ConcurrentHashMap<>();

    /** Every started call that has not ended, also those without a stream yet. */
    private final Set<GrpcClientCall<?, ?>> calls = ConcurrentHashMap.newKeySet();

    private final AtomicBoolean closed = new AtomicBoolean();
    private final AtomicBoolean goingAway = new AtomicBoolean();
    private final KeepAlive keepAlive;

    private volatile Status end = Status.UNAVAILABLE.withDescription("connection closed");
    private volatile boolean draining;
    private volatile long lastReadNanos;

    /** The thread in {@link #receive}; calls made there are flushed when it pauses. */
    private volatile Thread reading;

    private boolean settingsSeen;
    private int windowLeft = Frames.DEFAULT_WINDOW;
    private int credit;

    /**
     * Begins a connection; nothing is written before the first call or {@link #flush}.
     *
     * @param authority what the server sees as {@code :authority}, host and port
     * @param tls whether the sink encrypts, for {@code :scheme}
     * @param executor runs listeners, unless a call brings an executor of its own, and writes on
     *     behalf of the reader: a virtual thread for each task. One that runs tasks in the caller's
     *     thread makes the reader write by itself, and wait while the server does not read; for
     *     load tools
     * @param timer for deadlines and keepalive; its tasks are short. Stays the caller's
     * @param ticker the clock that goes with the timer
     */
    public GrpcClientConnection(
            ByteSink sink,
            ClientSettings settings,
            String authority,
            boolean tls,
            Executor executor,
            ScheduledExecutorService timer,
            Deadline.Ticker ticker,
            Events events) {
        this.sink = sink;
        this.settings = settings;
        this.authority = authority;
        this.tls = tls;
        this.executor = executor;
        this.timer = timer;
        this.ticker = ticker;
        this.events = events;
        this.outbound =
                new Outbound(
                        sink,
                        executor,
                        n -> {},
                        settings.streamQueueBytes(),
                        Long.MAX_VALUE,
                        () -> abandon(Status.UNAVAILABLE.withDescription("error writing: closed")),
                        () -> {});
        this.frames = new FrameReader(new byte[0], this::frame);
        this.hpack = new HpackDecoder(HEADER_TABLE_BYTES, settings.maxHeaderListBytes());
        this.assembly =
                new HeaderAssembly(settings.maxHeaderListBytes() + Frames.DEFAULT_MAX_FRAME);
        this.lastReadNanos = ticker.nanoTime();
        this.keepAlive =
                new KeepAlive(
                        new Pinged(),
                        ticker,
                        settings.keepAliveInterval(),
                        settings.keepAliveTimeout());
        outbound.urgent(Frames.preface());
        outbound.urgent(
                Frames.settings(
                        Frames.SETTING_ENABLE_PUSH,
                        0,
                        Frames.SETTING_INITIAL_WINDOW_SIZE,
                        settings.streamWindowBytes(),
                        Frames.SETTING_MAX_HEADER_LIST_SIZE,
                        settings.maxHeaderListBytes()));
        int more = settings.connectionWindowBytes() - Frames.DEFAULT_WINDOW;
        if (more > 0) {
            outbound.urgent(Frames.windowUpdate(0, more));
            windowLeft += more;
        }
        keepAlive.start();
    }

    /**
     * A call on this connection. Of the options: deadline, executor, authority, compressor and
     * message size limits; credentials are metadata here, put them in there.
     *
     * <p>{@code sendMessage} blocks while the call's queue is above its limit, and may block on the
     * socket as {@code start} and {@code halfClose} may: call them from threads that may.
     *
     * <p>An executor that runs tasks in the caller's thread spares a thread switch; its listener
     * must then not block, because it runs in the reader's.
     */
    @Override
    public <Q, S> ClientCall<Q, S> newCall(MethodDescriptor<Q, S> method, CallOptions options) {
        return new GrpcClientCall<>(this, method, options);
    }

    @Override
    public String authority() {
        return authority;
    }

    /** Writes what waits, so that a server gets to see the preface before the first call. */
    public void flush() {
        // The reader must not block, and what its callbacks send shares the write after them.
        if (reading != Thread.currentThread()) {
            outbound.flush();
        }
    }

    /** True while calls can be opened here. */
    public boolean usable() {
        return !draining && !closed.get() && outbound.opensMore();
    }

    /** Calls open now, with those that wait for a stream. */
    public int openCalls() {
        return calls.size();
    }

    // ---- the reader

    /**
     * Takes the next bytes from the server; any split will do.
     *
     * @return false when there is nothing more to read: the connection was closed
     */
    public boolean receive(byte[] bytes, int offset, int length) {
        if (closed.get()) {
            return false;
        }
        lastReadNanos = ticker.nanoTime();
        reading = Thread.currentThread();
        try {
            frames.receive(bytes, offset, length);
        } catch (ConnectionException e) {
            outbound.urgent(Frames.goAway(0, e.code, e.getMessage()));
            outbound.closeWhenDrained();
            abandon(
                    Status.UNAVAILABLE.withDescription(
                            "the server broke HTTP/2: " + e.code + ": " + e.getMessage()));
        } finally {
            reading = null;
        }
        return !closed.get();
    }

    /** The reader is about to wait: what its frames made us say is sent, by another thread. */
    public void readPaused() {
        outbound.flushLater();
    }

    /** The server has gone: every call fails with UNAVAILABLE. */
    public void disconnected(String reason) {
        abandon(Status.UNAVAILABLE.withDescription(reason));
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
            case Frames.RST_STREAM -> resetStream(stream, p, offset, length);
            case Frames.SETTINGS -> settings(flags, stream, p, offset, length);
            case Frames.PUSH_PROMISE -> throw protocolError("PUSH_PROMISE, though disabled");
            case Frames.PING -> ping(flags, stream, p, offset, length);
            case Frames.GOAWAY -> goAway(stream, p, offset, length);
            case Frames.WINDOW_UPDATE -> windowUpdate(stream, p, offset, length);
            default -> {
                // PRIORITY is not for clients; RFC 9113 §5.5: unknown types are ignored.
            }
        }
        return !closed.get();
    }

    private void data(int flags, int stream, byte[] p, int offset, int length)
            throws ConnectionException {
        if (stream == 0) {
            throw protocolError("DATA on stream 0");
        }
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
        GrpcClientCall<?, ?> call = streams.get(stream);
        if (call != null) {
            // Otherwise of a call that has been cancelled; the server may not know yet.
            boolean last = (flags & Frames.FLAG_END_STREAM) != 0;
            call.data(p, from, end - from, length, last);
        }
    }

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
        if (stream == 0) {
            throw protocolError("HEADERS on stream 0");
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

    private void block(int stream, boolean last, byte[] p, int offset, int length)
            throws ConnectionException {
        // Decoded even when nobody wants it: the table must stay in step with the server's.
        ReceivedHeaders headers = hpack.decode(p, offset, length);
        GrpcClientCall<?, ?> call = streams.get(stream);
        if (call != null) {
            call.headers(headers, last);
        }
    }

    private void resetStream(int stream, byte[] p, int offset, int length)
            throws ConnectionException {
        if (stream == 0 || length != 4) {
            throw new ConnectionException(ErrorCode.FRAME_SIZE_ERROR, "malformed RST_STREAM");
        }
        GrpcClientCall<?, ?> call = streams.get(stream);
        if (call != null) {
            call.reset(Frames.getInt(p, offset));
        }
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
        if (ack) {
            if (!settingsSeen) {
                throw protocolError("the first frame is not SETTINGS");
            }
            return;
        }
        for (int at = offset; at < offset + length; at += 6) {
            setting((p[at] & 255) << 8 | p[at + 1] & 255, Frames.getInt(p, at + 2));
        }
        outbound.control(Frames.settingsAck());
        if (!settingsSeen) {
            settingsSeen = true;
            events.established();
        }
    }

    private void setting(int id, int value) throws ConnectionException {
        switch (id) {
            case Frames.SETTING_INITIAL_WINDOW_SIZE -> {
                if (value < 0) {
                    throw new ConnectionException(
                            ErrorCode.FLOW_CONTROL_ERROR, "initial window over 2^31-1");
                }
                outbound.initialWindow(value, openStreams());
            }
            case Frames.SETTING_MAX_FRAME_SIZE -> {
                if (value < Frames.DEFAULT_MAX_FRAME || value > 0xff_ffff) {
                    throw protocolError("SETTINGS_MAX_FRAME_SIZE " + value);
                }
                outbound.maxFrame(value);
            }
            case Frames.SETTING_MAX_CONCURRENT_STREAMS ->
                    outbound.maxStreams(Integer.toUnsignedLong(value));
            default -> {
                // Table size: we never use the server's table. Others: not for us, or unknown.
            }
        }
    }

    private List<OutboundStream> openStreams() {
        List<OutboundStream> open = new ArrayList<>(streams.size());
        streams.values().forEach(call -> open.add(call.out()));
        return open;
    }

    private void ping(int flags, int stream, byte[] p, int offset, int length)
            throws ConnectionException {
        if (stream != 0 || length != 8) {
            throw new ConnectionException(ErrorCode.FRAME_SIZE_ERROR, "malformed PING");
        }
        if ((flags & Frames.FLAG_ACK) == 0) {
            long payload =
                    (long) Frames.getInt(p, offset) << 32
                            | Frames.getInt(p, offset + 4) & 0xffff_ffffL;
            outbound.control(Frames.ping(true, payload));
        }
    }

    /** The server takes no more calls; those after the named one it has not looked at. */
    private void goAway(int stream, byte[] p, int offset, int length) throws ConnectionException {
        if (stream != 0 || length < 8) {
            throw new ConnectionException(ErrorCode.FRAME_SIZE_ERROR, "malformed GOAWAY");
        }
        int last = Frames.getInt(p, offset) & 0x7fffffff;
        int code = Frames.getInt(p, offset + 4);
        String text =
                "the server goes away: "
                        + ErrorCode.name(code)
                        + ' '
                        + new String(p, offset + 8, length - 8, StandardCharsets.UTF_8);
        goAway(text);
        for (GrpcClientCall<?, ?> call : calls) {
            int id = call.out().id;
            if (id == 0 || id > last) {
                call.lost(NotProcessedException.status(text));
            }
        }
        closeIfDrained();
    }

    private void goAway(String text) {
        draining = true;
        outbound.openNoMore();
        if (goingAway.compareAndSet(false, true)) {
            end = Status.UNAVAILABLE.withDescription(text);
            events.goingAway();
        }
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
        GrpcClientCall<?, ?> call = streams.get(stream);
        if (call == null) {
            return;
        }
        if (increment == 0 || !outbound.streamWindowUpdate(call.out(), increment)) {
            call.lost(Status.INTERNAL.withDescription("the server broke a stream's window"));
        }
    }

    private static ConnectionException protocolError(String message) {
        return new ConnectionException(ErrorCode.PROTOCOL_ERROR, message);
    }

    // ---- what calls need

    ClientSettings settings() {
        return settings;
    }

    boolean tls() {
        return tls;
    }

    Outbound outbound() {
        return outbound;
    }

    Executor executor() {
        return executor;
    }

    Deadline.Ticker ticker() {
        return ticker;
    }

    Future<?> later(Runnable task, long nanos) {
        return timer.schedule(task, nanos, TimeUnit.NANOSECONDS);
    }

    InboundMessages inbound(int maxMessageBytes, IntConsumer windowUpdate) {
        return new InboundMessages(
                settings.streamWindowBytes(), maxMessageBytes, 0, held, budget, windowUpdate);
    }

    /**
     * @return false when no call can be started here any more
     */
    boolean start(GrpcClientCall<?, ?> call, byte[] headers) {
        calls.add(call);
        if (!draining && outbound.start(call.out(), headers) && !closed.get()) {
            return true;
        }
        calls.remove(call);
        return false;
    }

    /** Called with the lock of the outbound held. */
    void opened(GrpcClientCall<?, ?> call, int stream) {
        streams.put(stream, call);
    }

    /** The call is over, for the server too. */
    void ended(GrpcClientCall<?, ?> call) {
        calls.remove(call);
        if (call.out().id != 0) {
            streams.remove(call.out().id);
        }
        if (draining) {
            closeIfDrained();
        }
    }

    /** Why a call cannot be started. */
    Status unusable() {
        return NotProcessedException.status(String.valueOf(end.getDescription()));
    }

    // ---- the end

    private void closeIfDrained() {
        if (draining && calls.isEmpty()) {
            close(end);
        }
    }

    /** Opens no new calls and closes when the last one has ended. */
    public void shutdown() {
        goAway("the client goes away");
        closeIfDrained();
    }

    /** Ends at once: every call fails with this status. Harmless when repeated. */
    public void shutdownNow(Status reason) {
        draining = true;
        failCalls(reason);
        close(reason);
    }

    private void close(Status reason) {
        if (closed.compareAndSet(false, true)) {
            end = reason;
            keepAlive.stop();
            outbound.urgent(Frames.goAway(0, ErrorCode.NO_ERROR, ""));
            outbound.closeWhenDrained();
            // A server that reads no more must not keep the socket open.
            later(sink::close, TimeUnit.SECONDS.toNanos(1));
            events.closed(reason);
        }
    }

    private void abandon(Status reason) {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        end = draining ? end : reason;
        draining = true;
        keepAlive.stop();
        outbound.shutDown(List.of());
        failCalls(reason);
        sink.close();
        events.closed(reason);
    }

    private void failCalls(Status reason) {
        for (GrpcClientCall<?, ?> call : calls) {
            call.lost(
                    call.out().id == 0
                            ? NotProcessedException.status(String.valueOf(reason.getDescription()))
                            : reason);
        }
    }

    private final class Pinged implements KeepAlive.Connection {
        @Override
        public long lastReadNanos() {
            return lastReadNanos;
        }

        @Override
        public boolean wantsPings() {
            return settings.keepAliveWithoutCalls() || !calls.isEmpty();
        }

        @Override
        public void sendKeepAlivePing() {
            outbound.urgent(Frames.ping(false, KEEPALIVE_PING));
            outbound.flushLater();
        }

        @Override
        public void peerIsGone() {
            executor.execute(
                    () -> disconnected("keepalive ping failed to receive ACK within timeout"));
        }

        @Override
        public Future<?> later(Runnable task, long nanos) {
            return GrpcClientConnection.this.later(task, nanos);
        }
    }
}
