package io.quorate.checks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.client.Client;
import io.quorate.api.client.ClientConfig;
import io.quorate.engine.checker.WatchValidator.Change;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/** Clusters of processes, driven by the real etcdctl as the manuals of etcd tell. */
@Timeout(600)
final class ClusterTest {
    private static final String LAST_KEY = "z/end";

    @RegisterExtension final Members members = Members.perTest();
    private final List<Client> clients = new ArrayList<>();

    @AfterEach
    void closeClients() {
        clients.forEach(Client::close);
    }

    @Test
    @Tag("CS-01")
    @Tag("CL-09")
    @Tag("CL-11")
    @Tag("RC-09")
    @Tag("RC-11")
    @Tag("EX-03")
    @Tag("FL-101")
    @Tag("T24")
    void leaderIsKilledAndReplacedThenAMemberIsReplaced() {
        Cluster cluster =
                new Cluster(members, Binaries.ours()).with("a").with("b").with("c").start();
        Exec.Outcome table = cluster.ctl("member", "list", "-w", "table");
        assertEquals(3, count("started", table.out()), table.out());
        // The members are asked one after the other; an election in between shows another number.
        cluster.until(() -> {
            Exec.Outcome status = cluster.ctl("endpoint", "status", "--cluster", "-w", "table");
            assertEquals(0, status.exit(), status::err);
            return count("true", status.out()) == 1;
        });
        for (String name : new String[] {"a", "b", "c"}) {
            Member through = cluster.member(name);
            cluster.putAt(through, name, "value");
            for (String at : new String[] {"a", "b", "c"}) {
                assertEquals("value", cluster.get(cluster.member(at), name));
            }
        }

        Member killed = cluster.leader();
        long start = System.nanoTime();
        killed.kill();
        // A write that the old leader took along is not answered.
        cluster.until(
                () -> cluster.ctl("put", "after", "kill", "--command-timeout=2s").exit() == 0);
        long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
        System.out.println("first write " + millis + " ms after kill -9 of the leader");
        Member next = cluster.leader();
        assertNotSame(killed, next);
        assertEquals("value", cluster.get(next, "a"));
        killed.start();
        assertEquals("kill", cluster.get(killed, "after"));
        cluster.awaitSameHash();

        replace(cluster, cluster.other(cluster.leader()));

        // All but one are lost for good.
        Member last = cluster.member("d");
        for (String name : new String[] {"a", "b", "c"}) {
            if (cluster.member(name) != null) cluster.member(name).kill();
        }
        last.kill();
        last.also("--force-new-cluster").start();
        assertEquals(1, count("started", cluster.ctlAt(last, "member", "list").out()));
        assertEquals("kill", cluster.get(last, "after"));
        cluster.putAt(last, "alone", "value");
    }

    private static void replace(Cluster cluster, Member victim) {
        String id = cluster.id(victim);
        // RC-03: for five seconds after a start a member does not count as healthy.
        Exec.Outcome removed = cluster.retried("unhealthy cluster", "member", "remove", id);
        assertTrue(removed.out().contains("Member " + id + " removed from cluster"), removed::err);
        assertEquals(0, victim.awaitExit(), victim::report);
        String words = "the member has been permanently removed from the cluster";
        assertTrue(victim.log().contains(words), victim::report);
        assertTrue(victim.log().contains("data-dir used by this member must be removed"));
        // On its old data it learns the same again.
        victim.launch();
        assertEquals(0, victim.awaitExit(), victim::report);
        assertEquals(2, count(words, victim.log()), victim::report);
        Member joined = cluster.add("d");
        joined.start();
        assertEquals("kill", cluster.get(joined, "after"));
        cluster.put("after", "kill");
        assertEquals(3, count("started", cluster.ctlAt(joined, "member", "list").out()));
        for (String name : new String[] {"a", "b", "c"}) {
            if (cluster.member(name) == victim) cluster.forget(name);
        }
        cluster.awaitSameHash();
    }

