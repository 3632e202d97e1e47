package io.quorate.transport.link;

import static java.lang.System.Logger.Level.WARNING;

import io.quorate.spi.transport.Peer;
import io.quorate.spi.transport.SnapshotBody;
import io.quorate.spi.transport.Transport;
import io.quorate.spi.transport.TransportEnv;
import io.quorate.spi.transport.TransportException;
import io.quorate.spi.transport.TransportHandler;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;

/**
 * Members over sockets. Each member connects to each other one, for what it has to send: one
 * connection for messages that stays, and one for each snapshot. What comes back on it is answers
 * only. So there is nothing to agree on between two members that connect to each other at the same
 * time.
 */
public final class LinkTransport implements Transport {
    private static final System.Logger LOGGER = System.getLogger("io.quorate.transport.link");

    private final TransportEnv env;
    private final LinkSettings settings;
    private final Carrier carrier;
    private final TransportHandler handler;
    private final Deadlines deadlines = new Deadlines();
    private final Dialer dialer;
    private final List<ServerSocket> servers;
    private final List<Thread> acceptors;
    private final Map<Long, PeerLink> links = new ConcurrentHashMap<>();
    private final Set<SnapshotSend> snapshots = ConcurrentHashMap.newKeySet();
    private final Set<Incoming> incoming = ConcurrentHashMap.newKeySet();
    private final Gate gate;
    private volatile boolean closed;

    private LinkTransport(
            TransportEnv env,
            LinkSettings settings,
            TransportHandler handler,
            Carrier carrier,
            List<ServerSocket> servers) {
        this.env = env;
        this.carrier = carrier;
        this.settings = settings;
        this.gate = new Gate(handler);
        this.handler = gate;
        this.servers = servers;
        this.dialer = new Dialer(env, settings, deadlines, carrier);
        this.acceptors = IntStream.range(0, servers.size()).mapToObj(this::acceptor).toList();
    }

    private Thread acceptor(int index) {
        ServerSocket server = servers.get(index);
        boolean secure = env.secure(index);
        return Thread.ofVirtual()
                .name("peer-accept-" + server.getLocalPort())
                .unstarted(() -> accept(server, secure));
    }

    /**
     * Binds the addresses and starts to accept; see {@link
     * io.quorate.spi.transport.TransportProvider#open}.
     */
    public static LinkTransport open(TransportEnv env, TransportHandler handler, Carrier carrier) {
        LinkSettings settings = LinkSettings.of(env.settings());
        List<ServerSocket> servers = new ArrayList<>();
        try {
            for (InetSocketAddress address : env.listen()) {
                servers.add(bind(address, env.reusePort()));
            }
        } catch (TransportException e) {
            servers.forEach(LinkTransport::quietly);
            throw e;
        }
        LinkTransport transport =
                new LinkTransport(env, settings, handler, carrier, List.copyOf(servers));
        transport.acceptors.forEach(Thread::start);
        return transport;
    }

    private static ServerSocket bind(InetSocketAddress address, boolean reusePort) {
        ServerSocket server = null;
        try {
            server = new ServerSocket();
            server.setReuseAddress(true);
            if (reusePort) server.setOption(StandardSocketOptions.SO_REUSEPORT, true);
            server.bind(address, 1024);
            return server;
        } catch (IOException e) {
            if (server != null) quietly(server);
            throw new TransportException(
                    "cannot listen for peers on " + address + ": " + e.getMessage(), e);
        }
    }

    private void accept(ServerSocket server, boolean secure) {
        while (!closed) {
            try {
                take(server.accept(), secure);
            } catch (IOException e) {
                if (closed) return;
                // Most likely too many open files; those in use may end meanwhile.
                LOGGER.log(WARNING, "cannot accept a peer connection: " + e.getMessage());
                LockSupport.parkNanos(settings.backoffMin().toNanos());
            }
        }
    }

    private void take(Socket socket, boolean secure) {
        Incoming connection =
                new Incoming(socket, secure, env, settings, handler, deadlines, carrier);
        if (incoming.size() >= settings.incomingMax()) {
            connection.close();
            return;
        }
        incoming.add(connection);
        // After the add, so that either this or close() sees the other.
        if (closed) connection.close();
        // A platform thread, as that of the writer: see PeerLink.
        Thread.ofPlatform()
                .daemon()
                .name("peer-from-" + socket.getRemoteSocketAddress())
                .start(() -> {
                    try {
                        connection.run();
                    } finally {
                        incoming.remove(connection);
                    }
                });
    }

    @Override
    public void put(Peer peer) {
        links.compute(
                peer.memberId(),
                (id, old) -> {
                    if (old != null && old.peer().equals(peer)) return old;
                    if (old != null) old.end();
                    return closed ? null : new PeerLink(peer, env, settings, handler, dialer);
                });
        if (closed) remove(peer.memberId());
    }

    @Override
    public void remove(long memberId) {
        PeerLink link = links.remove(memberId);
        if (link != null) link.end();
        for (SnapshotSend send : snapshots) {
            if (send.to() == memberId) send.cancel();
        }
        // It comes back, and hears then why it is not let in.
        for (Incoming connection : incoming) {
            if (connection.from() == memberId) connection.close();
        }
    }

    @Override
    public void send(long to, byte[] message) {
        PeerLink link = links.get(to);
        if (link != null) link.send(message);
    }

    @Override
    public CompletableFuture<Void> sendSnapshot(long to, byte[] header, SnapshotBody body) {
        CompletableFuture<Void> result = new CompletableFuture<>();
        PeerLink link = links.get(to);
        if (link == null || closed) {
            body.close();
            result.completeExceptionally(
                    new TransportException(
                            "no way to peer " + Long.toHexString(to) + "; it is not a member",
                            null));
            return result;
        }
        SnapshotSend send = new SnapshotSend(link.peer(), header, body, env, dialer, result);
        snapshots.add(send);
        if (closed) send.cancel();
        result.whenComplete((done, thrown) -> snapshots.remove(send));
        Thread.ofVirtual().name("snapshot-to-" + Long.toHexString(to)).start(send);
        return result.copy();
    }

    @Override
    public OptionalLong connectedSince(long memberId) {
        PeerLink link = links.get(memberId);
        return link == null ? OptionalLong.empty() : link.connectedSince();
    }

    @Override
    public List<InetSocketAddress> addresses() {
        return servers.stream()
                .map(server -> (InetSocketAddress) server.getLocalSocketAddress())
                .toList();
    }

    @Override
    public void close() {
        closed = true;
        servers.forEach(LinkTransport::quietly);
        // An address is free once nobody waits in accept() any more.
        acceptors.forEach(LinkTransport::join);
        links.keySet().forEach(this::remove);
        snapshots.forEach(SnapshotSend::cancel);
        incoming.forEach(Incoming::close);
        deadlines.close();
        gate.close();
        carrier.close();
    }

    private static void join(Thread thread) {
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) Thread.currentThread().interrupt();
    }

    private static void quietly(ServerSocket server) {
        try {
            server.close();
        } catch (IOException e) {
            // A socket that does not even close has nothing left to lose.
        }
    }
}
