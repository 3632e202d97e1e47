package io.quorate.api.grpc;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongConsumer;

/**
 * The sending half of a connection: flow-control windows, the queues of its streams, and one write
 * buffer.
 *
 * <p>Laws:
 *
 * <ul>
 *   <li>Both windows are reserved under the one lock at the moment a DATA frame is put into the
 *       write buffer, so concurrent answers never overshoot.
 *   <li>The socket is written by one thread at a time, without the lock. Whoever adds bytes while
 *       nobody writes becomes the writer for a few rounds; what others add meanwhile leaves with
 *       the next round, so concurrent answers share writes.
 *   <li>Streams with something to send take turns, a frame each. A stream whose window is shut
 *       waits by itself and holds up nobody.
 *   <li>The write buffer takes no DATA above {@link #BUFFER_BYTES}; the rest stays with its stream,
 *       where {@link #send} blocks above the stream's limit.
 *   <li>Control frames never wait. When a peer makes us produce more than {@link #CONTROL_BYTES} of
 *       them without reading any, that is a flood.
 * </ul>
 *
 * Thread-safe. Lock order: this lock, then a call's.
 */
final class Outbound {
    /** A stream is ready while less than this waits in it; the number grpc-java uses. */
    static final int READY_BYTES = 32 << 10;

    static final int BUFFER_BYTES = 128 << 10;
    static final int CONTROL_BYTES = 1 << 20;
    private static final int SMALL_BUFFER = 8 << 10;

    /**
     * Writes a caller's thread does for others before it hands the writing to a thread of its own.
     */
    private static final int ROUNDS = 4;

    private final ReentrantLock lock = new ReentrantLock();
    private final ByteSink sink;
    private final Executor executor;
    private final LongConsumer sentBytes;
    private final int streamLimit;
    private final Runnable onFailure;
    private final Runnable onRelief;
    private final long reliefBytes;

    private final AtomicInteger turns = new AtomicInteger();

    private byte[] buffer = new byte[SMALL_BUFFER];
    private byte[] spare = new byte[SMALL_BUFFER];
    private int length;
    private int controlBytes;
    private boolean writing;
    private boolean dead;
    private boolean closeWhenDrained;

    private long window = Frames.DEFAULT_WINDOW;
    private int initialWindow = Frames.DEFAULT_WINDOW;
    private int maxFrame = Frames.DEFAULT_MAX_FRAME;
    private final ArrayDeque<OutboundStream> ready = new ArrayDeque<>();

    /** Ready but for the connection's window. */
    private final ArrayDeque<OutboundStream> starved = new ArrayDeque<>();

    /** Client side: streams the server's SETTINGS_MAX_CONCURRENT_STREAMS keeps waiting. */
    private final ArrayDeque<OutboundStream> unopened = new ArrayDeque<>();

    private long maxStreams = ConnectionSettings.UNLIMITED_STREAMS;
    private int openStreams;
    private int nextStream = 1;
    private boolean opensNoMore;

    private long pending;
    private boolean overloaded;
    private boolean streamFramesSent;

    /**
     * @param streamLimit bytes waiting in one stream above which senders block
     * @param reliefBytes bytes waiting in all streams above which {@link #overloaded} is true
     * @param onFailure called once, without the lock, when the sink throws
     * @param onRelief called under the lock when {@code overloaded} ends; short
     */
    Outbound(
            ByteSink sink,
            Executor executor,
            LongConsumer sentBytes,
            int streamLimit,
            long reliefBytes,
            Runnable onFailure,
            Runnable onRelief) {
        this.sink = sink;
        this.executor = executor;
        this.sentBytes = sentBytes;
        this.streamLimit = streamLimit;
        this.reliefBytes = reliefBytes;
        this.onFailure = onFailure;
        this.onRelief = onRelief;
    }

    /** A new stream with the peer's initial window. */
    OutboundStream open(int id, OutboundStream.Events events) {
        lock.lock();
        try {
            return new OutboundStream(id, initialWindow, events);
        } finally {
            lock.unlock();
        }
    }

    // ---- a client's streams: opened, half-closed, reset, released

    /** A client's stream, without an id until {@link #start}. */
    OutboundStream prepare(OutboundStream.Events events) {
        return new OutboundStream(0, 0, events);
    }

