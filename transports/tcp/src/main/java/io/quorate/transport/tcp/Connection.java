package io.quorate.transport.tcp;

import java.io.IOException;
import java.net.Socket;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;

/** A socket with frames on it. */
final class Connection implements AutoCloseable {
    private final Socket raw;
    private final Wire wire;
    private final ReentrantLock writing = new ReentrantLock();
    private final AtomicBoolean closed = new AtomicBoolean();

    /**
     * @param raw the socket below
     * @param secured the same, or TLS on top of it
     */
    Connection(Socket raw, Socket secured) throws IOException {
        this.raw = raw;
        this.wire = new Wire(secured.getInputStream(), secured.getOutputStream());
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
        raw.setSoTimeout(millis);
    }

    boolean closed() {
        return closed.get();
    }

    /**
     * Cuts the connection. It is the socket below that closes: TLS would first wait for a write
     * that hangs.
     */
    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) return;
        try {
            raw.close();
        } catch (IOException e) {
            // It is of no use any more, which is all that was wanted.
        }
    }
}
