package io.quorate.checks;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.protobuf.ByteString;

import io.quorate.api.proto.DeleteRangeRequest;
import io.quorate.api.proto.LeaseGrantRequest;
import io.quorate.api.proto.LeaseLeasesRequest;
import io.quorate.api.proto.LeaseRevokeRequest;
import io.quorate.api.proto.PutRequest;
import io.quorate.api.proto.RangeRequest;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

/**
 * Runs the same sessions with real etcdctls and with ours, against our server and real etcds: exit
 * codes and all output are the same, but for what {@link Etcdctl} puts aside. What etcdctl 3.7 (or
 * 3.4, where a session names it) prints against etcd 3.7 is what all others must print.
 *
 * <p>{@code -Dsession=NAME,NAME} runs these sessions only; {@code help}, with the help of every
 * command, runs only so.
 */
final class EtcdctlSessionTest {
    private static final List<String> SESSIONS =
            List.of(
                    "put",
                    "put-lease",
                    "get",
                    "get-print",
                    "get-stream",
                    "del",
                    "txn",
                    "txn-lease",
                    "txn-interactive",
                    "compaction",
                    "compaction-hash",
                    "lease",
                    "endpoint",
                    "alarm",
                    "member",
                    "member-change",
                    "admin",
                    "lock",
                    "auth",
                    "auth-status",
                    "usage");

    /** What the leases are called that sessions attach keys to. */
    private static final List<Long> LEASES = List.of(0x1234L, 0x5678L);

    private static final long TTL_SECONDS = 100_000;

    /** Both servers advertise it, so that both have the same ids; nobody dials it. */
    private static final String PEER_URL = "http://127.0.0.1:2380";

    @RegisterExtension static final Members MEMBERS = Members.perClass();

    /** Our etcdctl, beside 3.4 and 3.7. */
    private static final String OWN = "own";

    private static final List<String> CLIENTS = List.of("3.4", "3.7", OWN);

    private record Server(Member member, EtcdClient client) {}

    /** A tool at a server; the first of a list is the reference for the others. */
    private record Side(Etcdctl etcdctl, String server) {}

    /** What the oldest etcdctl that we serve prints at ours and at the real server. */
    @Nested
    @Execution(ExecutionMode.CONCURRENT)
    final class Etcdctl34Test extends Tool {
        Etcdctl34Test() {
            super("3.4");
        }
    }

    /** The same of the newest. */
    @Nested
    @Execution(ExecutionMode.CONCURRENT)
    final class Etcdctl37Test extends Tool {
        Etcdctl37Test() {
            super("3.7");
        }
    }

    /** What ours prints at both. */
    @Nested
    @Execution(ExecutionMode.CONCURRENT)
    final class OwnEtcdctlTest extends Tool {
        OwnEtcdctlTest() {
            super(OWN);
        }
    }

    /** Plays the sessions with one tool, on servers of its own; several do so at once. */
    @TestInstance(TestInstance.Lifecycle.PER_CLASS)
    abstract static class Tool {
        private final String client;

        /** Each server by the name it is started under, with a client of this test. */
        private final Map<String, Server> servers = new HashMap<>();

        Tool(String client) {
            this.client = client;
        }

        Stream<Arguments> sessions() {
            String only = System.getProperty("session", "");
            List<String> wanted = only.isEmpty() ? SESSIONS : List.of(only.split(","));
            return wanted.stream()
                    .map(Session::read)
                    .filter(this::plays)
                    .flatMap(session ->
                            formats(session).stream()
                                    .map(format -> Arguments.of(session.name(), format)));
        }

        /** Ours must equal the newest. */
        private boolean plays(Session session) {
            return session.clients().contains(client.equals(OWN) ? "3.7" : client);
        }

        /**
         * Each tool plays each session in one format, by turns, and another one than the others; in
         * all of them with {@code -Dsession.formats=all}. What the server answers does not depend
         * on it.
         */
        private List<String> formats(Session session) {
            List<String> formats = session.formats();
            if ("all".equals(System.getProperty("session.formats"))) return formats;
            int turn = SESSIONS.indexOf(session.name()) + CLIENTS.indexOf(client);
            return List.of(formats.get(Math.floorMod(turn, formats.size())));
        }

        @AfterAll
        void closeClients() {
            servers.values().forEach(server -> server.client().close());
            servers.clear();
        }

        /** Each side writes to a server of its own, so that all see the same revisions. */
        private List<Side> sides() {
            return switch (client) {
                case "3.4" -> {
                    Etcdctl tool = new Etcdctl(client, Binaries.etcdctl34());
                    yield List.of(new Side(tool, "real"), new Side(tool, "ours"));
                }
                case "3.7" -> {
                    Etcdctl tool = new Etcdctl(client, Binaries.etcdctl37());
                    yield List.of(new Side(tool, "real"), new Side(tool, "ours"));
                }
                default -> {
                    Etcdctl own = new Etcdctl(client, Binaries.ownEtcdctl());
                    yield List.of(
                            new Side(new Etcdctl("3.7", Binaries.etcdctl37()), "real"),
                            new Side(own, "real-own"),
                            new Side(own, "ours-own"));
                }
            };
        }