    /**
     * Opens a client's stream: its header block is put into the buffer now, or when the server
     * allows one more. Ids must rise on the wire (RFC 9113 §5.1.1), so they are given here, under
     * the lock. The caller flushes.
     *
     * @return false when the connection opens no more streams; the request has not left
     */
    boolean start(OutboundStream stream, byte[] headers) {
        lock.lock();
        try {
            if (dead || opensNoMore || stream.ended) {
                return false;
            }
            stream.headers = headers;
            unopened.add(stream);
            openWaiting();
            return true;
        } finally {
            lock.unlock();
        }
    }

    private void openWaiting() {
        while (!unopened.isEmpty() && openStreams < maxStreams && !opensNoMore) {
            OutboundStream stream = unopened.poll();
            openStreams++;
            stream.id = nextStream;
            nextStream += 2;
            opensNoMore = nextStream < 0;
            stream.window = initialWindow;
            stream.events.opened(stream.id);
            putHeaderBlock(stream.id, stream.headers, false);
            stream.headers = null;
            enqueue(stream);
        }
        pump();
    }

    /** A client's stream ends after the messages queued so far. The caller flushes. */
    void endAfterMessages(OutboundStream stream) {
        lock.lock();
        try {
            if (!stream.ended && !dead) {
                stream.endAfterMessages = true;
                enqueue(stream);
                pump();
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * A client's stream is over: lets another take its place. The caller flushes.
     *
     * @param reset whether the server must be told, because one of the two sides is still open
     */
    void release(OutboundStream stream, boolean reset, ErrorCode code) {
        lock.lock();
        try {
            boolean sentEnd = stream.ended;
            drop(stream);
            if (stream.id == 0 || stream.released) {
                return;
            }
            stream.released = true;
            openStreams--;
            if (!dead && (reset || !sentEnd)) {
                byte[] frame = Frames.resetStream(stream.id, code);
                put(frame, 0, frame.length);
            }
            openWaiting();
        } finally {
            lock.unlock();
        }
    }

    /** The server allows this many open streams. */
    void maxStreams(long streams) {
        lock.lock();
        try {
            maxStreams = streams;
            openWaiting();
        } finally {
            lock.unlock();
        }
    }

    /** The server goes away: {@link #start} fails from now on. Waiting streams stay unopened. */
    void openNoMore() {
        lock.lock();
        try {
            opensNoMore = true;
        } finally {
            lock.unlock();
        }
    }

    boolean opensMore() {
        lock.lock();
        try {
            return !opensNoMore && !dead;
        } finally {
            lock.unlock();
        }
    }

    // ---- sending

    /**
     * Queues a header block, a message and trailers, each of which may be null, and writes what the
     * windows allow. Blocks while the stream already holds more than its limit.
     *
     * @return false when the stream has ended and nothing was queued
     */
    boolean send(OutboundStream stream, byte[] headers, byte[] message, byte[] trailers) {
        boolean queued = offer(stream, headers, message, trailers);
        flush();
        return queued;
    }

    /** As {@link #send} without writing: the caller flushes. */
    boolean offer(OutboundStream stream, byte[] headers, byte[] message, byte[] trailers) {
        lock.lock();
        try {
            if (message != null && !awaitRoom(stream)) {
                return false;
            }
            if (stream.ended || dead) {
                return false;
            }
            if (headers != null) {
                stream.headers = headers;
                stream.answered = true;
            }
            if (message != null) {
                stream.messages.add(message);
                stream.pending += message.length;
                pending += message.length;
                overloaded |= pending > reliefBytes;
            }
            if (trailers != null) {
                stream.trailers = trailers;
                stream.answered = true;
            }
            enqueue(stream);
            pump();
            return true;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Ends the stream with trailers instead of what still waits; when a message has been sent in
     * part, with RST_STREAM, because trailers after half a message would hide the reason.
     *
     * @param trailersOnly for a stream that has not been answered, includes the response headers
     * @param trailers for one that has
     */
    boolean endWith(OutboundStream stream, byte[] trailersOnly, byte[] trailers) {
        lock.lock();
        try {
            if (stream.offset > 0) {
                return abort(stream, ErrorCode.CANCEL);
            }
            boolean headersSent = stream.answered && stream.headers == null;
            if (stream.ended || stream.trailers != null) {
                return false;
            }
            released(stream.pending);
            stream.pending = 0;
            stream.messages.clear();
            stream.headers = null;
            stream.answered = true;
            stream.trailers = headersSent ? trailers : trailersOnly;
            signalRoom(stream);
            enqueue(stream);
            pump();
            return true;
        } finally {
            lock.unlock();
        }
    }

    private boolean awaitRoom(OutboundStream stream) {
        while (stream.pending >= streamLimit && !stream.ended && !dead) {
            if (stream.room == null) {
                stream.room = lock.newCondition();
            }
            stream.room.awaitUninterruptibly();
        }
        return !stream.ended && !dead;
    }

    /** Queues a control frame ahead of all DATA not yet in the buffer. The caller flushes. */
    void control(byte[] frame) throws ConnectionException {
        lock.lock();
        try {
            if (dead) {
                return;
            }
            controlBytes += frame.length;
            if (controlBytes > CONTROL_BYTES) {
                throw new ConnectionException(
                        ErrorCode.ENHANCE_YOUR_CALM, "too many control frames");
            }
            put(frame, 0, frame.length);
        } finally {
            lock.unlock();
        }
    }

    /** Queues a GOAWAY or another frame that no flood may stop. */
    void urgent(byte[] frame) {
        lock.lock();
        try {
            if (!dead) {
                put(frame, 0, frame.length);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Drops what the stream still has to send and sends RST_STREAM, if it has not ended. */
    boolean abort(OutboundStream stream, ErrorCode code) {
        lock.lock();
        try {
            if (!drop(stream)) {
                return false;
            }
            if (!dead) {
                byte[] frame = Frames.resetStream(stream.id, code);
                put(frame, 0, frame.length);
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** The peer reset the stream: drops what it still has to send. */
    void discard(OutboundStream stream) {
        lock.lock();
        try {
            drop(stream);
        } finally {
            lock.unlock();
        }
    }

    private boolean drop(OutboundStream stream) {
        if (stream.ended) {
            return false;
        }
        stream.ended = true;
        if (stream.id == 0) {
            unopened.remove(stream);
        }
        if (stream.queued) {
            // A peer that opens, resets and never opens the window must not fill the queues.
            ready.remove(stream);
            starved.remove(stream);
            stream.queued = false;
        }
        released(stream.pending);
        stream.pending = 0;
        stream.messages.clear();
        stream.headers = null;
        stream.trailers = null;
        signalRoom(stream);
        return true;
    }

    /** The client has sent END_STREAM: no RST_STREAM is needed after the trailers. */
    void remoteClosed(OutboundStream stream) {
        lock.lock();
        try {
            stream.remoteClosed = true;
        } finally {
            lock.unlock();
        }
    }

    boolean answered(OutboundStream stream) {
        lock.lock();
        try {
            return stream.answered;
        } finally {
            lock.unlock();
        }
    }

    /** True while less than 32 KiB waits in the stream; a false is followed by one writable(). */
    boolean isReady(OutboundStream stream) {
        lock.lock();
        try {
            if (stream.ended || dead) {
                return false;
            }
            boolean full = stream.pending >= READY_BYTES;
            stream.wasFull |= full;
            return !full;
        } finally {
            lock.unlock();
        }
    }

    /** True while more answers wait than the connection's limit. */
    boolean overloaded() {
        lock.lock();
        try {
            return overloaded && !dead;
        } finally {
            lock.unlock();
        }
    }

    long pendingBytes() {
        lock.lock();
        try {
            return pending;
        } finally {
            lock.unlock();
        }
    }

    /** True when a HEADERS or DATA frame went out since the last call; see {@link PingPolicy}. */
    boolean takeStreamFramesSent() {
        lock.lock();
        try {
            boolean sent = streamFramesSent;
            streamFramesSent = false;
            return sent;
        } finally {
            lock.unlock();
        }
    }

    void connectionWindowUpdate(int increment) throws ConnectionException {
        lock.lock();
        try {
            window += increment;
            if (window > Integer.MAX_VALUE) {
                throw new ConnectionException(
                        ErrorCode.FLOW_CONTROL_ERROR, "connection window over 2^31-1");
            }
            ready.addAll(starved);
            starved.clear();
            pump();
        } finally {
            lock.unlock();
        }
    }

    /**
     * @return false when the window went over 2^31-1, which is an error of the stream
     */
    boolean streamWindowUpdate(OutboundStream stream, int increment) {
        lock.lock();
        try {
            stream.window += increment;
            if (stream.window > Integer.MAX_VALUE) {
                return false;
            }
            enqueue(stream);
            pump();
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** The peer's SETTINGS_INITIAL_WINDOW_SIZE changes the windows of open streams too. */
    void initialWindow(int size, Collection<OutboundStream> open) throws ConnectionException {
        lock.lock();
        try {
            long change = (long) size - initialWindow;
            initialWindow = size;
            for (OutboundStream stream : open) {
                stream.window += change;
                if (stream.window > Integer.MAX_VALUE) {
                    throw new ConnectionException(
                            ErrorCode.FLOW_CONTROL_ERROR, "stream window over 2^31-1");
                }
                enqueue(stream);
            }
            pump();
        } finally {
            lock.unlock();
        }
    }

    void maxFrame(int size) {
        lock.lock();
        try {
            // Larger frames would only make one stream's turn longer.
            maxFrame = Math.min(size, Frames.DEFAULT_MAX_FRAME);
        } finally {
            lock.unlock();
        }
    }

    /** Writes what is in the buffer, unless somebody else is at it; blocks on the socket. */
    void flush() {
        lock.lock();
        try {
            if (writing || dead || length == 0) {
                return;
            }
            writing = true;
        } finally {
            lock.unlock();
        }
        drain(ROUNDS);
    }

    /**
     * As {@link #flush}; when other calls have their turn too, by another thread that runs behind
     * them, so that what they send leaves with the same write. A write to a socket costs more than
     * all else about a short answer.
     */
    void flushTogether() {
        if (turns.get() > 1) {
            flushLater();
        } else {
            flush();
        }
    }

    /** A call's turn begins, on a thread that will run soon: it may send. */
    void turnBegins() {
        turns.incrementAndGet();
    }

    void turnEnds() {
        turns.decrementAndGet();
    }

    /** As {@link #flush}, by another thread: for the reader and timers, which must not block. */
    void flushLater() {
        lock.lock();
        try {
            if (writing || dead || length == 0 && !closeWhenDrained) {
                return;
            }
            writing = true;
        } finally {
            lock.unlock();
        }
        executor.execute(() -> drain(Integer.MAX_VALUE));
    }

    /** Closes the sink once all that is queued has left, or at once when nothing is. */
    void closeWhenDrained() {
        lock.lock();
        try {
            closeWhenDrained = true;
        } finally {
            lock.unlock();
        }
        flushLater();
    }

    /** Ends everything now: queued bytes are dropped, waiting senders return. */
    void shutDown(Collection<OutboundStream> open) {
        lock.lock();
        try {
            dead = true;
            for (OutboundStream stream : open) {
                drop(stream);
            }
            ready.clear();
            starved.clear();
            length = 0;
        } finally {
            lock.unlock();
        }
    }

    private void drain(int rounds) {
        for (int round = 0; ; round++) {
            byte[] full;
            int n;
            lock.lock();
            try {
                pump();
                if (length == 0 || dead) {
                    writing = false;
                    shrink();
                    if (!closeWhenDrained || !ready.isEmpty() && !dead) {
                        return;
                    }
                    break;
                }
                if (round == rounds) {
                    executor.execute(() -> drain(Integer.MAX_VALUE));
                    return;
                }
                full = buffer;
                n = length;
                buffer = spare;
                spare = full;
                length = 0;
                controlBytes = 0;
            } finally {
                lock.unlock();
            }
            if (!write(full, n)) {
                return;
            }
        }
        sink.close();
    }

    private boolean write(byte[] bytes, int n) {
        try {
            sink.write(bytes, 0, n);
            sentBytes.accept(n);
            return true;
        } catch (IOException e) {
            // Not logged: a peer that goes away is no news; its calls learn it by being cancelled.
            lock.lock();
            try {
                writing = false;
                dead = true;
            } finally {
                lock.unlock();
            }
            onFailure.run();
            return false;
        }
    }

    private void shrink() {
        if (buffer.length > SMALL_BUFFER) {
            buffer = new byte[SMALL_BUFFER];
        }
        if (spare.length > SMALL_BUFFER) {
            spare = new byte[SMALL_BUFFER];
        }
    }

    private void enqueue(OutboundStream stream) {
        if (!stream.queued && !stream.ended && stream.sendable()) {
            stream.queued = true;
            ready.add(stream);
        }
    }

    /** Moves frames from the streams into the buffer, a DATA frame for each stream in turn. */
    private void pump() {
        while (length < BUFFER_BYTES && !ready.isEmpty()) {
            OutboundStream stream = ready.poll();
            if (stream.ended) {
                stream.queued = false;
                continue;
            }
            if (stream.headers != null) {
                putHeaderBlock(stream.id, stream.headers, false);
                stream.headers = null;
            }
            if (stream.pending > 0 && stream.window > 0 && window > 0) {
                putData(stream);
            }
            if (stream.pending == 0 && stream.trailers != null) {
                finish(stream);
            }
            if (stream.pending == 0 && stream.endAfterMessages && !stream.ended) {
                room(Frames.HEADER_BYTES);
                Frames.putHeader(buffer, length, 0, Frames.DATA, Frames.FLAG_END_STREAM, stream.id);
                length += Frames.HEADER_BYTES;
                sentEnd(stream);
            }
            if (stream.ended || !stream.sendable()) {
                stream.queued = false;
            } else if (window > 0) {
                ready.add(stream);
            } else {
                starved.add(stream);
            }
        }
    }

    private void putData(OutboundStream stream) {
        int n = (int) Math.min(Math.min(stream.pending, maxFrame), Math.min(stream.window, window));
        stream.window -= n;
        window -= n;
        room(Frames.HEADER_BYTES + n);
        boolean end = stream.endAfterMessages && n == stream.pending;
        Frames.putHeader(
                buffer, length, n, Frames.DATA, end ? Frames.FLAG_END_STREAM : 0, stream.id);
        length += Frames.HEADER_BYTES;
        streamFramesSent = true;
        for (int left = n; left > 0; ) {
            byte[] message = stream.messages.peek();
            int part = Math.min(left, message.length - stream.offset);
            System.arraycopy(message, stream.offset, buffer, length, part);
            length += part;
            left -= part;
            stream.offset += part;
            if (stream.offset == message.length) {
                stream.messages.poll();
                stream.offset = 0;
            }
        }
        stream.pending -= n;
        released(n);
        if (stream.pending < streamLimit) {
            signalRoom(stream);
        }
        if (stream.wasFull && stream.pending < READY_BYTES) {
            stream.wasFull = false;
            stream.events.writable();
        }
        if (end) {
            sentEnd(stream);
        }
    }

    private static void sentEnd(OutboundStream stream) {
        stream.ended = true;
        stream.events.finished();
    }

    private void released(int bytes) {
        pending -= bytes;
        if (overloaded && pending <= reliefBytes / 2) {
            overloaded = false;
            onRelief.run();
        }
    }

    private static void signalRoom(OutboundStream stream) {
        if (stream.room != null) {
            stream.room.signalAll();
        }
    }

    private void finish(OutboundStream stream) {
        putHeaderBlock(stream.id, stream.trailers, true);
        stream.trailers = null;
        if (!stream.remoteClosed) {
            // The answer is complete; NO_ERROR asks the client to stop sending (RFC 9113 §8.1).
            byte[] reset = Frames.resetStream(stream.id, ErrorCode.NO_ERROR);
            put(reset, 0, reset.length);
        }
        stream.ended = true;
        stream.events.finished();
    }

    private void putHeaderBlock(int stream, byte[] block, boolean endStream) {
        streamFramesSent = true;
        int at = 0;
        int type = Frames.HEADERS;
        int flags = endStream ? Frames.FLAG_END_STREAM : 0;
        do {
            int n = Math.min(block.length - at, maxFrame);
            boolean last = at + n == block.length;
            room(Frames.HEADER_BYTES + n);
            Frames.putHeader(
                    buffer, length, n, type, flags | (last ? Frames.FLAG_END_HEADERS : 0), stream);
            System.arraycopy(block, at, buffer, length + Frames.HEADER_BYTES, n);
            length += Frames.HEADER_BYTES + n;
            at += n;
            type = Frames.CONTINUATION;
            flags = 0;
        } while (at < block.length);
    }

    private void put(byte[] bytes, int offset, int n) {
        room(n);
        System.arraycopy(bytes, offset, buffer, length, n);
        length += n;
    }

    private void room(int n) {
        if (buffer.length < length + n) {
            byte[] larger = new byte[Math.max(buffer.length * 2, length + n)];
            System.arraycopy(buffer, 0, larger, 0, length);
            buffer = larger;
        }
    }
}