    @ParameterizedTest
    @ValueSource(strings = {"http2", "tcp"})
    @Tag("SE-23")
    @Tag("SE-25")
    @Tag("RA-03")
    @Tag("T12")
    @Tag("T16")
    @Tag("T24")
    @Tag("T25")
    @Tag("T31")
    void mixedStoragePluginsLoseAMinorityAndThenTheMajorityAndTellTheSame(String transport)
            throws Exception {
        String over = "--transport=" + transport;
        Cluster cluster =
                new Cluster(members, Binaries.ours())
                        .with("a", over)
                        .with("b", over, storage("xodus"), state("xodus"))
                        .with("c", over, storage("memory"), state("memory"))
                        .start();
        List<WatchClient> watches = new ArrayList<>();
        List<Thread> watchers = new ArrayList<>();
        for (String name : List.of("a", "b", "c")) {
            Client client = Client.connect(ClientConfig.of(cluster.member(name).endpoint()));
            clients.add(client);
            watches.add(new WatchClient(client, LAST_KEY));
            watchers.add(Thread.ofVirtual().start(watches.getLast()));
        }
        for (int i = 0; i < 20; i++) cluster.put("key" + i, "value" + i);
        cluster.awaitSameHash();

        // A minority is down: the others go on, but the cluster must not grow now.
        Member b = cluster.member("b");
        b.kill();
        // A write that a dead leader took along times out, as in etcd.
        cluster.leader();
        cluster.put("minority", "down");
        Exec.Outcome grow = cluster.ctl("member", "add", "d", "--peer-urls=http://127.0.0.1:1");
        assertNotEquals(0, grow.exit());
        assertTrue(grow.err().contains("etcdserver: unhealthy cluster"), grow::err);

        // The majority is down: nothing is written or read, but what may be stale.
        Member a = cluster.member("a");
        Member c = cluster.member("c");
        c.pause();
        Exec.Outcome write = cluster.ctlAt(a, "put", "majority", "down", "--command-timeout=50s");
        assertNotEquals(0, write.exit());
        assertTrue(write.err().contains("etcdserver: request timed out"), write::err);
        Exec.Outcome read = cluster.ctlAt(a, "get", "minority", "--command-timeout=3s");
        assertNotEquals(0, read.exit());
        Exec.Outcome stale =
                cluster.ctlAt(a, "get", "minority", "--consistency=s", "--print-value-only");
        assertEquals("down", stale.out().strip());

        // It goes on by itself; the write that waited too, unless its leader is none any more.
        CompletableFuture<Exec.Outcome> waiting =
                CompletableFuture.supplyAsync(
                        () -> cluster.ctlAt(a, "put", "waited", "yes", "--command-timeout=50s"));
        c.resume();
        Exec.Outcome waited = waiting.join();
        boolean lost = waited.err().contains("etcdserver: request timed out");
        assertTrue(waited.exit() == 0 || lost, () -> waited.err() + cluster.report());
        if (lost) cluster.putAt(a, "waited", "yes");
        b.start();
        assertEquals("yes", cluster.get(b, "waited"));
        cluster.awaitSameHash();

        // T12: a leader that sleeps through an election answers nothing old afterwards.
        Member sleeper = cluster.leader();
        cluster.put("x", "old");
        long paused = System.nanoTime();
        sleeper.pause();
        Member awake = cluster.other(sleeper);
        cluster.until(
                () -> cluster.ctlAt(awake, "put", "x", "new", "--command-timeout=10s").exit() == 0);
        // T31: as long as the worst stop of a JVM.
        cluster.until(() -> System.nanoTime() - paused > TimeUnit.SECONDS.toNanos(5));
        sleeper.resume();
        Exec.Outcome late =
                cluster.ctlAt(sleeper, "get", "x", "--print-value-only", "--command-timeout=30s");
        if (late.exit() == 0) assertEquals("new", late.out().strip());
        assertEquals("new", cluster.get(sleeper, "x"));
        cluster.awaitSameHash();

        // T25: whatever the storage, and whatever happened, watches have told the same.
        cluster.put(LAST_KEY, "");
        for (Thread watcher : watchers) {
            watcher.join(TimeUnit.SECONDS.toMillis(60));
            assertFalse(watcher.isAlive(), cluster::report);
        }
        Map<Long, List<Change>> told = watches.getFirst().changes();
        assertTrue(told.size() > 20, told::toString);
        for (WatchClient watch : watches) {
            assertEquals(told, watch.changes());
            assertEquals(List.of(), watch.faults(told));
        }
    }

