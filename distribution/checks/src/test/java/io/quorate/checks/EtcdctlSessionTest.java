package io.quorate.checks;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.protobuf.ByteString;

import io.quorate.api.proto.DeleteRangeRequest;
import io.quorate.api.proto.LeaseGrantRequest;
import io.quorate.api.proto.RangeRequest;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;

/**
 * Runs the same etcdctl sessions against our server and a real etcd: exit codes and all output are
 * the same, but for what {@link Etcdctl} puts aside.
 *
 * <p>{@code -Dsession=NAME} runs one session only.
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
                    "usage");

    /** What the server has beyond keys, transactions and status. */
    private static final List<String> HAS = List.of(System.getProperty("has", "").split(","));

    /** What the leases are called that sessions attach keys to. */
    private static final List<Long> LEASES = List.of(0x1234L, 0x5678L);

    private static final long TTL_SECONDS = 100_000;

    /** Both servers advertise it, so that both have the same ids; nobody dials it. */
    private static final String PEER_URL = "http://127.0.0.1:2380";

    @RegisterExtension static final Members MEMBERS = Members.perClass();

    private static Member ours;
    private static Member real;
    private static EtcdClient oursClient;
    private static EtcdClient realClient;

    static Stream<Arguments> sessions() {
        String only = System.getProperty("session", "");
        return SESSIONS.stream()
                .filter(name -> only.isEmpty() || name.equals(only))
                .map(Session::read)
                .flatMap(session ->
                        session.clients().stream()
                                .flatMap(client ->
                                        session.formats().stream()
                                                .map(format ->
                                                        Arguments.of(
                                                                session.name(), client, format))));
    }

    @BeforeAll
    static void startServers() {
        startPair();
    }

    @AfterAll
    static void closeClients() {
        closePair();
    }

    private static void startPair() {
        String[] flags = {
            "--initial-advertise-peer-urls=" + PEER_URL, "--initial-cluster=m1=" + PEER_URL
        };
        ours = MEMBERS.start("ours", Binaries.ours(), flags);
        real = MEMBERS.start("real", Binaries.etcd37(), flags);
        oursClient = new EtcdClient(ours);
        realClient = new EtcdClient(real);
    }

    private static void closePair() {
        if (oursClient != null) oursClient.close();
        if (realClient != null) realClient.close();
    }

    @ParameterizedTest(name = "{0}, etcdctl {1}, -w {2}")
    @MethodSource("sessions")
    @Tag("CT-01")
    @Tag("TX-27")
    @Tag("KV-08")
    @Tag("KV-41")
    void printsTheSameAgainstOurServer(String name, String client, String format) throws Exception {
        for (String need : Session.read(name).needs()) {
            Assumptions.assumeTrue(
                    HAS.contains(need), "the server has no " + need + " yet; -Dhas=" + need);
        }
        Etcdctl etcdctl =
                client.equals("3.4")
                        ? new Etcdctl(client, Binaries.etcdctl34())
                        : new Etcdctl(client, Binaries.etcdctl37());
        boolean passed = false;
        try {
            Session session = Session.read(name);
            prepare(oursClient, session.needs());
            prepare(realClient, session.needs());
            assertEquals(revision(realClient), revision(oursClient), "revision at the start");
            for (Session.Call call : session.calls()) same(etcdctl, session, format, call);
            passed = true;
        } finally {
            // After a difference the stores may differ too, which is not the next session's fault.
            if (!passed) {
                closePair();
                ours.kill();
                real.kill();
                startPair();
            }
        }
    }

    private static void same(Etcdctl etcdctl, Session session, String format, Session.Call call)
            throws Exception {
        List<String> words = call.words(revision(realClient));
        var fromOurs =
                CompletableFuture.supplyAsync(() -> etcdctl.run(ours, format, words, call.stdin()));
        Exec.Outcome expected = etcdctl.run(real, format, words, call.stdin());
        Exec.Outcome actual = fromOurs.get();
        String where =
                "%s.session:%d: etcdctl %s -w %s %s"
                        .formatted(
                                session.name(),
                                call.line(),
                                etcdctl.version(),
                                format,
                                String.join(" ", words));
        assertEquals(print(expected), print(actual), where);
    }

    private static String print(Exec.Outcome outcome) {
        return "exit %d%n%s%n--- stderr%n%s"
                .formatted(outcome.exit(), outcome.out(), outcome.err());
    }

    /** An empty store, with two leases for a session that needs leases. */
    private static void prepare(EtcdClient client, List<String> needs) throws Exception {
        ByteString zero = ByteString.copyFrom(new byte[] {0});
        client.kv
                .deleteRange(DeleteRangeRequest.newBuilder().setKey(zero).setRangeEnd(zero).build())
                .get();
        if (!needs.contains("leases")) return;
        for (long id : LEASES) {
            var grant = LeaseGrantRequest.newBuilder().setID(id).setTTL(TTL_SECONDS).build();
            try {
                client.lease.leaseGrant(grant).get();
            } catch (ExecutionException e) {
                String text = String.valueOf(e.getCause().getMessage());
                if (!text.contains("lease already exists")) throw e;
            }
        }
    }

    private static long revision(EtcdClient client) throws Exception {
        RangeRequest any =
                RangeRequest.newBuilder().setKey(ByteString.copyFromUtf8("none")).build();
        return client.kv.range(any).get().getHeader().getRevision();
    }
}
