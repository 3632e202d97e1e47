package io.quorate.checks;

import io.grpc.StatusRuntimeException;
import io.quorate.api.client.Client;
import io.quorate.api.client.ClientConfig;
import io.quorate.api.proto.StatusResponse;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * Three server processes as one cluster, each behind a relay that can be silenced, to be killed,
 * stopped, cut off and replaced while clients are at work.
 */
final class FaultyCluster implements AutoCloseable {
    private static final long NO_PROCESS = -1;

    private static final Duration CALL = Duration.ofSeconds(3);

    private final Members members;
    private final String transport;
    private final Map<String, String> environment;
    private final String[] flags;
    private final PeerLinks links = new PeerLinks();
    private final List<Place> places = new ArrayList<>();

    /**
     * Starts the members and waits until all serve.
     *
     * @param storage plugin of each member
     * @param flags more, for all of them
     */
    FaultyCluster(Members members, String transport, List<String> storage, String... flags) {
        this(members, transport, storage, Map.of(), flags);
    }

    /**
     * As above.
     *
     * @param environment variables of all processes
     */
    FaultyCluster(
            Members members,
            String transport,
            List<String> storage,
            Map<String, String> environment,
            String... flags) {
        this.environment = environment;
        this.flags = flags;
        this.members = members;
        this.transport = transport;
        for (int i = 0; i < storage.size(); i++) {
            places.add(new Place("n" + (i + 1), storage.get(i)));
        }
        String initial = places.stream().map(Place::named).collect(Collectors.joining(","));
        places.forEach(place -> place.process = create(place, initial, "new"));
        List<CompletableFuture<String>> serving =
                places.stream().map(place -> place.process.serves()).toList();
        places.forEach(place -> place.process.launch());
        for (int i = 0; i < places.size(); i++) {
            places.get(i).process.await(serving.get(i));
        }
    }

    private Member create(Place place, String initial, String state) {
        String clients = "http://" + place.endpoint();
        Member member =
                members.create(
                        place.name,
                        Binaries.ours(),
                        "--name=" + place.name,
                        "--listen-client-urls=" + clients,
                        "--advertise-client-urls=" + clients,
                        "--listen-peer-urls=http://127.0.0.1:" + place.peerPort,
                        "--initial-advertise-peer-urls=" + place.peerUrl(),
                        "--initial-cluster=" + initial,
                        "--initial-cluster-state=" + state,
                        "--transport=" + transport,
                        "--storage-log=" + place.storage,
                        "--storage-state=" + place.storage,
                        // So that members that come back get snapshots too.
                        "--snapshot-count=400",
                        "--snapshot-catchup-entries=100");
        environment.forEach(member::with);
        return member.also(flags);
    }

    /** Where a member runs: its name and its ports, which a new one in its place has again. */
    final class Place {
        final String name;
        private final String storage;
        private final int clientPort = Member.freePort();
        private final int peerPort = Member.freePort();
        private final int relayPort;
        private Member process;

        private Place(String name, String storage) {
            this.name = name;
            this.storage = storage;
            this.relayPort =
                    links.relay(
                            name, peerPort, () -> process.isAlive() ? process.pid() : NO_PROCESS);
        }

        String endpoint() {
            return "127.0.0.1:" + clientPort;
        }

        String peerUrl() {
            return "http://127.0.0.1:" + relayPort;
        }

        private String named() {
            return name + "=" + peerUrl();
        }

        /** Whether a member that is killed here has lost all it had, and must not come back. */
        boolean forgets() {
            return storage.equals("memory");
        }

        boolean isAlive() {
            return process.isAlive();
        }

        /** SIGKILL. */
        void kill() {
            process.kill();
        }

        /** Starts it again on its data, without waiting. */
        void start() {
            process.launch();
        }

        /** Bytes of memory that the process has now. */
        long residentBytes() {
            return process.residentBytes();
        }

        /** SIGSTOP. */
        void pause() {
            signal("-STOP");
        }

        /** SIGCONT. */
        void resume() {
            signal("-CONT");
        }

        private void signal(String signal) {
            try {
                Process kill =
                        new ProcessBuilder("kill", signal, Long.toString(process.pid())).start();
                if (!kill.waitFor(10, TimeUnit.SECONDS)) {
                    throw new AssertionError("kill " + signal + " hangs");
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }

        /** A client that talks to this member only. */
        Client client() {
            return Client.connect(ClientConfig.of(endpoint()).withTimeouts(CALL, CALL));
        }

        Optional<StatusResponse> status() {
            try (Client client =
                    Client.connect(
                            ClientConfig.of(endpoint())
                                    .withTimeouts(Duration.ofSeconds(1), Duration.ofSeconds(1)))) {
                return Optional.of(client.maintenance().status());
            } catch (StatusRuntimeException unavailable) {
                return Optional.empty();
            }
        }
    }

    List<Place> places() {
        return places;
    }

    /** A client that goes round all members. */
    Client client() {
        String[] endpoints = places.stream().map(Place::endpoint).toArray(String[]::new);
        return Client.connect(ClientConfig.of(endpoints).withTimeouts(CALL, CALL));
    }

    /** The member that leads by its own account. */
    Optional<Place> leader() {
        for (Place place : places) {
            Optional<StatusResponse> status = place.isAlive() ? place.status() : Optional.empty();
            if (status.isPresent()
                    && status.get().getLeader() == status.get().getHeader().getMemberId()) {
                return Optional.of(place);
            }
        }
        return Optional.empty();
    }

    /** Nothing gets from this member to the others or back. */
    void isolate(Place victim) {
        for (Place other : places) {
            if (other != victim) {
                links.silence(victim.name, other.name);
            }
        }
    }

    /** What others send to this member comes through at this rate, in bytes per second. */
    void slow(Place reader, long rate) {
        for (Place other : places) {
            if (other != reader) {
                links.slow(other.name, reader.name, rate);
            }
        }
    }

    /** Bytes from one to the other that was slowed. */
    long passed(Place from, Place to) {
        return links.passed(from.name, to.name);
    }

    void mend() {
        links.mend();
    }

    /**
     * Removes a member, loses its data, and adds another at the same URLs; false when the cluster
     * refused or did not answer, and the old one goes on if it is still a member.
     */
    boolean replace(Place place) {
        try (Client client = client()) {
            Optional<Long> id =
                    client.cluster().list(true).getMembersList().stream()
                            .filter(member -> member.getPeerURLsList().contains(place.peerUrl()))
                            .map(member -> member.getID())
                            .findFirst();
            if (id.isPresent()) {
                client.cluster().remove(id.get());
            }
            place.kill();
            client.cluster().add(List.of(place.peerUrl()), false);
        } catch (StatusRuntimeException e) {
            return false;
        }
        String initial = places.stream().map(Place::named).collect(Collectors.joining(","));
        place.process = create(place, initial, "existing");
        place.process.launch();
        return true;
    }

    @Override
    public void close() {
        links.close();
    }
}
