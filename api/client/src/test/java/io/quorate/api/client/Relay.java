package io.quorate.api.client;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;

/** A TCP relay in front of a member that cuts connections without a word. */
final class Relay implements AutoCloseable {
    private final ServerSocket listener;
    private final int target;
    private final IntSupplier budget;
    private final AtomicInteger accepted = new AtomicInteger();
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();

    /**
     * @param budget how many bytes the next connection may carry to the client before it is reset
     */
    Relay(int target, IntSupplier budget) throws IOException {
        this.target = target;
        this.budget = budget;
        this.listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread.ofPlatform().daemon().name("relay").start(this::accept);
    }

    Relay(int target) throws IOException {
        this(target, () -> Integer.MAX_VALUE);
    }

    String endpoint() {
        return "http://127.0.0.1:" + listener.getLocalPort();
    }

    int accepted() {
        return accepted.get();
    }

    private void accept() {
        try {
            while (true) {
                Socket client = listener.accept();
                accepted.incrementAndGet();
                Socket server = new Socket();
                server.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), target));
                client.setTcpNoDelay(true);
                server.setTcpNoDelay(true);
                sockets.add(client);
                sockets.add(server);
                pump(client, server, Integer.MAX_VALUE);
                pump(server, client, budget.getAsInt());
            }
        } catch (IOException e) {
            cut();
        }
    }

    private static void pump(Socket from, Socket to, int bytes) {
        Thread.ofPlatform()
                .daemon()
                .start(() -> {
                    try (from;
                            to) {
                        InputStream in = from.getInputStream();
                        OutputStream out = to.getOutputStream();
                        byte[] buffer = new byte[65_536];
                        long left = bytes;
                        for (int n = in.read(buffer); n > 0; n = in.read(buffer)) {
                            out.write(buffer, 0, (int) Math.min(n, left));
                            left -= n;
                            if (left <= 0) {
                                reset(from);
                                reset(to);
                                return;
                            }
                        }
                    } catch (IOException e) {
                        // One side has gone; closing the other is all there is to do.
                    }
                });
    }

    private static void reset(Socket socket) throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    /** Resets every connection: neither GOAWAY nor RST_STREAM nor FIN. */
    void cut() {
        for (Socket socket : sockets) {
            try {
                reset(socket);
            } catch (IOException e) {
                // It was closed already.
            }
        }
        sockets.clear();
    }

    @Override
    public void close() throws IOException {
        listener.close();
        cut();
    }
}
