package io.quorate.engine.simulator;

import io.quorate.engine.node.MessageCodec;
import io.quorate.engine.node.PeerHandler;
import io.quorate.engine.raft.Message;
import io.quorate.engine.raft.MessageType;
import io.quorate.spi.transport.Peer;
import io.quorate.spi.transport.SnapshotBody;
import io.quorate.spi.transport.Transport;
import io.quorate.spi.transport.TransportException;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/** Loses, delays, reorders and doubles what members send each other, and can be cut. */
final class SimulatedNetwork {
    private static final long MILLI = 1_000_000;

    private final World world;
    private final Map<Long, Station> stations = new HashMap<>();
    private final Set<Link> cuts = new HashSet<>();
    private long cutsChanged;
    private boolean calm;

    SimulatedNetwork(World world) {
        this.world = world;
    }

    /** The way from one member to another. */
    private record Link(long from, long to) {}

    Transport open(long clusterId, Peer self, PeerHandler handler) {
        Station station = new Station(self, handler);
        stations.put(self.memberId(), station);
        return station;
    }

    /** Cuts the way from one to the other, not back. */
    void cut(long from, long to) {
        cuts.add(new Link(from, to));
        cutsChanged = world.timeline().now();
    }

    void mend() {
        cuts.clear();
        cutsChanged = world.timeline().now();
    }

    /** From now on everything arrives, once and soon. */
    void calm() {
        mend();
        calm = true;
    }

    /** A replica opens its transport before its life is complete. */
    void born(Life life) {
        stations.get(life.machine().id()).life = life;
    }

    void died(Life life) {
        Station station = stations.remove(life.machine().id());
        if (station != null) {
            for (Transfer transfer : List.copyOf(station.incoming)) {
                transfer.fail("the receiver died");
            }
        }
    }

    private boolean passes(long from, long to) {
        return stations.containsKey(to) && !cuts.contains(new Link(from, to));
    }

    private boolean chance(int percent) {
        return !calm && world.random().nextInt(100) < percent;
    }

    private long latency() {
        Settings settings = world.settings();
        boolean straggler = chance(settings.stragglerPercent());
        long most = straggler ? 2000 * MILLI : calm ? MILLI : settings.latencyNanos();
        return most / 8 + world.random().nextLong(most);
    }

    private final class Station implements Transport {
        private final Peer self;
        private final PeerHandler handler;
        private final Map<Long, Long> peers = new HashMap<>();
        private final List<Transfer> incoming = new ArrayList<>();
        private Life life;

        private Station(Peer self, PeerHandler handler) {
            this.self = self;
            this.handler = handler;
        }

        private Life life() {
            return life;
        }

        @Override
        public void put(Peer peer) {
            peers.put(peer.memberId(), world.timeline().now());
        }

        @Override
        public void remove(long memberId) {
            peers.remove(memberId);
        }

        @Override
        public void send(long to, byte[] message) {
            if (!peers.containsKey(to)) {
                return;
            }
            Message sent = MessageCodec.decode(message);
            world.judge().sent(life, sent);
            if (sent.type() == MessageType.HEARTBEAT && sent.context().length > 0) {
                life.asksForReads();
            }
            if (chance(world.settings().lossPercent())) {
                return;
            }
            deliverLater(to, message);
            // A transport delivers at most once. Raft copes with more, but for a proposal on its
            // way
            // to the leader, which would be made twice.
            boolean proposal = sent.type() == MessageType.PROP;
            if (!proposal && chance(world.settings().doublePercent())) {
                deliverLater(to, message);
            }
        }

        private void deliverLater(long to, byte[] message) {
            world.timeline().after(latency(), new Delivery(this, to, message));
        }

        private void deliver(long to, byte[] message) {
            Station target = stations.get(to);
            if (passes(self.memberId(), to)) {
                world.timeline().after(0, target.life(), new Arrival(this, target, message));
            } else if (world.random().nextBoolean()) {
                world.timeline().after(0, life(), new Unreachable(this, to));
            }
        }

        private void arrive(Station target, byte[] message) {
            var refusal = target.handler.admit(self);
            if (refusal.isEmpty()) {
                target.handler.received(self.memberId(), message);
            } else {
                world.timeline()
                        .after(
                                latency(),
                                life(),
                                new Refused(this, target.self.memberId(), refusal.get()));
            }
        }

        @Override
        public CompletableFuture<Void> sendSnapshot(long to, byte[] header, SnapshotBody body) {
            Transfer transfer = new Transfer(this, to, header, body);
            world.timeline().after(latency(), transfer);
            return transfer.sent;
        }

