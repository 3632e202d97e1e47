package io.quorate.engine.node;

import static java.lang.System.Logger.Level.INFO;
import static java.lang.System.Logger.Level.WARNING;

import io.quorate.engine.raft.Message;
import io.quorate.engine.raft.Snapshot;
import io.quorate.engine.state.Member;
import io.quorate.engine.state.StateMachine;
import io.quorate.spi.storage.Applied;
import io.quorate.spi.storage.Identity;
import io.quorate.spi.storage.Install;
import io.quorate.spi.storage.ReadView;
import io.quorate.spi.storage.StorageException;
import io.quorate.spi.transport.Peer;
import io.quorate.spi.transport.Refusal;
import io.quorate.spi.transport.SnapshotBody;
import io.quorate.spi.transport.Transport;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * The other members: who they are, by the state's membership, and the messages to and from them.
 *
 * <p>A member that nobody here has heard of yet is answered nevertheless, at the URLs that it
 * names: it may have been added by entries that have not come here, and this member may need it to
 * get them. Members that were removed are told so and get nothing else.
 */
final class Peers implements PeerSender, AutoCloseable {
    private static final System.Logger LOGGER = System.getLogger("io.quorate.engine.node");

    private final Identity identity;
    private final StateMachine state;
    private final Consumer<Event> replica;
    private final Runnable removed;
    private final SnapshotMetrics metrics;
    private final LongSupplier nanoTime;
    private final Transport transport;
    // Guarded by this: the peers that the transport has.
    private final Map<Long, Peer> known = new HashMap<>();
    private final Semaphore receiving = new Semaphore(1);
    // What was logged of a peer last, so that a refusal at each attempt is one line.
    private final Map<Long, String> logged = new ConcurrentHashMap<>();

    /**
     * @param peerUrls of this member
     * @param replica takes messages
     * @param removed called when a peer says that this member was removed; may be called repeatedly
     */
    Peers(
            Identity identity,
            List<String> peerUrls,
            StateMachine state,
            Consumer<Event> replica,
            Runnable removed,
            SnapshotMetrics metrics,
            LongSupplier nanoTime,
            Network network) {
        this.identity = identity;
        this.state = state;
        this.replica = replica;
        this.removed = removed;
        this.metrics = metrics;
        this.nanoTime = nanoTime;
        // Others may call as soon as it is open; who needs the transport for them waits until then.
        synchronized (this) {
            this.transport =
                    network.open(
                            identity.clusterId(),
                            peer(identity.memberId(), peerUrls),
                            new Incoming());
        }
    }

    private static Peer peer(long id, List<String> urls) {
        return new Peer(id, urls.stream().map(URI::create).toList());
    }

    /** Makes these, but for this member itself, the peers; others are let go. */
    synchronized void keep(List<Member> members) {
        Map<Long, Peer> wanted = new HashMap<>();
        for (Member member : members) {
            if (member.id() != identity.memberId()) {
                wanted.put(member.id(), peer(member.id(), member.peerUrls()));
            }
        }
        // A stranger that wrote to this member stays until it is known to be removed.
        known.forEach((id, peer) -> {
            if (!state.isRemovedMember(id)) {
                wanted.putIfAbsent(id, peer);
            }
        });
        known.keySet().stream().filter(id -> !wanted.containsKey(id)).toList().forEach(this::drop);
        wanted.values().forEach(this::put);
    }

    private synchronized void put(Peer peer) {
        Peer old = known.get(peer.memberId());
        if (peer.equals(old)) {
            return;
        }
        transport.put(peer);
        known.put(peer.memberId(), peer);
        LOGGER.log(
                INFO,
                old == null ? "added remote peer" : "updated remote peer",
                Fields.of(
                        "local-member-id",
                        hex(identity.memberId()),
                        "remote-peer-id",
                        hex(peer.memberId()),
                        "remote-peer-urls",
                        peer.urls().stream().map(URI::toString).toList()));
    }

    private void drop(long id) {
        known.remove(id);
        transport.remove(id);
        LOGGER.log(
                INFO,
                "removed remote peer",
                Fields.of(
                        "local-member-id",
                        hex(identity.memberId()),
                        "removed-remote-peer-id",
                        hex(id)));
    }

    @Override
    public void send(Message message) {
        transport.send(message.to(), MessageCodec.encode(message));
    }

    @Override
    public void sendSnapshot(Message message, ReadView view) {
        long to = message.to();
        LOGGER.log(INFO, "sending database snapshot", about(to, message.snapshot()));
        SnapshotMetrics.Transfer transfer = metrics.sending(to);
        long start = nanoTime.getAsLong();
        transport
                .sendSnapshot(to, MessageCodec.encode(message), new Body(view))
                .whenComplete((done, thrown) -> {
                    transfer.end(thrown == null, nanoTime.getAsLong() - start);
                    if (thrown == null) {
                        LOGGER.log(INFO, "sent database snapshot", about(to, message.snapshot()));
                    } else {
                        var fields = about(to, message.snapshot());
                        fields.put("error", String.valueOf(thrown.getMessage()));
                        LOGGER.log(WARNING, "failed to send database snapshot", fields);
                    }
                    replica.accept(new Event.SnapshotSent(to, thrown == null));
                });
    }

    private Map<String, Object> about(long peer, Snapshot snapshot) {
        return Fields.of(
                "local-member-id",
                hex(identity.memberId()),
                "remote-peer-id",
                hex(peer),
                "snapshot-index",
                snapshot.index());
    }

