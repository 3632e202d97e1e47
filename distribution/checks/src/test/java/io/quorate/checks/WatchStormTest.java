package io.quorate.checks;

import static io.quorate.checks.WatchCall.key;
import static io.quorate.checks.WatchCall.range;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;

import io.grpc.StatusRuntimeException;
import io.quorate.api.proto.CompactionRequest;
import io.quorate.api.proto.DeleteRangeRequest;
import io.quorate.api.proto.DeleteRangeResponse;
import io.quorate.api.proto.PutRequest;
import io.quorate.api.proto.RequestOp;
import io.quorate.api.proto.TxnRequest;
import io.quorate.api.proto.WatchCreateRequest;
import io.quorate.api.proto.WatchResponse;
import io.quorate.api.proto.mvcc.Event;
import io.quorate.checks.WatchFollower.Gate;
import io.quorate.checks.WatchFollower.Wish;
import io.quorate.engine.checker.WatchValidator;
import io.quorate.engine.checker.WatchValidator.Change;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/**
 * The guarantees of watches under load, on a process that is killed and started again: many
 * writers, readers that keep up beside readers that do not read for a whole life of the member,
 * with filters, fragments, previous values, starts in the future and bookmarks all the time.
 *
 * <p>What was written is what a new watch tells in the end, in which every acknowledged write has
 * to be with its revision; by that {@link WatchValidator} judges what each reader was told. {@code
 * -Dkills=N}, {@code -Dwrites=N} (of each writer in a life) and {@code -Dwatchers=N} make it
 * longer; the seed is printed.
 */
@Timeout(900)
final class WatchStormTest {
    private static final int KILLS = Integer.getInteger("kills", 2);
    private static final int WRITES = Integer.getInteger("writes", 250);
    private static final int WATCHERS = Integer.getInteger("watchers", 10_000);
    private static final int WRITERS = 8;
    private static final int KEYS = 20;

    /** So that the events of a life are more than connections and queues hold. */
    private static final String PADDING = "x".repeat(2048);

    @RegisterExtension final Members members = Members.perTest();

    private final Map<Long, List<Change>> acknowledged = new ConcurrentSkipListMap<>();
    private final List<WatchFollower> fast = new ArrayList<>();
    private final List<WatchFollower> slow = new ArrayList<>();
    private final Gate held = new Gate();

    @Test
    @Tag("T5")
    @Tag("T7")
    @Tag("T10")
    @Tag("T23")
    @Tag("WA-20")
    @Tag("WA-25")
    void everyReaderIsToldTheWholeStoryInOrderWholeAndOnce() throws Exception {
        long seed = Long.getLong("seed", new Random().nextLong());
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        Member member =
                members.create(
                                "ours",
                                Binaries.ours(),
                                "--snapshot-count=1000",
                                "--watch-progress-notify-interval=100ms")
                        .with("QUORATE_JAVA_OPTS", "-Xmx128m");
        member.start();
        List<Thread> threads = follow(member);
        long told = 1;
        for (int life = 0; life <= KILLS; life++) {
            held.set(false);
            write(member, life, random, life < KILLS);
            if (life < KILLS) {
                member.kill();
                member.start();
            }
            // Those who read get all of it while the others do not.
            long last = last(member, "life/" + life);
            for (WatchFollower follower : fast) awaitNext(follower, last, member);
            for (WatchFollower follower : slow) assertTrue(follower.next() <= last);
            told = last;
            held.set(true);
        }
        for (WatchFollower follower : all()) follower.until(told);
        for (Thread thread : threads) thread.join();
        judge(history(member, told), told, seed);
        assertTrue(member.isAlive());
    }

    private List<Thread> follow(Member member) {
        long future = 1L + WRITERS * WRITES / 2;
        Gate open = new Gate();
        for (Wish wish :
                List.of(
                        new Wish("all", "k", "l", 1, true, true, true, false),
                        new Wish("fragments", "k", "l", 1, true, true, true, true),
                        new Wish("one key", "k/0/1", "", 1, true, true, false, false),
                        new Wish("puts", "k", "l", 1, true, false, false, false),
                        new Wish("deletes", "k", "l", 1, false, true, true, false),
                        new Wish("nothing", "n", "o", 1, true, true, false, false),
                        new Wish("future", "k", "l", future, true, true, false, false))) {
            fast.add(new WatchFollower(member, wish, open));
        }
        for (int i = 0; i < 3; i++) {
            Wish wish = new Wish("slow " + i, "k", "l", 1, true, true, i > 0, i > 1);
            slow.add(new WatchFollower(member, wish, held));
        }
        return all().stream().map(Thread.ofVirtual()::start).toList();
    }

    private List<WatchFollower> all() {
        return Stream.concat(fast.stream(), slow.stream()).toList();
    }

