package io.quorate.transport.link;

import io.quorate.spi.transport.Peer;
import io.quorate.spi.transport.SnapshotBody;
import io.quorate.spi.transport.TransportEnv;
import io.quorate.spi.transport.TransportException;

import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.util.concurrent.CompletableFuture;

/** One snapshot on its way to a peer, on a connection and a thread of its own. */
final class SnapshotSend implements Runnable {
    private final Peer peer;
    private final byte[] header;
    private final SnapshotBody body;
    private final TransportEnv env;
    private final Dialer dialer;
    private final CompletableFuture<Void> result;
    private volatile Connection connection;
    private volatile boolean cancelled;

    SnapshotSend(
            Peer peer,
            byte[] header,
            SnapshotBody body,
            TransportEnv env,
            Dialer dialer,
            CompletableFuture<Void> result) {
        this.peer = peer;
        this.header = header;
        this.body = body;
        this.env = env;
        this.dialer = dialer;
        this.result = result;
    }

    long to() {
        return peer.memberId();
    }

    /** Gives up; the future fails. */
    void cancel() {
        cancelled = true;
        Connection current = connection;
        if (current != null) current.close();
    }

    @Override
    public void run() {
        // Whoever waits for the result finds the body released.
        IOException failure = null;
        try (body;
                Connection current = dial()) {
            connection = current;
            // After the assignment, so that either this or cancel() sees the other.
            if (cancelled) throw new IOException("the peer was removed, or the transport closed");
            send(current);
        } catch (IOException e) {
            failure = e;
        } catch (RuntimeException | Error e) {
            failure = new IOException("the snapshot cannot be read: " + e, e);
        }
        if (failure == null) {
            result.complete(null);
        } else {
            env.metrics().sendFailed(peer.memberId(), 1);
            result.completeExceptionally(
                    new TransportException(
                            "a snapshot did not reach peer %x: %s"
                                    .formatted(peer.memberId(), failure.getMessage()),
                            failure));
        }
    }

    private Connection dial() throws IOException {
        IOException last = null;
        for (URI url : peer.urls()) {
            try {
                return dialer.dial(peer, url, Hello.Lane.SNAPSHOT);
            } catch (IOException e) {
                last = e;
            }
        }
        throw last;
    }

    private void send(Connection current) throws IOException {
        CompletableFuture<Void> answer = new CompletableFuture<>();
        Thread.ofVirtual()
                .name("snapshot-answer-of-" + Long.toHexString(peer.memberId()))
                .start(() -> readAnswer(current, answer));
        current.wire().write(Wire.Kind.SNAPSHOT_HEADER, header);
        try (Chunks chunks = new Chunks(current, bytes -> env.metrics().sent(to(), bytes))) {
            body.writeTo(chunks);
            chunks.complete();
        } catch (IOException | RuntimeException | Error e) {
            // The refusal of the receiver says more than the broken pipe that follows it.
            if (answer.isCompletedExceptionally()) answerOf(answer);
            abort(current, e);
            throw e;
        }
        answerOf(answer);
    }

    private static void answerOf(CompletableFuture<Void> answer) throws IOException {
        Throwable failure = answer.handle((done, thrown) -> thrown).join();
        if (failure instanceof IOException e) throw e;
        if (failure != null) throw new IOException(failure);
    }

    private static void abort(Connection current, Throwable why) {
        try {
            current.wire().write(Wire.Kind.SNAPSHOT_ABORT, String.valueOf(why.getMessage()));
            current.wire().flush();
        } catch (IOException e) {
            why.addSuppressed(e);
        }
    }

    private static void readAnswer(Connection current, CompletableFuture<Void> answer) {
        try {
            while (!answer.isDone()) {
                Wire.Frame frame = current.wire().read(Wire.HELLO_BYTES_MAX);
                switch (frame.kind()) {
                    case SNAPSHOT_TAKEN -> answer.complete(null);
                    case SNAPSHOT_REFUSED ->
                            throw new IOException("the peer says: " + frame.text());
                    // It only says that the peer is alive.
                    case PONG -> {}
                    default -> throw new IOException("the peer answered with " + frame.kind());
                }
            }
        } catch (IOException e) {
            answer.completeExceptionally(e);
            // Ends a write that the peer does not take any more.
            current.close();
        }
    }

    /** Hears of bytes that were sent. */
    interface Sent {
        void bytes(long bytes);
    }

    /** Bytes as frames of bounded size. */
    private static final class Chunks extends OutputStream {
        private static final int CHUNK_BYTES = 256 << 10;

        private final Connection connection;
        private final Sent sent;
        private final byte[] chunk = new byte[CHUNK_BYTES];
        private int used;

        Chunks(Connection connection, Sent sent) {
            this.connection = connection;
            this.sent = sent;
        }

        @Override
        public void write(int b) throws IOException {
            if (used == CHUNK_BYTES) send();
            chunk[used++] = (byte) b;
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            int at = offset;
            while (at < offset + length) {
                if (used == CHUNK_BYTES) send();
                int part = Math.min(CHUNK_BYTES - used, offset + length - at);
                System.arraycopy(bytes, at, chunk, used, part);
                used += part;
                at += part;
            }
        }

        private void send() throws IOException {
            connection.wire().write(Wire.Kind.SNAPSHOT_CHUNK, chunk, used);
            sent.bytes(used);
            used = 0;
        }

        void complete() throws IOException {
            if (used > 0) send();
            connection.wire().write(Wire.Kind.SNAPSHOT_END);
            connection.wire().flush();
        }
    }
}
