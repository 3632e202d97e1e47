package io.quorate.transport.link;

import java.io.IOException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;

/** A pipe with frames on it. */
final class Connection implements AutoCloseable {
    private final Pipe pipe;
    private final Wire wire;
    private final ReentrantLock writing = new ReentrantLock();
    private final AtomicBoolean closed = new AtomicBoolean();

    Connection(Pipe pipe) {
        this.pipe = pipe;
        this.wire = new Wire(pipe.in(), pipe.out());
    }

    /** To read from, and to write to while nobody else writes. */
    Wire wire() {
        return wire;
    }

    /** Writes one frame and sends it; several threads may. */
    void send(Wire.Kind kind, byte[] payload) throws IOException {
        writing.lock();
        try {
            wire.write(kind, payload);
            wire.flush();
        } finally {
            writing.unlock();
        }
    }

    /** A read that waits longer than this fails; 0 waits for ever. */
    void readTimeout(int millis) throws IOException {
        pipe.readTimeout(millis);
    }

    boolean closed() {
        return closed.get();
    }

    /**
     * Waits until the other side, which was told that this is the end, has gone. A socket that is
     * closed earlier may take back what was said last.
     */
    void awaitEnd() {
        try {
            while (wire.skip()) {}
        } catch (IOException e) {
            // Gone too, if less politely.
        }
    }

    /** Cuts the connection. */
    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) pipe.close();
    }
}