        private Server server(Side side) {
            return servers.computeIfAbsent(
                    side.server(),
                    name -> {
                        boolean real = name.startsWith("real");
                        Member member =
                                MEMBERS.start(
                                        name,
                                        real ? Binaries.etcd37() : Binaries.ours(),
                                        "--initial-advertise-peer-urls=" + PEER_URL,
                                        "--initial-cluster=m1=" + PEER_URL);
                        return new Server(member, new EtcdClient(member));
                    });
        }

        @ParameterizedTest(name = "{0}, -w {1}")
        @MethodSource("sessions")
        @Execution(ExecutionMode.SAME_THREAD)
        @Tag("CT-01")
        @Tag("CT-06")
        @Tag("CT-07")
        @Tag("CT-08")
        @Tag("CT-14")
        @Tag("CT-17")
        @Tag("TX-27")
        @Tag("KV-08")
        @Tag("KV-41")
        void printsTheSameAtAllServers(String name, String format) throws Exception {
            Session session = Session.read(name);
            List<Side> sides = sides();
            boolean passed = false;
            // A hash covers what other sessions left behind.
            if (session.needs().contains("fresh")) stopServers();
            try {
                catchUp(sides);
                for (Side side : sides) prepare(server(side).client(), session.needs());
                for (Session.Call call : session.calls()) same(sides, session, format, call);
                passed = true;
            } finally {
                // After a difference the stores may differ too, which is not the next session's
                // fault.
                if (!passed) stopServers();
            }
        }

        private void stopServers() {
            for (Server server : servers.values()) {
                server.client().close();
                server.member().kill();
            }
            servers.clear();
        }

        /** Brings all stores to the same revision: other sessions ran on some of them only. */
        private void catchUp(List<Side> sides) throws Exception {
            long newest = 0;
            for (Side side : sides) newest = Math.max(newest, revision(server(side).client()));
            PutRequest put =
                    PutRequest.newBuilder().setKey(ByteString.copyFromUtf8("catch-up")).build();
            for (Side side : sides) {
                EtcdClient client = server(side).client();
                while (revision(client) < newest) client.kv.put(put).get();
            }
            // The deletion that empties a store makes a revision only where there is a key.
            for (Side side : sides) server(side).client().kv.put(put).get();
        }

        private void same(List<Side> sides, Session session, String format, Session.Call call)
                throws Exception {
            // Asked for only where it is wanted: while auth is on it would be refused.
            boolean wanted = call.text().contains("{rev");
            List<String> words =
                    call.words(wanted ? revision(server(sides.getFirst()).client()) : 0);
            List<CompletableFuture<Exec.Outcome>> outcomes =
                    sides.stream()
                            .map(side ->
                                    CompletableFuture.supplyAsync(() ->
                                            side.etcdctl()
                                                    .run(
                                                            server(side).member(),
                                                            format,
                                                            here(words, side),
                                                            call.stdin())))
                            .toList();
            boolean own = sides.getLast().etcdctl().version().equals(OWN);
            String expected = print(outcomes.getFirst().get(), own);
            for (int i = 1; i < sides.size(); i++) {
                String where =
                        "%s.session:%d: etcdctl %s at %s, -w %s %s"
                                .formatted(
                                        session.name(),
                                        call.line(),
                                        sides.get(i).etcdctl().version(),
                                        sides.get(i).server(),
                                        format,
                                        String.join(" ", words));
                assertEquals(expected, print(outcomes.get(i).get(), own), where);
            }
        }

        private List<String> here(List<String> words, Side side) {
            String folder = server(side).member().folder().toString();
            return words.stream().map(word -> word.replace("{folder}", folder)).toList();
        }
    }

    private static String print(Exec.Outcome outcome, boolean own) {
        String errors = own ? Etcdctl.withoutInternals(outcome.err()) : outcome.err();
        return "exit %d%n%s%n--- stderr%n%s".formatted(outcome.exit(), outcome.out(), errors);
    }

    /** An empty store, with two leases for a session that needs leases. */
    private static void prepare(EtcdClient client, List<String> needs) throws Exception {
        ByteString zero = ByteString.copyFrom(new byte[] {0});
        client.kv
                .deleteRange(DeleteRangeRequest.newBuilder().setKey(zero).setRangeEnd(zero).build())
                .get();
        if (!needs.contains("leases")) return;
        // Anew and with different ends, for a list is in the order of the ends.
        long ttl = TTL_SECONDS;
        for (long id : LEASES) {
            if (client
                    .lease
                    .leaseLeases(LeaseLeasesRequest.getDefaultInstance())
                    .get()
                    .getLeasesList()
                    .stream()
                    .anyMatch(lease -> lease.getID() == id))
                client.lease.leaseRevoke(LeaseRevokeRequest.newBuilder().setID(id).build()).get();
            var grant = LeaseGrantRequest.newBuilder().setID(id).setTTL(ttl++).build();
            client.lease.leaseGrant(grant).get();
        }
    }

    private static long revision(EtcdClient client) throws Exception {
        RangeRequest any =
                RangeRequest.newBuilder().setKey(ByteString.copyFromUtf8("none")).build();
        return client.kv.range(any).get().getHeader().getRevision();
    }
}
