package io.quorate.benchmarks;

import io.quorate.api.proto.LeaseGrantRequest;
import io.quorate.api.proto.LeaseGrpc;
import io.quorate.api.proto.LeaseKeepAliveRequest;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;

/** Clients that renew leases, one renewal under way in each client's stream. */
final class KeepAliveLoad implements Running {
    /** None of them ends during a run. */
    private static final long TTL_SECONDS = 3_600;

    private static final int GRANTERS = 64;

    private final CompletableFuture<Void> failed = new CompletableFuture<>();
    private final List<Client> clients = new ArrayList<>();
    private volatile boolean measuring;

    KeepAliveLoad(int leases, int clients, Connections connections) {
        var grant = Connections.unary(LeaseGrpc.getLeaseGrantMethod().getFullMethodName());
        byte[][] requests = new byte[leases][];
        for (int i = 0; i < requests.length; i++) {
            requests[i] = LeaseKeepAliveRequest.newBuilder().setID(i + 1L).build().toByteArray();
        }
        new Loop(connections, grant, leases, Math.min(leases, GRANTERS), KeepAliveLoad::grant)
                .run();
        for (int i = 0; i < clients; i++) {
            this.clients.add(new Client(connections, i, requests));
        }
        this.clients.forEach(Client::next);
    }

    private static byte[] grant(long number) {
        return LeaseGrantRequest.newBuilder()
                .setID(number + 1)
                .setTTL(TTL_SECONDS)
                .build()
                .toByteArray();
    }

    @Override
    public void measure() {
        measuring = true;
    }

    @Override
    public Histogram end() {
        measuring = false;
        Histogram all = new Histogram();
        for (Client client : clients) {
            synchronized (client) {
                all.add(client.latencies);
            }
        }
        return all;
    }

    @Override
    public int closedLoops() {
        return clients.size();
    }

    @Override
    public CompletableFuture<Void> failed() {
        return failed;
    }

    private final class Client {
        private final Histogram latencies = new Histogram();
        private final byte[][] requests;
        private final SplittableRandom random;
        private final StreamCall stream;
        private volatile long sentNanos;

        Client(Connections connections, int number, byte[][] requests) {
            this.requests = requests;
            this.random = new SplittableRandom(number);
            this.stream =
                    new StreamCall(
                            connections.of(number),
                            Connections.stream(
                                    LeaseGrpc.getLeaseKeepAliveMethod().getFullMethodName()),
                            answer -> answered(),
                            failed);
        }

        void next() {
            sentNanos = System.nanoTime();
            stream.send(requests[random.nextInt(requests.length)]);
        }

        private void answered() {
            if (measuring) {
                synchronized (this) {
                    latencies.record(System.nanoTime() - sentNanos);
                }
            }
            next();
        }
    }
}
