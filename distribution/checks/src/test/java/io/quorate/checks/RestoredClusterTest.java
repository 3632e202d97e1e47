package io.quorate.checks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.client.Client;
import io.quorate.api.client.ClientConfig;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A snapshot becomes a smaller cluster at the addresses of the old one, while a member of the old
 * one, which knows these addresses, lives on. A real etcd is put through the same, so that what is
 * said is known to be etcd's.
 */
@Timeout(300)
final class RestoredClusterTest {
    private static final String OLD_TOKEN = "checks";
    private static final String MISMATCH = "cluster ID mismatch";
    private static final int KEYS = 30;

    /** A member that nobody leads tries to be elected within this time. */
    private static final long ELECTION_SECONDS = 2;

    @RegisterExtension final Members members = Members.perTest();

    /** What was known before there was only one member left. */
    private record Old(Set<String> ids, String cluster, String stored, Path snapshot) {}

    @ParameterizedTest
    @ValueSource(strings = {"ours", "etcd"})
    @Tag("T15")
    @Tag("UT-03")
    @Tag("EX-08")
    void oldMemberNeitherJoinsNorDisturbsWhatWasRestoredWithFewer(String server)
            throws IOException {
        boolean ours = server.equals("ours");
        Path tool = ours ? Binaries.ourEtcdutl() : Binaries.etcdutl37();
        Cluster cluster =
                new Cluster(members, ours ? Binaries.ours() : Binaries.etcd37())
                        .with("a")
                        .with("b")
                        .with("c")
                        .start();
        Member a = cluster.member("a");
        Member b = cluster.member("b");
        Member left = cluster.member("c");
        Old old = save(cluster, left);
        a.kill();
        b.kill();
        if (ours) {
            restore(tool, old, "other", List.of(a));
            ignores(cluster, left, old, List.of(a), 0);
            a.kill();
        }
        // With their old token members have their old ids too.
        List<Member> restored = List.of(a, b);
        restore(tool, old, OLD_TOKEN, restored);
        ignores(cluster, left, old, restored, 2);

        joins(left, restored);
        refusedWithItsData(cluster, left, a);
        refusedWithoutItsData(left);

        restored.forEach(Member::kill);
        launch(restored);
        for (Member member : restored) {
            assertEquals(ids(cluster, a), ids(cluster, member));
            assertEquals("restart", cluster.get(member, "after"));
            assertEquals("", cluster.get(member, "late"));
        }
    }

    private Old save(Cluster cluster, Member left) {
        try (Client client = Client.connect(ClientConfig.of(left.endpoint()))) {
            for (int i = 0; i < KEYS; i++) client.kv().put("key" + i, "value" + i);
        }
        Old old =
                new Old(
                        ids(cluster, left),
                        number(cluster, left, "cluster_id"),
                        everything(cluster, left),
                        members.folder("files").resolve("saved.db"));
        Exec.Outcome saved = cluster.ctlAt(left, "snapshot", "save", old.snapshot().toString());
        assertEquals(0, saved.exit(), saved::err);
        cluster.put("late", "lost");
        assertEquals("lost", cluster.get(left, "late"));
        return old;
    }

    /** Starts the new cluster beside the old member, and neither has to do with the other. */
    private static void ignores(
            Cluster cluster, Member left, Old old, List<Member> restored, int oldIds) {
        Member first = restored.getFirst();
        CompletableFuture<String> refused = first.line(MISMATCH);
        launch(restored);
        first.await(refused);
        Cluster.until(() -> left.log().contains(MISMATCH), left::report);

        assertNotEquals(old.cluster(), number(cluster, first, "cluster_id"));
        Set<String> ids = ids(cluster, first);
        assertEquals(restored.size(), ids.size());
        assertEquals(oldIds, ids.stream().filter(old.ids()::contains).count());
        for (Member member : restored) {
            assertEquals(ids, ids(cluster, member));
            assertEquals(old.stored(), everything(cluster, member));
        }
        // Elections of its own, on a machine that is short of processors, are not that many.
        cluster.until(() -> sameTermForAnElection(cluster, first));
        assertTrue(left.isAlive(), left::report);
        Exec.Outcome zombie = cluster.ctlAt(left, "put", "x", "zombie", "--command-timeout=1s");
        assertNotEquals(0, zombie.exit());
        assertEquals("lost\n", stale(cluster, left, "late"));
        assertEquals("", stale(cluster, left, "after"));
    }

