package io.quorate.transport.link;

import static java.lang.System.Logger.Level.DEBUG;
import static java.lang.System.Logger.Level.INFO;
import static java.lang.System.Logger.Level.WARNING;

import io.quorate.spi.transport.Peer;
import io.quorate.spi.transport.TransportEnv;
import io.quorate.spi.transport.TransportHandler;

import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Messages to one peer: a queue, a connection, and the thread that brings one to the other.
 *
 * <pre>
 * first attempt --welcome--> connected --failure--> broken --welcome--> connected
 *       \--failure--> broken
 *
 * first attempt, connected   messages are queued
 * broken                     messages are dropped, for they would be old when they arrived
 * </pre>
 *
 * A second thread reads the answers to pings; when none comes for too long it cuts the connection,
 * which also ends a write that hangs.
 *
 * <p>The thread is one of the platform. A virtual one that waits for a socket is woken by a poller,
 * which itself has to be woken, then by a carrier; on the way of a put to a follower and back that
 * is half of the processor time, and a third of the wait of a lone client.
 */
final class PeerLink {
    private static final System.Logger LOGGER = System.getLogger("io.quorate.transport.link");

    private final Peer peer;
    private final TransportEnv env;
    private final LinkSettings settings;
    private final TransportHandler handler;
    private final Dialer dialer;
    private final MessageQueue queue;
    private volatile Connection connection;
    private volatile boolean connected;
    private volatile boolean ended;
    private volatile boolean overflowing;
    private volatile long connectedSince;

    PeerLink(
            Peer peer,
            TransportEnv env,
            LinkSettings settings,
            TransportHandler handler,
            Dialer dialer) {
        this.peer = peer;
        this.env = env;
        this.settings = settings;
        this.handler = handler;
        this.dialer = dialer;
        this.queue = new MessageQueue(settings.queueBytes(), settings.queueMessages());
        Thread.ofPlatform().daemon().name("peer-to-" + hex()).start(this::run);
    }

    Peer peer() {
        return peer;
    }

    /** See {@link io.quorate.spi.transport.Transport#send}. */
    void send(byte[] message) {
        if (queue.offer(message)) return;
        env.metrics().sendFailed(peer.memberId(), 1);
        // Once for each time that the queue overflows, not once for each message.
        if (connected && !overflowing) {
            overflowing = true;
            handler.unreachable(peer.memberId());
        }
    }

    OptionalLong connectedSince() {
        return connected ? OptionalLong.of(connectedSince) : OptionalLong.empty();
    }

    /** Ends the link; its thread ends soon after. */
    void end() {
        ended = true;
        queue.end();
        Connection current = connection;
        if (current != null) current.close();
    }

    private void run() {
        int failures = 0;
        try {
            while (!ended) {
                boolean wasConnected = attempt(failures);
                failures = wasConnected ? 1 : failures + 1;
                if (ended) return;
                env.metrics().sendFailed(peer.memberId(), queue.shut());
                handler.unreachable(peer.memberId());
                queue.pause(pauseNanos(failures));
            }
        } catch (InterruptedException e) {
            throw new AssertionError("nobody interrupts this thread", e);
        }
    }

    /** One connection from its beginning to its end; false when there was none. */
    private boolean attempt(int failures) throws InterruptedException {
        URI url = peer.urls().get(failures % peer.urls().size());
        boolean welcome = false;
        try (Connection current = dialer.dial(peer, url, Hello.Lane.MESSAGES)) {
            connection = current;
            // After the assignment, so that either this or end() sees the other.
            if (ended) return false;
            welcome = true;
            connected(url);
            Thread.ofVirtual().name("peer-pongs-of-" + hex()).start(() -> readPongs(current));
            write(current);
        } catch (Refused e) {
            handler.refused(peer.memberId(), e.reason(), e.getMessage());
        } catch (IOException | RuntimeException e) {
            if (!ended) failed(url, welcome, failures, e);
        } finally {
            if (welcome) disconnected();
        }
        return welcome;
    }

    private void connected(URI url) {
        connectedSince = System.nanoTime();
        connected = true;
        queue.reopen();
        env.metrics().connected(peer.memberId());
        LOGGER.log(INFO, "connected to peer " + hex() + " at " + url);
    }

    private void disconnected() {
        connected = false;
        env.metrics().disconnected(peer.memberId());
    }

    // A peer that is down is nothing to tell every second.
    private void failed(URI url, boolean welcome, int failures, Exception e) {
        System.Logger.Level level = welcome ? WARNING : failures == 0 ? INFO : DEBUG;
        if (LOGGER.isLoggable(level)) {
            String what = welcome ? "lost the connection to peer " : "cannot connect to peer ";
            LOGGER.log(level, what + hex() + " at " + url + ": " + e.getMessage());
        }
    }

    private void write(Connection current) throws IOException, InterruptedException {
        long interval = settings.pingInterval().toNanos();
        long nextPing = System.nanoTime();
        List<byte[]> batch = new ArrayList<>();
        while (!current.closed()) {
            if (!queue.take(batch, nextPing - System.nanoTime())) return;
            overflowing = false;
            long bytes = 0;
            for (byte[] message : batch) {
                current.wire().write(Wire.Kind.MESSAGE, message);
                bytes += message.length;
            }
            long now = System.nanoTime();
            if (now - nextPing >= 0) {
                current.wire().write(Wire.Kind.PING, nanos(now));
                nextPing = now + interval;
            }
            current.wire().flush();
            if (!batch.isEmpty()) env.metrics().sent(peer.memberId(), bytes);
            batch.clear();
        }
        throw new IOException("the peer does not answer");
    }

    private void readPongs(Connection current) {
        try (current) {
            while (true) {
                Wire.Frame frame = current.wire().read(Wire.HELLO_BYTES_MAX);
                if (frame.kind() == Wire.Kind.PONG && frame.payload().length == Long.BYTES) {
                    long sent = ByteBuffer.wrap(frame.payload()).getLong();
                    env.metrics().roundTrip(peer.memberId(), System.nanoTime() - sent);
                }
            }
        } catch (IOException e) {
            // The writer finds the connection closed and says so.
        }
    }

    /** Exponential, with a random half, so that members that fell together do not come together. */
    private long pauseNanos(int failures) {
        long min = settings.backoffMin().toNanos();
        long max = settings.backoffMax().toNanos();
        long pause = Math.min(max, min << Math.min(failures - 1, 20));
        return pause / 2 + ThreadLocalRandom.current().nextLong(pause / 2 + 1);
    }

    private static byte[] nanos(long nanos) {
        return ByteBuffer.allocate(Long.BYTES).putLong(nanos).array();
    }

    private String hex() {
        return Long.toHexString(peer.memberId());
    }
}
