package io.quorate.transport.http;

import io.quorate.transport.link.Pipe;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.SocketTimeoutException;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Objects;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The two directions of one HTTP/2 stream as streams of bytes. What comes in is asked for a few
 * chunks ahead, so that the window of the stream holds back a sender that is faster than the
 * reader.
 */
final class CallPipe implements Pipe {
    /** Chunks that may wait for the reader. */
    static final int AHEAD = 8;

    static final int CHUNK_BYTES = 64 << 10;

    private static final byte[] NOTHING = {};

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Call call;
    private final InputStream in = new Incoming();
    private final OutputStream out = new Outgoing();
    // Guarded by lock.
    private final Deque<byte[]> chunks = new ArrayDeque<>();
    private boolean complete;
    private String failure;
    private volatile int timeoutMillis;

    CallPipe(Call call) {
        this.call = call;
    }

    /** The stream below. */
    interface Call {
        /** Sends a chunk, which belongs to the call then; blocks while too much waits. */
        void send(byte[] chunk);

        /** Lets so many more chunks come. */
        void request(int chunks);

        /** Cuts the connection; may be called repeatedly. */
        void cut();
    }

    /** A chunk came. Never more than were requested. */
    void received(byte[] chunk) {
        lock.lock();
        try {
            chunks.add(chunk);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** The other side says nothing more. */
    void completed() {
        lock.lock();
        try {
            complete = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** The stream is broken; the first reason counts. */
    void failed(String why) {
        lock.lock();
        try {
            if (failure == null) failure = why;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public InputStream in() {
        return in;
    }

    @Override
    public OutputStream out() {
        return out;
    }

    @Override
    public void readTimeout(int millis) {
        timeoutMillis = millis;
    }

    @Override
    public void close() {
        failed("closed");
        call.cut();
    }

    /** The next chunk, empty at the end. */
    private byte[] next() throws IOException {
        lock.lock();
        try {
            int millis = timeoutMillis;
            long left = millis == 0 ? Long.MAX_VALUE : millis * 1_000_000L;
            while (chunks.isEmpty() && !complete && failure == null) {
                if (left <= 0)
                    throw new SocketTimeoutException("nothing came in " + millis + " ms");
                left = changed.awaitNanos(left);
            }
            // What came before a failure is still good.
            if (!chunks.isEmpty()) return chunks.poll();
            if (failure != null) throw new IOException(failure);
            return NOTHING;
        } catch (InterruptedException e) {
            throw new AssertionError("nobody interrupts this thread", e);
        } finally {
            lock.unlock();
        }
    }

    private void requireOpen() throws IOException {
        lock.lock();
        try {
            if (failure != null) throw new IOException(failure);
        } finally {
            lock.unlock();
        }
    }

    private final class Incoming extends InputStream {
        private byte[] chunk = NOTHING;
        private int at;

        @Override
        public int read() throws IOException {
            return fill() ? chunk[at++] & 0xff : -1;
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            Objects.checkFromIndexSize(offset, length, target.length);
            if (length == 0) return 0;
            if (!fill()) return -1;
            int part = Math.min(length, chunk.length - at);
            System.arraycopy(chunk, at, target, offset, part);
            at += part;
            return part;
        }

        @Override
        public int available() {
            return chunk.length - at;
        }

        private boolean fill() throws IOException {
            while (at == chunk.length) {
                byte[] next = next();
                if (next.length == 0) return false;
                chunk = next;
                at = 0;
                call.request(1);
            }
            return true;
        }
    }

    private final class Outgoing extends OutputStream {
        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            Objects.checkFromIndexSize(offset, length, bytes.length);
            for (int done = 0; done < length; ) {
                int part = Math.min(CHUNK_BYTES, length - done);
                int from = offset + done;
                requireOpen();
                call.send(Arrays.copyOfRange(bytes, from, from + part));
                done += part;
            }
            // A chunk given to a stream that broke meanwhile went nowhere.
            requireOpen();
        }
    }
}