    /** One life of the member, which ends in the middle of it if it is to. */
    private void write(Member member, int life, Random random, boolean kill) throws Exception {
        int victim = kill ? 1 + random.nextInt(WRITERS * WRITES / 2) : -1;
        AtomicInteger answers = new AtomicInteger();
        Thread killer = Thread.ofVirtual().unstarted(member::kill);
        List<Thread> writers = new ArrayList<>();
        for (int i = 0; i < WRITERS; i++) {
            int writer = i;
            Random own = new Random(random.nextLong());
            writers.add(
                    Thread.ofVirtual()
                            .start(() -> {
                                try (EtcdClient client = new EtcdClient(member)) {
                                    for (int n = 0; n < WRITES; n++) {
                                        write(client, writer, life + "/" + writer + "/" + n, own);
                                        if (answers.incrementAndGet() == victim) killer.start();
                                    }
                                } catch (StatusRuntimeException e) {
                                    // The member was killed; perhaps this one was written.
                                }
                            }));
        }
        for (Thread writer : writers) writer.join();
        // Or it would strike the next life.
        if (kill) killer.join();
        if (!kill) assertEquals(WRITERS * WRITES, answers.get(), member::report);
    }

    private void write(EtcdClient client, int writer, String value, Random random) {
        String key = "k/" + writer + "/" + random.nextInt(KEYS);
        int choice = random.nextInt(10);
        if (choice < 6) {
            var answer = client.kvNow.put(put(key, value));
            acknowledge(answer.getHeader().getRevision(), new Change(key, value + PADDING));
        } else if (choice < 8) {
            DeleteRangeResponse answer =
                    client.kvNow.deleteRange(
                            DeleteRangeRequest.newBuilder()
                                    .setKey(ByteString.copyFromUtf8(key))
                                    .build());
            if (answer.getDeleted() > 0) {
                acknowledge(answer.getHeader().getRevision(), new Change(key, null));
            }
        } else {
            // Two keys at once, one of which others write too: half of a revision would show.
            String shared = "k/shared/" + random.nextInt(KEYS);
            TxnRequest both =
                    TxnRequest.newBuilder()
                            .addSuccess(RequestOp.newBuilder().setRequestPut(put(key, value)))
                            .addSuccess(RequestOp.newBuilder().setRequestPut(put(shared, value)))
                            .build();
            acknowledge(
                    client.kvNow.txn(both).getHeader().getRevision(),
                    new Change(key, value + PADDING),
                    new Change(shared, value + PADDING));
        }
    }

    private static PutRequest put(String key, String value) {
        return PutRequest.newBuilder()
                .setKey(ByteString.copyFromUtf8(key))
                .setValue(ByteString.copyFromUtf8(value + PADDING))
                .build();
    }

    private void acknowledge(long revision, Change... changes) {
        acknowledged.put(revision, List.of(changes));
    }

    /** Writes once more; its revision. */
    private long last(Member member, String value) {
        try (EtcdClient client = new EtcdClient(member)) {
            var answer = client.kvNow.withWaitForReady().put(put("k/last", value));
            long revision = answer.getHeader().getRevision();
            acknowledge(revision, new Change("k/last", value + PADDING));
            return revision;
        }
    }

    private static void awaitNext(WatchFollower follower, long revision, Member member) {
        Cluster.until(
                () -> follower.next() > revision,
                () -> follower.name() + " is at " + follower.next() + member.report());
    }

    /** All revisions, as a new watch tells them. */
    private static Map<Long, List<Change>> history(Member member, long last) {
        Map<Long, List<Change>> history = new TreeMap<>();
        try (EtcdClient client = new EtcdClient(member);
                WatchCall call =
                        new WatchCall(client).create(range("k", "l").setStartRevision(1))) {
            call.awaitProgress(last);
            for (Event event : call.events()) {
                boolean delete = event.getType() == Event.EventType.DELETE;
                history.computeIfAbsent(event.getKv().getModRevision(), r -> new ArrayList<>())
                        .add(
                                new Change(
                                        event.getKv().getKey().toStringUtf8(),
                                        delete ? null : event.getKv().getValue().toStringUtf8()));
            }
        }
        return history;
    }

    private void judge(Map<Long, List<Change>> history, long last, long seed) {
        acknowledged.forEach((revision, changes) ->
                assertEquals(changes, history.get(revision), "lost, seed " + seed));
        System.out.printf(
                "%d revisions, %d of them acknowledged, told to %d readers over %d lives%n",
                history.size(), acknowledged.size(), all().size(), KILLS + 1);
        for (WatchFollower follower : all()) {
            WatchValidator validator = new WatchValidator();
            history.forEach(validator::written);
            List<String> faults = validator.check(follower.parts(), last);
            assertEquals(List.of(), faults, () -> follower.name() + ", seed " + seed);
        }
    }

    @Test
    @Tag("T9")
    void aDeletionThatWasCompactedToIsStillToldAfterAKill() {
        Member member = members.start("ours", Binaries.ours());
        long deleted;
        try (EtcdClient client = new EtcdClient(member)) {
            client.kvNow.put(put("k", "1"));
            deleted =
                    client.kvNow
                            .deleteRange(
                                    DeleteRangeRequest.newBuilder()
                                            .setKey(ByteString.copyFromUtf8("k"))
                                            .build())
                            .getHeader()
                            .getRevision();
            client.kvNow.compact(
                    CompactionRequest.newBuilder().setRevision(deleted).setPhysical(true).build());
            told(client, deleted);
        }
        member.kill();
        member.start();
        try (EtcdClient client = new EtcdClient(member)) {
            told(client, deleted);
        }
    }

