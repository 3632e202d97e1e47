package io.quorate.checks;

import static io.quorate.checks.WatchCall.range;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;

import io.grpc.StatusRuntimeException;
import io.quorate.api.proto.PutRequest;
import io.quorate.api.proto.RequestOp;
import io.quorate.api.proto.TxnRequest;
import io.quorate.api.proto.WatchResponse;
import io.quorate.api.proto.mvcc.Event;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Watches over SIGKILL and restart: each goes on from the revision after the last it saw. In the
 * end all its parts together are the whole history, event for event, with all acknowledged writes
 * in it, and no revision was ever split. {@code -Dkills=N} makes it longer; the seed is printed.
 */
final class WatchKillTest {
    private static final int KILLS = Integer.getInteger("kills", 3);
    private static final int WATCHERS = 4;
    private static final int WRITES_BETWEEN = 300;

    @RegisterExtension final Members members = Members.perTest();

    private final AtomicBoolean over = new AtomicBoolean();
    private final AtomicLong last = new AtomicLong(1);
    private final Set<String> acknowledged = new HashSet<>();

    @Test
    @Tag("T23")
    @Tag("SE-31")
    void watchesThatGoOnAfterAKillSeeAllOfTheHistory() throws Exception {
        long seed = Long.getLong("seed", new Random().nextLong());
        Random random = new Random(seed);
        Member member = members.start("ours", Binaries.ours());
        List<Follower> followers = new ArrayList<>();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < WATCHERS; i++) {
            Follower follower = new Follower(member);
            followers.add(follower);
            threads.add(Thread.ofVirtual().start(follower));
        }
        for (int kill = 0; kill < KILLS; kill++) {
            Thread killer = Thread.ofVirtual().unstarted(member::kill);
            try (EtcdClient client = new EtcdClient(member)) {
                int victim = random.nextInt(WRITES_BETWEEN);
                for (int i = 0; i < WRITES_BETWEEN; i++) {
                    if (i == victim) killer.start();
                    if (!write(client, kill + "/" + i)) break;
                }
            }
            // Not before the end of the kill, which would strike the next life.
            killer.join();
            member.kill();
            member.start();
        }
        try (EtcdClient client = new EtcdClient(member)) {
            write(client, "end");
            over.set(true);
            for (Thread thread : threads) thread.join(120_000);
            List<Event> history = history(client);
            Set<String> values = new HashSet<>();
            for (Event event : history) values.add(event.getKv().getValue().toStringUtf8());
            assertTrue(values.containsAll(acknowledged), "seed " + seed + ": a write is lost");
            for (Follower follower : followers)
                assertEquals(history, follower.events, "seed " + seed);
        }
    }

    /** Two keys at once, so that half of a revision would show; false when it was not answered. */
    private boolean write(EtcdClient client, String value) {
        TxnRequest.Builder txn = TxnRequest.newBuilder();
        for (String key : List.of("k1", "k2")) {
            PutRequest put =
                    PutRequest.newBuilder()
                            .setKey(ByteString.copyFromUtf8(key))
                            .setValue(ByteString.copyFromUtf8(value))
                            .build();
            txn.addSuccess(RequestOp.newBuilder().setRequestPut(put));
        }
        try {
            last.set(client.kvNow.txn(txn.build()).getHeader().getRevision());
            acknowledged.add(value);
            return true;
        } catch (StatusRuntimeException e) {
            return false;
        }
    }

    private List<Event> history(EtcdClient client) {
        try (WatchCall call = new WatchCall(client).create(range("k", "l").setStartRevision(1))) {
            call.awaitProgress(last.get());
            return call.events();
        }
    }

    /** One watch, made again after each kill. */
    private final class Follower implements Runnable {
        private final Member member;
        final List<Event> events = new ArrayList<>();

        Follower(Member member) {
            this.member = member;
        }

        @Override
        public void run() {
            while (next() <= last.get() || !over.get()) {
                try (EtcdClient client = new EtcdClient(member);
                        WatchCall call =
                                new WatchCall(client)
                                        .create(range("k", "l").setStartRevision(next()))) {
                    call.await(message -> ends(message));
                    for (WatchResponse message : call.received()) take(message);
                }
            }
        }

        private boolean ends(WatchResponse message) {
            return message.getEventsList().stream()
                    .anyMatch(event -> event.getKv().getValue().toStringUtf8().equals("end"));
        }

        private long next() {
            return events.isEmpty() ? 1 : events.getLast().getKv().getModRevision() + 1;
        }

        private void take(WatchResponse message) {
            if (message.getEventsCount() % 2 != 0)
                throw new AssertionError("a revision was split: " + message);
            events.addAll(message.getEventsList());
        }
    }
}
