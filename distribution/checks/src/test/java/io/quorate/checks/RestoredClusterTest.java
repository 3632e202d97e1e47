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
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
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
    private static final List<String> NAMES = List.of("a", "b", "c");
    private static final String OLD_TOKEN = "checks";
    private static final String MISMATCH = "cluster ID mismatch";
    private static final int KEYS = 30;

    /** Longer than several elections of a member that nobody leads. */
    private static final long TROUBLE_SECONDS = 3;

    @RegisterExtension final Members members = Members.perTest();

    /** With the token of the old cluster the restored members have their old ids again. */
    @ParameterizedTest
    @CsvSource({"ours, 1, other", "ours, 2, checks", "etcd, 2, checks"})
    @Tag("T15")
    @Tag("UT-03")
    @Tag("EX-08")
    void oldMemberNeitherJoinsNorDisturbsWhatWasRestoredWithFewer(
            String server, int size, String token) throws IOException {
        boolean ours = server.equals("ours");
        Cluster cluster = new Cluster(members, ours ? Binaries.ours() : Binaries.etcd37());
        NAMES.forEach(cluster::with);
        cluster.start();
        Member left = cluster.member("c");
        try (Client client = Client.connect(ClientConfig.of(left.endpoint()))) {
            for (int i = 0; i < KEYS; i++) client.kv().put("key" + i, "value" + i);
        }
        final TreeSet<String> oldIds = ids(cluster, left);
        final String oldCluster = number(cluster, left, "cluster_id");
        final String stored = everything(cluster, left);
        Path file = members.folder("files").resolve("saved.db");
        assertEquals(0, cluster.ctlAt(left, "snapshot", "save", file.toString()).exit());
        // Only the old cluster has it.
        cluster.put("late", "lost");
        assertEquals("lost", cluster.get(left, "late"));

        List<Member> restored = NAMES.subList(0, size).stream().map(cluster::member).toList();
        NAMES.forEach(name -> {
            if (cluster.member(name) != left) cluster.member(name).kill();
        });
        NAMES.subList(size, NAMES.size()).forEach(cluster::forget);
        Path tool = ours ? Binaries.ourEtcdutl() : Binaries.etcdutl37();
        for (int i = 0; i < size; i++) restore(tool, file, NAMES.get(i), restored, i, token);
        CompletableFuture<String> heard = left.line(MISMATCH);
        CompletableFuture<String> refused = restored.getFirst().line(MISMATCH);
        launch(restored);

        left.await(heard);
        restored.getFirst().await(refused);
        TreeSet<String> newIds = ids(cluster, restored.getFirst());
        assertEquals(size, newIds.size());
        oldIds.retainAll(newIds);
        assertEquals(token.equals(OLD_TOKEN) ? size : 0, oldIds.size(), oldIds::toString);
        assertNotEquals(oldCluster, number(cluster, restored.getFirst(), "cluster_id"));
        for (Member member : restored) {
            assertEquals(newIds, ids(cluster, member));
            assertEquals(stored, everything(cluster, member));
        }

        // It is not led, does not take part, and elects nobody.
        String term = number(cluster, restored.getFirst(), "raft_term");
        long start = System.nanoTime();
        cluster.until(() -> {
            cluster.put("after", "restore");
            return System.nanoTime() - start > TimeUnit.SECONDS.toNanos(TROUBLE_SECONDS);
        });
        assertEquals(term, number(cluster, restored.getFirst(), "raft_term"));
        assertTrue(left.isAlive(), left::report);
        assertNotEquals(
                0, cluster.ctlAt(left, "put", "after", "zombie", "--command-timeout=1s").exit());
        assertEquals("lost\n", stale(cluster, left, "late"));
        assertEquals("", stale(cluster, left, "after"));

        // Nor after a restart on its data, whatever it is told of the new cluster.
        left.kill();
        joins(left, restored);
        CompletableFuture<String> again = left.line(MISMATCH);
        CompletableFuture<String> serves = left.serves();
        left.launch();
        left.await(again);
        cluster.put("after", "restart of the old one");
        assertFalse(serves.isDone(), left::report);
        left.kill();

        // And without its data it is a stranger.
        delete(left.dataDir());
        left.launch();
        assertEquals(1, left.awaitExit(), left::report);
        assertTrue(left.log().contains("error validating peerURLs"), left::report);
        assertTrue(left.log().contains("member count is unequal"), left::report);

        restored.forEach(Member::kill);
        launch(restored);
        for (Member member : restored) {
            assertEquals(newIds, ids(cluster, member));
            assertEquals("restart of the old one", cluster.get(member, "after"));
            assertEquals("", cluster.get(member, "late"));
        }
    }

    /** Where a member of the old cluster had its data, one of the new has its own. */
    private static void restore(
            Path tool, Path file, String name, List<Member> all, int self, String token)
            throws IOException {
        Member member = all.get(self);
        delete(member.dataDir());
        String initial = initial(all);
        member.also("--initial-cluster", initial, "--initial-cluster-token", token);
        List<String> line = new ArrayList<>(List.of(tool.toString(), "snapshot", "restore"));
        line.addAll(List.of(file.toString(), "--name", name));
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
    private static TreeSet<String> ids(Cluster cluster, Member at) {
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
