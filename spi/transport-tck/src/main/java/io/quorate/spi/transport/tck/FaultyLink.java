package io.quorate.spi.transport.tck;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A network between one member and another that can be made bad: a relay of TCP connections on the
 * loopback address that hangs, cuts, or sends on damaged bytes when it is told to.
 */
public final class FaultyLink implements AutoCloseable {
    private final ServerSocket server;
    private final InetSocketAddress target;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    // Guarded by lock.
    private boolean hanging;
    private volatile boolean down;
    private volatile boolean damaging;
    private volatile boolean closed;

    private FaultyLink(ServerSocket server, InetSocketAddress target) {
        this.server = server;
        this.target = target;
    }

    /** A healthy link to {@code target}. */
    public static FaultyLink to(InetSocketAddress target) {
        return between(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), target);
    }

    /** A healthy link from a free address to {@code target}. */
    public static FaultyLink between(InetSocketAddress address, InetSocketAddress target) {
        try {
            ServerSocket server = new ServerSocket();
            server.setReuseAddress(true);
            server.bind(address, 64);
            FaultyLink link = new FaultyLink(server, target);
            Thread.ofVirtual().start(link::accept);
            return link;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Where to connect to. */
    public InetSocketAddress address() {
        return (InetSocketAddress) server.getLocalSocketAddress();
    }

    /** Nothing moves any more, and no side hears of it. New connections are made and hang too. */
    public void hang() {
        set(true);
    }

    /** What hung moves on. */
    public void resume() {
        set(false);
    }

    private void set(boolean hang) {
        lock.lock();
        try {
            hanging = hang;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Cuts all connections; new ones are accepted. */
    public void cut() {
        for (Socket socket : sockets) close(socket);
    }

    /** Cuts all connections, and each new one at once, until {@link #up}. */
    public void down() {
        down = true;
        cut();
    }

    public void up() {
        down = false;
    }

    /** Flips a bit in all that is sent on from now on. */
    public void damage(boolean on) {
        damaging = on;
    }

    private void accept() {
        while (!closed) {
            try {
                Socket from = server.accept();
                sockets.add(from);
                if (down || closed) {
                    close(from);
                    continue;
                }
                Socket to = new Socket();
                sockets.add(to);
                to.connect(target);
                Thread.ofVirtual().start(() -> relay(from, to, true));
                Thread.ofVirtual().start(() -> relay(to, from, false));
            } catch (IOException e) {
                if (closed) return;
            }
        }
    }

    private void relay(Socket from, Socket to, boolean forth) {
        byte[] bytes = new byte[16 << 10];
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            for (int read = in.read(bytes); read >= 0; read = in.read(bytes)) {
                awaitHealth();
                if (damaging && forth) bytes[read / 2] ^= 0x10;
                out.write(bytes, 0, read);
            }
        } catch (IOException e) {
            // Both ends go down together, as with a cable.
        } finally {
            close(from);
            close(to);
            sockets.remove(from);
            sockets.remove(to);
        }
    }

    private void awaitHealth() {
        lock.lock();
        try {
            while (hanging && !closed) changed.awaitUninterruptibly();
        } finally {
            lock.unlock();
        }
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            // It is to be broken anyway.
        }
    }

    @Override
    public void close() {
        closed = true;
        try {
            server.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        set(false);
        cut();
    }
}