    /** Both servers, so that the errors are known to be etcd's. */
    @ParameterizedTest
    @ValueSource(strings = {"ours", "etcd"})
    @Tag("T16")
    @Tag("CL-05")
    @Tag("ER-53")
    void nobodyIsAddedWhileMembersAreDown(String server) {
        Cluster cluster = of(server, "--max-learners=3");
        Member left = cluster.member("a");
        String[] voter = {"member", "add", "d", "--peer-urls=http://127.0.0.1:1"};
        String[] learner = {"member", "add", "d", "--peer-urls=http://127.0.0.1:1", "--learner"};
        for (String down : List.of("b", "c")) {
            String label = "Remote=\"" + cluster.id(cluster.member(down)) + "\"";
            cluster.until(() -> left.metric("etcd_network_active_peers", label) == 1);
            cluster.member(down).kill();
            // The end of a process reaches its peers a little later.
            cluster.until(() -> left.metric("etcd_network_active_peers", label) == 0);
            for (String[] words : List.of(voter, learner)) {
                Exec.Outcome added = cluster.ctlAt(left, words);
                assertEquals(1, added.exit(), () -> added.out() + cluster.report());
                assertTrue(
                        added.err().endsWith("Error: etcdserver: unhealthy cluster\n"), added::err);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"ours", "etcd"})
    @Tag("T16")
    void ofTwoMembershipChangesAtOnceOneIsMadeAndTheOtherTimesOut(String server) {
        // Followers that are stopped for a moment keep the first change from being committed.
        Cluster cluster = of(server, "--strict-reconfig-check=false", "--election-timeout=4000");
        Member leader = cluster.leader();
        List<Member> followers =
                List.of("a", "b", "c").stream()
                        .map(cluster::member)
                        .filter(member -> member != leader)
                        .toList();
        followers.forEach(Member::pause);
        List<CompletableFuture<Exec.Outcome>> both = new ArrayList<>();
        for (int port = 1; port <= 2; port++) {
            String url = "--peer-urls=http://127.0.0.1:" + port;
            both.add(
                    CompletableFuture.supplyAsync(
                            () ->
                                    cluster.ctlAt(
                                            leader,
                                            "member",
                                            "add",
                                            "d",
                                            url,
                                            "--command-timeout=20s"),
                            task -> Thread.ofVirtual().start(task)));
        }
        cluster.until(
                () -> leader.metric("grpc_server_started_total", "\"MemberAdd\"") == both.size());
        long start = System.nanoTime();
        cluster.until(() -> System.nanoTime() - start > TimeUnit.MILLISECONDS.toNanos(1000));
        followers.forEach(Member::resume);
        List<Exec.Outcome> outcomes = both.stream().map(CompletableFuture::join).toList();
        Exec.Outcome made = outcomes.get(outcomes.get(0).exit() == 0 ? 0 : 1);
        Exec.Outcome refused = outcomes.get(outcomes.get(0).exit() == 0 ? 1 : 0);
        assertEquals(0, made.exit(), () -> made.err() + refused.err());
        assertEquals(1, refused.exit(), refused::out);
        // etcd says so when the caller has waited enough, who may have said it himself by then.
        boolean told = refused.err().endsWith("Error: etcdserver: request timed out\n");
        boolean gaveUp = refused.err().endsWith("Error: context deadline exceeded\n");
        assertTrue(told || gaveUp && server.equals("etcd"), refused::err);
        assertEquals(4, cluster.ctl("member", "list").out().lines().count());
    }

    private Cluster of(String server, String... flags) {
        Path executable = server.equals("ours") ? Binaries.ours() : Binaries.etcd37();
        Cluster cluster = new Cluster(members, executable);
        for (String name : List.of("a", "b", "c")) cluster.with(name, flags);
        return cluster.start();
    }

    private static String storage(String plugin) {
        return "--storage-log=" + plugin;
    }

    private static String state(String plugin) {
        return "--storage-state=" + plugin;
    }

    @Test
    void memberOnAnotherTransportIsToldSoAndTheOthersServe() {
        Cluster cluster =
                new Cluster(members, Binaries.ours())
                        .with("a")
                        .with("b", "--transport=http2")
                        .with("c")
                        .founded();
        Member odd = cluster.member("b");
        CompletableFuture<String> told = odd.line("with the same --transport");
        CompletableFuture<String> tells = cluster.member("a").line("with the same --transport");
        CompletableFuture<String> first = cluster.member("a").serves();
        CompletableFuture<String> second = cluster.member("c").serves();
        for (String name : new String[] {"a", "b", "c"}) cluster.member(name).launch();
        cluster.member("a").await(first);
        cluster.member("c").await(second);
        odd.await(told);
        cluster.member("a").await(tells);
        cluster.putAt(cluster.member("a"), "key", "value");
        assertEquals("value", cluster.get(cluster.member("c"), "key"));
    }

    private static int count(String pattern, String text) {
        return (int) Pattern.compile(pattern).matcher(text).results().count();
    }
}
