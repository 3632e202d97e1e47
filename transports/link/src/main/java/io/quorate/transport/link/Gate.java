package io.quorate.transport.link;

import io.quorate.spi.transport.Peer;
import io.quorate.spi.transport.Refusal;
import io.quorate.spi.transport.TransportHandler;

import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/** Lets calls through to the handler until it closes, which waits for those inside. */
final class Gate implements TransportHandler, AutoCloseable {
    private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
    private final TransportHandler handler;
    private boolean closed;

    Gate(TransportHandler handler) {
        this.handler = handler;
    }

    @Override
    public Optional<Refusal> admit(Peer from) {
        lock.readLock().lock();
        try {
            // A member that stops says nothing about who may come in.
            return closed ? Optional.empty() : handler.admit(from);
        } finally {
            lock.readLock().unlock();
        }
    }

    @Override
    public void received(long from, byte[] message) {
        pass(() -> handler.received(from, message));
    }

    /** Not waited for: its stream fails when the connections are cut. */
    @Override
    public void snapshot(long from, byte[] header, InputStream body) throws IOException {
        handler.snapshot(from, header, body);
    }

    @Override
    public void unreachable(long to) {
        pass(() -> handler.unreachable(to));
    }

    @Override
    public void refused(long memberId, Refusal reason, String explanation) {
        pass(() -> handler.refused(memberId, reason, explanation));
    }

    private void pass(Runnable call) {
        lock.readLock().lock();
        try {
            if (!closed) call.run();
        } finally {
            lock.readLock().unlock();
        }
    }

    @Override
    public void close() {
        lock.writeLock().lock();
        try {
            closed = true;
        } finally {
            lock.writeLock().unlock();
        }
    }
}