        @Override
        public OptionalLong connectedSince(long memberId) {
            Long put = peers.get(memberId);
            boolean both =
                    put != null
                            && passes(self.memberId(), memberId)
                            && passes(memberId, self.memberId());
            if (!both) {
                return OptionalLong.empty();
            }
            long since = Math.max(put, cutsChanged);
            return OptionalLong.of(life().nanoTime() - (world.timeline().now() - since));
        }

        @Override
        public List<InetSocketAddress> addresses() {
            return List.of();
        }

        @Override
        public void close() {
            stations.remove(self.memberId(), this);
        }

        @Override
        public String toString() {
            // Its machine may have been removed since.
            return self.urls().getFirst().getHost();
        }
    }

    private record Delivery(Station from, long to, byte[] message) implements Timeline.Action {
        @Override
        public void run() {
            from.deliver(to, message);
        }

        @Override
        public String toString() {
            return "%s: sent to %x".formatted(from, to);
        }
    }

    private record Arrival(Station from, Station to, byte[] message) implements Timeline.Action {
        @Override
        public void run() {
            from.arrive(to, message);
        }

        @Override
        public long source() {
            return from.self.memberId();
        }

        @Override
        public String toString() {
            return "%s -> %s: %s".formatted(from, to, Describe.message(message));
        }
    }

    private record Unreachable(Station from, long to) implements Timeline.Action {
        @Override
        public void run() {
            from.handler.unreachable(to);
        }

        @Override
        public String toString() {
            return "%s: %x is unreachable".formatted(from, to);
        }
    }

    private record Refused(Station station, long by, io.quorate.spi.transport.Refusal refusal)
            implements Timeline.Action {
        @Override
        public void run() {
            station.handler.refused(by, refusal, "refused by " + by);
        }

        @Override
        public String toString() {
            return "%s: refused by %x: %s".formatted(station, by, refusal);
        }
    }

    /** A snapshot on its way: first it is written, then it arrives, then the sender hears of it. */
    private final class Transfer implements Timeline.Action {
        private final Station from;
        private final long to;
        private final byte[] header;
        private final SnapshotBody body;
        private final CompletableFuture<Void> sent = new CompletableFuture<>();
        private byte[] bytes;
        private boolean over;

        private Transfer(Station from, long to, byte[] header, SnapshotBody body) {
            this.from = from;
            this.to = to;
            this.header = header;
            this.body = body;
        }

        @Override
        public void run() {
            if (over) {
                return;
            }
            if (!passes(from.self.memberId(), to) || stations.get(from.self.memberId()) != from) {
                fail("cut off");
            } else if (bytes == null) {
                bytes = written();
                world.timeline().after(4 * latency(), this);
            } else {
                Station target = stations.get(to);
                target.incoming.add(this);
                world.timeline().after(0, target.life(), new SnapshotArrival(this, target));
            }
        }

        private byte[] written() {
            try (body) {
                ByteArrayOutputStream out = new ByteArrayOutputStream();
                body.writeTo(out);
                return out.toByteArray();
            } catch (IOException e) {
                throw new Violation("a snapshot could not be written", e);
            }
        }

        private void arrive(Station target) {
            target.life().installs++;
            try {
                target.handler
                        .takeSnapshot(from.self.memberId(), header, new ByteArrayInputStream(bytes))
                        .whenComplete((done, thrown) -> {
                            target.life().installs--;
                            target.incoming.remove(this);
                            if (thrown == null) {
                                end(null);
                            } else {
                                fail(thrown.getMessage());
                            }
                        });
            } catch (IOException e) {
                target.life().installs--;
                target.incoming.remove(this);
                fail(e.getMessage());
            }
        }

        private void fail(String why) {
            end(new TransportException(why, null));
        }

        private void end(TransportException thrown) {
            if (!over) {
                over = true;
                body.close();
                world.timeline().after(latency(), from.life(), new SnapshotSent(this, thrown));
            }
        }

        @Override
        public String toString() {
            return "%s: snapshot on its way to %x".formatted(from, to);
        }
    }

    private record SnapshotArrival(Transfer transfer, Station target) implements Timeline.Action {
        @Override
        public void run() {
            transfer.arrive(target);
        }

        @Override
        public String toString() {
            return transfer.from + " -> " + target + ": snapshot of " + transfer.bytes.length;
        }
    }

    private record SnapshotSent(Transfer transfer, TransportException thrown)
            implements Timeline.Action {
        @Override
        public void run() {
            if (thrown == null) {
                transfer.sent.complete(null);
            } else {
                transfer.sent.completeExceptionally(thrown);
            }
        }

        @Override
        public String toString() {
            return transfer.from
                    + ": snapshot "
                    + (thrown == null ? "taken" : "failed, " + thrown.getMessage());
        }
    }
}