    /** The rows of a view, on their way. */
    private record Body(ReadView view) implements SnapshotBody {
        @Override
        public void writeTo(OutputStream out) throws IOException {
            SnapshotFeed.write(view, out);
        }

        @Override
        public void close() {
            view.close();
        }
    }

    /** {@link System#nanoTime} since when a peer is connected; empty when it is not. */
    OptionalLong connectedSince(long id) {
        return transport.connectedSince(id);
    }

    /** How many others messages get through to. */
    synchronized int active() {
        return (int) known.keySet().stream().filter(id -> connectedSince(id).isPresent()).count();
    }

    /** How many of these are connected since then at least, this member always counted. */
    int connectedSince(long nanos, List<Member> members) {
        int count = 0;
        for (Member member : members) {
            boolean self = member.id() == identity.memberId();
            if (self || isConnectedSince(member.id(), nanos)) {
                count++;
            }
        }
        return count;
    }

    boolean isConnectedSince(long id, long nanos) {
        OptionalLong since = transport.connectedSince(id);
        return since.isPresent() && since.getAsLong() - nanos <= 0;
    }

    @Override
    public void close() {
        transport.close();
    }

    private static String hex(long id) {
        return Long.toHexString(id);
    }

    /** What the transport tells. */
    private final class Incoming implements PeerHandler {
        @Override
        public Optional<Refusal> admit(Peer from) {
            if (state.isRemovedMember(from.memberId())) {
                return Optional.of(Refusal.REMOVED);
            }
            synchronized (Peers.this) {
                if (!known.containsKey(from.memberId())) {
                    put(from);
                }
            }
            return Optional.empty();
        }

        @Override
        public void received(long from, byte[] bytes) {
            try {
                Message message = MessageCodec.decode(bytes);
                if (message.to() == identity.memberId()) {
                    replica.accept(new Event.Step(message));
                }
            } catch (IllegalArgumentException e) {
                once(from, "dropped a message that this release does not know: " + e.getMessage());
            }
        }

        @Override
        public void snapshot(long from, byte[] header, InputStream body) throws IOException {
            try {
                takeSnapshot(from, header, body).join();
            } catch (CompletionException e) {
                throw new IOException(String.valueOf(e.getCause().getMessage()), e);
            }
        }

        /** One at a time: a state takes in one other. */
        @Override
        public CompletableFuture<Void> takeSnapshot(long from, byte[] header, InputStream body)
                throws IOException {
            if (!receiving.tryAcquire()) {
                throw new IOException("another snapshot is coming in; this one comes later");
            }
            CompletableFuture<Void> outcome = null;
            SnapshotMetrics.Transfer transfer = metrics.receiving(from);
            long start = nanoTime.getAsLong();
            try {
                outcome = receive(from, message(header), body);
            } catch (StorageException e) {
                throw new IOException("the storage does not take it: " + e.getMessage(), e);
            } finally {
                if (outcome == null) {
                    transfer.end(false, nanoTime.getAsLong() - start);
                    receiving.release();
                }
            }
            return outcome.whenComplete((done, thrown) -> {
                long nanos = nanoTime.getAsLong() - start;
                transfer.end(thrown == null, nanos);
                if (thrown == null) metrics.saved(nanos);
                receiving.release();
            });
        }

        private Message message(byte[] header) throws IOException {
            try {
                Message message = MessageCodec.decode(header);
                if (message.to() == identity.memberId() && message.snapshot() != null) {
                    return message;
                }
                throw new IOException("a snapshot without its message");
            } catch (IllegalArgumentException e) {
                throw new IOException(e.getMessage(), e);
            }
        }

        private CompletableFuture<Void> receive(long from, Message message, InputStream body)
                throws IOException {
            LOGGER.log(INFO, "receiving database snapshot", about(from, message.snapshot()));
            Applied at = new Applied(message.snapshot().index(), message.snapshot().term());
            Install install = state.beginInstall(at);
            boolean fed = false;
            try {
                SnapshotFeed.read(body, install);
                fed = true;
            } finally {
                if (!fed) {
                    install.close();
                }
            }
            ArrivedSnapshot arrived =
                    new ArrivedSnapshot(message, install, new CompletableFuture<>());
            replica.accept(new Event.Arrived(arrived));
            return arrived.outcome()
                    .thenRun(() ->
                            LOGGER.log(
                                    INFO,
                                    "received database snapshot",
                                    about(from, message.snapshot())));
        }

        @Override
        public void unreachable(long to) {
            replica.accept(new Event.Unreachable(to));
        }

        @Override
        public void refused(long memberId, Refusal reason, String explanation) {
            if (reason == Refusal.CLUSTER_ID_MISMATCH) {
                // In etcd's words: as the one who called, or was called by a stranger (EX-08).
                boolean known;
                synchronized (Peers.this) {
                    known = Peers.this.known.containsKey(memberId);
                }
                String text =
                        known
                                ? "request sent was ignored by remote peer due to cluster ID mismatch"
                                : "request cluster ID mismatch";
                once(memberId, text, explanation);
            } else {
                once(memberId, explanation);
            }
            if (reason == Refusal.REMOVED && !state.isRemovedMember(memberId)) {
                removed.run();
            }
        }

        private void once(long peer, String text) {
            once(peer, text, "");
        }

        private void once(long peer, String text, String error) {
            if (text.equals(logged.put(peer, text))) {
                return;
            }
            var fields =
                    Fields.of(
                            "local-member-id",
                            hex(identity.memberId()),
                            "remote-peer-id",
                            hex(peer));
            if (!error.isEmpty()) {
                fields.put("error", error);
            }
            LOGGER.log(WARNING, text, fields);
        }
    }
}
