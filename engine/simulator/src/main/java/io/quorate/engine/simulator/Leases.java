package io.quorate.engine.simulator;

import io.quorate.engine.node.Node;
import io.quorate.engine.state.Command;
import io.quorate.engine.state.EtcdException;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.random.RandomGenerator;

/**
 * Clients that are granted leases, hang a key on each, renew some for a while, and revoke some. No
 * lease that was granted or renewed ends before its time, by the slowest reading of all clocks; in
 * the end all of them do, and their keys with them (T13).
 */
final class Leases {
    private static final String KEYS = "lease";
    private static final double CLOCKS_APART = 1.11;
    private static final long MILLI = 1_000_000;
    private static final long SECOND = 1_000 * MILLI;

    private final World world;
    private final RandomGenerator random;
    private final Map<String, Held> held = new HashMap<>();
    private boolean stopped;
    private long ids;

    Leases(World world) {
        this.world = world;
        this.random = world.random();
    }

    void start() {
        next();
    }

    /** From now on none is granted or renewed. */
    void stop() {
        stopped = true;
    }

    private void next() {
        long pace = world.settings().thinkNanos() * 8;
        world.timeline().after(1 + random.nextLong(2 * pace), new Next(this));
    }

    private record Next(Leases leases) implements Timeline.Action {
        @Override
        public void run() {
            if (!leases.stopped) {
                leases.grant();
                leases.next();
            }
        }

        @Override
        public String toString() {
            return "a client wants a lease";
        }
    }

    /** What a client knows of its lease. */
    private static final class Held {
        private final long id;
        private final long seconds;
        private long sure;
        private long jumpsThen;
        private boolean known;
        private boolean revoked;

        private Held(long id, long seconds) {
            this.id = id;
            this.seconds = seconds;
        }
    }

    private void grant() {
        Node node = anybody();
        if (node == null) {
            return;
        }
        Held lease = new Held(++ids, node.leaseTtlMin() + random.nextInt(15));
        long asked = world.timeline().now();
        long jumps = world.jumped();
        held.put(KEYS + lease.id, lease);
        told(
                node.grantLease(lease.id, lease.seconds),
                () -> {
                    granted(lease, asked, jumps);
                    Node next = anybody();
                    if (next != null) {
                        byte[] key = Clients.bytes(KEYS + lease.id);
                        byte[] value = Clients.bytes("held");
                        told(
                                next.propose(
                                        new Command.Put(key, value, lease.id, false, false, false)),
                                () -> later(lease));
                    }
                });
    }

    private void granted(Held lease, long asked, long jumps) {
        lease.known = true;
        lease.sure = Math.max(lease.sure, asked);
        lease.jumpsThen = jumps;
    }

    private void later(Held lease) {
        long wait = random.nextLong(lease.seconds * SECOND);
        world.timeline().after(wait, new Care(this, lease));
    }

    private record Care(Leases leases, Held lease) implements Timeline.Action {
        @Override
        public void run() {
            leases.care(lease);
        }

        @Override
        public String toString() {
            return "a client looks after lease " + lease.id;
        }
    }

    private void care(Held lease) {
        Node node = anybody();
        if (stopped || node == null) {
            return;
        }
        int dice = random.nextInt(10);
        if (dice == 0) {
            lease.revoked = true;
            told(node.propose(new Command.LeaseRevoke(lease.id)), () -> {});
        } else if (dice < 8) {
            Machine leader = world.leader();
            Node at = leader == null ? node : leader.life().node();
            long asked = world.timeline().now();
            long jumps = world.jumped();
            at.renewLease(lease.id)
                    .whenComplete((seconds, thrown) -> {
                        refusalOnly(thrown);
                        if (thrown == null && seconds > 0) {
                            granted(lease, asked, jumps);
                            later(lease);
                        }
                    });
        }
    }

    /** A watch saw that this key is gone. */
    void keyDeleted(String key) {
        Held lease = held.remove(key);
        if (lease == null || lease.revoked || !lease.known) {
            return;
        }
        double lived = (world.timeline().now() - lease.sure) * CLOCKS_APART;
        double jumped = world.jumped() - lease.jumpsThen;
        if (lived + jumped < lease.seconds * SECOND) {
            throw new Violation(
                    "lease %d of %d s ended %d ms after it was granted or renewed"
                            .formatted(
                                    lease.id,
                                    lease.seconds,
                                    (world.timeline().now() - lease.sure) / MILLI));
        }
    }

    private Node anybody() {
        List<Machine> up = world.machines().stream().filter(Machine::isUp).toList();
        return up.isEmpty() ? null : up.get(random.nextInt(up.size())).life().node();
    }

    private void told(CompletableFuture<?> answer, Runnable then) {
        answer.whenComplete((done, thrown) -> {
            refusalOnly(thrown);
            if (thrown == null) {
                then.run();
            }
        });
    }

    private void refusalOnly(Throwable thrown) {
        Throwable cause = thrown instanceof CompletionException e ? e.getCause() : thrown;
        if (cause != null && !(cause instanceof EtcdException)) {
            throw world.found(new Violation("a client was told of " + cause, cause));
        }
    }
}