    private static void told(EtcdClient client, long deleted) {
        try (WatchCall at = new WatchCall(client).create(key("k").setStartRevision(deleted))) {
            assertTrue(at.await(message -> message.getEventsCount() > 0));
            Event event = at.events().getFirst();
            assertEquals(Event.EventType.DELETE, event.getType());
            assertEquals(deleted, event.getKv().getModRevision());
        }
        try (WatchCall before =
                new WatchCall(client).create(key("k").setStartRevision(deleted - 1))) {
            assertTrue(before.await(WatchResponse::getCanceled));
            WatchResponse gone = before.received().getLast();
            assertEquals(deleted, gone.getCompactRevision());
            assertEquals(List.of(), before.events());
        }
    }

    /** {@code -Dwatchers=100000} for more. */
    @Test
    @Tag("T28")
    @Tag("ME-31")
    void veryManyWatchersCostLittleAndAreAllTold() throws Exception {
        Member member =
                members.create("ours", Binaries.ours()).with("QUORATE_JAVA_OPTS", "-Xmx256m");
        member.start();
        int calls = 10;
        try (EtcdClient client = new EtcdClient(member)) {
            List<WatchCall> watching = new ArrayList<>();
            for (int i = 0; i < calls; i++) {
                WatchCall call = new WatchCall(client);
                watching.add(call);
                // Half of them on one key, the others on a key of their own.
                for (int n = 0; n < WATCHERS / calls; n++) {
                    WatchCreateRequest.Builder one =
                            n % 2 == 0 ? key("hot") : key("own/" + i + "/" + n);
                    call.create(one);
                }
            }
            Cluster.until(
                    () -> metric(member, "etcd_debugging_mvcc_watcher_total") == WATCHERS,
                    member::report);
            int rounds = 5;
            long nanos = 0;
            for (int round = 0; round < rounds; round++) {
                long start = System.nanoTime();
                client.kvNow.put(put("hot", "round " + round));
                nanos += System.nanoTime() - start;
            }
            System.out.printf("put with %d watchers: %.1f ms%n", WATCHERS, nanos / 1e6 / rounds);
            client.kvNow.put(put("own/3/1", "mine"));
            long wanted = (long) rounds * WATCHERS / 2 + 1;
            Cluster.until(
                    () -> watching.stream().mapToLong(call -> call.events().size()).sum() == wanted,
                    member::report);
            watching.forEach(WatchCall::close);
            Cluster.until(
                    () -> metric(member, "etcd_debugging_mvcc_watcher_total") == 0, member::report);
        }
    }

    @Test
    @Tag("T29")
    void callsOfClientsThatWentAwayLeaveNothingOpen() throws Exception {
        Member member = members.start("ours", Binaries.ours());
        try (EtcdClient client = new EtcdClient(member)) {
            client.kvNow.put(put("k", "1"));
        }
        abandon(member, 20);
        settled(member);
        long files = count(member, "fd");
        long threads = count(member, "task");
        for (int round = 0; round < 5; round++) abandon(member, 100);
        settled(member);
        // The last sockets and threads go a little after their calls.
        Cluster.until(() -> count(member, "fd") <= files + 5, member::report);
        Cluster.until(() -> count(member, "task") <= threads + 10, member::report);
        assertFalse(member.log().contains("\"level\":\"error\""), member::report);
    }

    /** Watches, leases kept alive and a reader that never reads, whose process just ends. */
    private static void abandon(Member member, int calls) throws InterruptedException {
        EtcdClient client = new EtcdClient(member);
        for (int i = 0; i < calls; i++) {
            new WatchCall(client).create(range("k", "l").setStartRevision(1));
        }
        Thread unread =
                Thread.ofVirtual()
                        .start(
                                new WatchFollower(
                                        member,
                                        new Wish("gone", "k", "l", 1, true, true, true, false),
                                        new Gate()));
        Cluster.until(
                () -> metric(member, "etcd_debugging_mvcc_watch_stream_total") >= calls,
                member::report);
        client.channel.shutdownNow();
        unread.interrupt();
        unread.join();
    }

    private static void settled(Member member) {
        Cluster.until(
                () -> metric(member, "etcd_debugging_mvcc_watch_stream_total") == 0,
                member::report);
    }

    private static long count(Member member, String what) {
        try (Stream<Path> entries =
                Files.list(Path.of("/proc", Long.toString(member.pid()), what))) {
            return entries.count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static double metric(Member member, String name) {
        URI page = URI.create("http://" + member.endpoint() + "/metrics");
        try (var in = page.toURL().openStream()) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> line.startsWith(name + " "))
                    .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
                    .findFirst()
                    .orElseThrow();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