    /** Who disturbs a cluster with elections does so in each such time. */
    private static boolean sameTermForAnElection(Cluster cluster, Member first) {
        String term = number(cluster, first, "raft_term");
        long start = System.nanoTime();
        while (System.nanoTime() - start < TimeUnit.SECONDS.toNanos(ELECTION_SECONDS)) {
            cluster.putAt(first, "after", "restore");
        }
        return term.equals(number(cluster, first, "raft_term"));
    }

    /** Its data count, and not what the flags tell of the new cluster. */
    private static void refusedWithItsData(Cluster cluster, Member left, Member first) {
        left.kill();
        CompletableFuture<String> again = left.line(MISMATCH);
        CompletableFuture<String> serves = left.serves();
        left.launch();
        left.await(again);
        cluster.putAt(first, "after", "restart");
        assertFalse(serves.isDone(), left::report);
        left.kill();
    }

    /** Nobody has added it. */
    private static void refusedWithoutItsData(Member left) throws IOException {
        delete(left.dataDir());
        left.launch();
        assertEquals(1, left.awaitExit(), left::report);
        assertTrue(left.log().contains("error validating peerURLs"), left::report);
        assertTrue(left.log().contains("member count is unequal"), left::report);
    }

    /** Where members of the old cluster had their data, those of the new one have theirs. */
    private static void restore(Path tool, Old old, String token, List<Member> all)
            throws IOException {
        for (Member member : all) {
            delete(member.dataDir());
            restore(tool, old.snapshot(), member, initial(all), token);
        }
    }

    private static void restore(
            Path tool, Path snapshot, Member member, String initial, String token) {
        member.also("--initial-cluster", initial, "--initial-cluster-token", token);
        List<String> line = new ArrayList<>(List.of(tool.toString(), "snapshot", "restore"));
        line.addAll(List.of(snapshot.toString(), "--name", member.name()));
        line.addAll(List.of("--data-dir", member.dataDir().toString()));
        line.addAll(List.of("--initial-cluster", initial, "--initial-cluster-token", token));
        line.addAll(List.of("--initial-advertise-peer-urls", member.peerUrl()));
        Map<String, String> environment = Map.of("JAVA_HOME", System.getProperty("java.home"));
        Exec.Outcome outcome = Exec.run(line, environment, "");
        assertEquals(0, outcome.exit(), outcome::err);
    }

    private static String initial(List<Member> all) {
        return all.stream()
                .map(member -> member.name() + "=" + member.peerUrl())
                .collect(Collectors.joining(","));
    }

    /** Gives the old member the flags of one that was added. */
    private static void joins(Member left, List<Member> restored) {
        List<Member> all = new ArrayList<>(restored);
        all.add(left);
        left.also("--initial-cluster", initial(all), "--initial-cluster-state", "existing");
    }

    private static void launch(List<Member> restored) {
        List<CompletableFuture<String>> serving = restored.stream().map(Member::serves).toList();
        restored.forEach(Member::launch);
        for (int i = 0; i < restored.size(); i++) restored.get(i).await(serving.get(i));
    }

    /** Of the members, as one of them tells. */
    private static Set<String> ids(Cluster cluster, Member at) {
        Exec.Outcome list = cluster.ctlAt(at, "member", "list", "--command-timeout=30s");
        assertEquals(0, list.exit(), () -> list.err() + at.report());
        return list.out()
                .lines()
                .map(line -> line.substring(0, line.indexOf(',')))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** All keys, values, revisions and versions. */
    private static String everything(Cluster cluster, Member at) {
        Exec.Outcome all = cluster.ctlAt(at, "get", "", "--prefix", "-w", "fields");
        assertEquals(0, all.exit(), () -> all.err() + at.report());
        assertTrue(all.out().contains("\"Count\" : " + KEYS), all::out);
        return all.out().replaceAll("\"(ClusterID|MemberID|RaftTerm)\" : \\d+\n", "");
    }

    /** What a member has, whether or not it is led. */
    private static String stale(Cluster cluster, Member at, String key) {
        return cluster.ctlAt(at, "get", key, "--consistency=s", "--print-value-only").out();
    }

    private static String number(Cluster cluster, Member at, String field) {
        String status = cluster.ctlAt(at, "endpoint", "status", "-w", "json").out();
        Matcher number = Pattern.compile("\"" + field + "\":(\\d+)").matcher(status);
        assertTrue(number.find(), () -> status + at.report());
        return number.group(1);
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) Files.delete(file);
        }
    }
}
