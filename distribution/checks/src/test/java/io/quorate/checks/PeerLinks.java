package io.quorate.checks;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.stream.Stream;

/**
 * The network between server processes: a relay in front of the peer port of each, which knows who
 * dialled and can silence or slow any pair. What was sent into a silent link comes when the link is
 * whole again, as in a real network; so members hear what was said long ago.
 *
 * <p>The dialler of a connection is the process that holds the other end, by Linux' {@code /proc}.
 */
final class PeerLinks implements AutoCloseable {
    private static final int BUFFER_BYTES = 1 << 16;

    private record Link(String from, String to) {}

    private final Map<String, LongSupplier> processes = new ConcurrentHashMap<>();
    private final List<ServerSocket> servers = new ArrayList<>();
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();

    private final Map<Link, Rate> rates = new ConcurrentHashMap<>();

    // Guarded by the monitor.
    private final Set<Link> silent = new HashSet<>();

    /**
     * Opens a relay in front of a peer port; returns the relay's port.
     *
     * @param process id of the process that has the name, at any time
     */
    int relay(String name, int peerPort, LongSupplier process) {
        processes.put(name, process);
        try {
            ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
            servers.add(server);
            Thread.ofVirtual().start(() -> accept(server, name, peerPort));
            return server.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Nothing gets from one to the other or back, until {@link #mend}. */
    synchronized void silence(String one, String other) {
        silent.add(new Link(one, other));
        silent.add(new Link(other, one));
    }

    synchronized void mend() {
        silent.clear();
        notifyAll();
    }

    /**
     * From one to the other no more bytes get through in a second than these, on all connections
     * together: each has its turn, so that short messages get past a long one.
     *
     * @param rate in bytes per second, positive
     */
    void slow(String from, String to, long rate) {
        rates.put(new Link(from, to), new Rate(rate));
    }

    /** How many bytes a {@linkplain #slow slowed} way has let through. */
    long passed(String from, String to) {
        return rates.get(new Link(from, to)).passed();
    }

    /** Bytes that pass in a second, whoever sends them. */
    private static final class Rate {
        private final long bytesPerSecond;
        private long passed;
        private long free = System.nanoTime();

        Rate(long bytesPerSecond) {
            this.bytesPerSecond = bytesPerSecond;
        }

        /** Comes back when so many bytes are through. */
        void pass(int bytes) throws InterruptedException {
            TimeUnit.NANOSECONDS.sleep(reserve(bytes) - System.nanoTime());
        }

        private synchronized long reserve(int bytes) {
            passed += bytes;
            long nanos = TimeUnit.SECONDS.toNanos(bytes) / bytesPerSecond;
            free = Math.max(free, System.nanoTime()) + nanos;
            return free;
        }

        synchronized long passed() {
            return passed;
        }
    }

    private synchronized void awaitPassage(Link link) throws InterruptedException {
        while (silent.contains(link)) {
            wait();
        }
    }

    private void accept(ServerSocket server, String name, int peerPort) {
        while (!server.isClosed()) {
            try {
                Socket dialler = server.accept();
                sockets.add(dialler);
                Thread.ofVirtual().start(() -> connect(dialler, name, peerPort));
            } catch (SocketException closed) {
                return;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private void connect(Socket dialler, String to, int peerPort) {
        Optional<String> from = nameOf(dialler);
        try {
            // Somebody who is gone already.
            if (from.isEmpty()) {
                dialler.close();
                return;
            }
            Socket target = new Socket(InetAddress.getLoopbackAddress(), peerPort);
            sockets.add(target);
            Link way = new Link(from.get(), to);
            Thread.ofVirtual().start(() -> pump(dialler, target, way));
            pump(target, dialler, new Link(to, from.get()));
        } catch (IOException nobodyListens) {
            close(dialler);
        }
    }

    private void pump(Socket source, Socket sink, Link link) {
        byte[] buffer = new byte[BUFFER_BYTES];
        try {
            InputStream in = source.getInputStream();
            OutputStream out = sink.getOutputStream();
            for (int length = in.read(buffer); length >= 0; length = in.read(buffer)) {
                awaitPassage(link);
                Rate rate = rates.get(link);
                if (rate != null) rate.pass(length);
                out.write(buffer, 0, length);
            }
        } catch (IOException ended) {
            // One of the two processes is gone, or the test is over.
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        } finally {
            close(source);
            close(sink);
        }
    }

    private void close(Socket socket) {
        sockets.remove(socket);
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    // ---- who dialled

    private Optional<String> nameOf(Socket accepted) {
        Optional<String> inode = inode(accepted.getPort(), accepted.getLocalPort());
        return inode.flatMap(found ->
                processes.entrySet().stream()
                        .filter(entry -> holds(entry.getValue().getAsLong(), found))
                        .map(Map.Entry::getKey)
                        .findFirst());
    }

    /** Of the socket that has these ports, as the one who dialled sees it. */
    private static Optional<String> inode(int localPort, int remotePort) {
        String local = ":%04X".formatted(localPort);
        String remote = ":%04X".formatted(remotePort);
        for (String table : List.of("/proc/net/tcp", "/proc/net/tcp6")) {
            try (Stream<String> lines = Files.lines(Path.of(table))) {
                Optional<String> found =
                        lines.map(line -> line.trim().split("\\s+"))
                                .filter(columns -> columns[1].endsWith(local))
                                .filter(columns -> columns[2].endsWith(remote))
                                .map(columns -> columns[9])
                                .findFirst();
                if (found.isPresent()) {
                    return found;
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return Optional.empty();
    }

    private static boolean holds(long process, String inode) {
        String wanted = "socket:[" + inode + "]";
        Path folder = Path.of("/proc", Long.toString(process), "fd");
        try (Stream<Path> files = Files.list(folder)) {
            return files.anyMatch(file -> {
                try {
                    return Files.readSymbolicLink(file).toString().equals(wanted);
                } catch (IOException closedMeanwhile) {
                    return false;
                }
            });
        } catch (IOException | UncheckedIOException gone) {
            return false;
        }
    }

    @Override
    public void close() {
        mend();
        for (ServerSocket server : servers) {
            try {
                server.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        sockets.forEach(this::close);
    }
}
