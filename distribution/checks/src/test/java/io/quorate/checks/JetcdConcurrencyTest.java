package io.quorate.checks;

import static io.quorate.checks.JetcdStory.await;
import static io.quorate.checks.JetcdStory.bytes;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Election;
import io.etcd.jetcd.KeyValue;
import io.etcd.jetcd.Lock;
import io.etcd.jetcd.election.CampaignResponse;
import io.etcd.jetcd.election.LeaderKey;
import io.etcd.jetcd.election.LeaderResponse;
import io.etcd.jetcd.lock.LockResponse;
import io.etcd.jetcd.watch.WatchEvent.EventType;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** jetcd's locks and elections against our server and a real etcd. */
final class JetcdConcurrencyTest {
    private static final ByteSequence NAME = bytes("n");

    @RegisterExtension final Members members = Members.perTest();

    @Test
    @Tag("GS-18")
    @Tag("LK-01")
    @Tag("LK-02")
    @Tag("LK-03")
    @Tag("LK-04")
    @Tag("LK-05")
    @Tag("T14")
    void jetcdLocksOneAfterTheOther() throws Exception {
        JetcdStory.check(
                members,
                """
                first locks: n/OWN
                first again: n/OWN
                held: false false false
                first unlocks: done
                second has it: n/OWN
                held: false
                third has it: n/OWN
                unlock unknown: done
                third unlocks: done
                fourth, its lease gone failed: UNKNOWN: mutex: session is expired
                lock with no such lease failed: UNKNOWN: etcdserver: requested lease not found
                lock without lease: other/LEASE
                """,
                JetcdConcurrencyTest::locks);
    }

    private static void locks(JetcdStory story) {
        Lock locks = story.client().getLockClient();
        long first = story.lease();
        long second = story.lease();
        long third = story.lease();
        long fourth = story.lease();
        print(story, "first locks", locks.lock(NAME, first), first);
        print(story, "first again", locks.lock(NAME, first), first);
        CompletableFuture<LockResponse> waiting = locks.lock(NAME, second);
        await(story.event(key(second), EventType.PUT));
        CompletableFuture<LockResponse> next = locks.lock(NAME, third);
        await(story.event(key(third), EventType.PUT));
        CompletableFuture<LockResponse> losing = locks.lock(NAME, fourth);
        await(story.event(key(fourth), EventType.PUT));
        story.line("held: " + waiting.isDone() + " " + next.isDone() + " " + losing.isDone());
        story.print("first unlocks", locks.unlock(key(first)), _ -> "done");
        print(story, "second has it", waiting, second);
        await(story.client().getLeaseClient().revoke(fourth));
        story.line("held: " + next.isDone());
        await(story.client().getLeaseClient().revoke(second));
        print(story, "third has it", next, third);
        story.print("unlock unknown", locks.unlock(key(first)), _ -> "done");
        story.print("third unlocks", locks.unlock(key(third)), _ -> "done");
        // Told when its turn comes, and never that it holds the lock.
        print(story, "fourth, its lease gone", losing, fourth);
        print(story, "lock with no such lease", locks.lock(NAME, first + 1), first + 1);
        story.print(
                "lock without lease",
                locks.lock(bytes("other"), 0),
                answer -> answer.getKey().toString().replaceAll("/[0-9a-f]{8,16}$", "/LEASE"));
    }

    private static void print(
            JetcdStory story, String what, Future<LockResponse> call, long lease) {
        story.print(
                what, call, answer -> answer.getKey().toString().replace(suffix(lease), "/OWN"));
    }

    @Test
    @Tag("EL-01")
    @Tag("EL-02")
    @Tag("EL-03")
    @Tag("EL-04")
    @Tag("EL-05")
    @Tag("EL-06")
    void jetcdLeadersFollowEachOther() throws Exception {
        JetcdStory.check(
                members,
                """
                no leader yet failed: NoLeaderException
                first leads: n n/OWN, revision 2, own lease true
                leader: v1 created 2 mod 2
                observed: v1 created 2 mod 2
                elected: false false
                first proclaims: done
                observed: v1a created 2 mod 5
                first resigns: done
                second leads: n n/OWN, revision 3, own lease true
                observed: v2 created 3 mod 3
                first proclaims failed: NotLeaderException
                first resigns again: done
                leader: v2 created 3 mod 3
                third leads: n n/OWN, revision 4, own lease true
                observed: v3 created 4 mod 4
                third resigns: done
                no leader left failed: NoLeaderException
                observed nothing else: true
                """,
                JetcdConcurrencyTest::elections);
    }

    private static void elections(JetcdStory story) {
        Election elections = story.client().getElectionClient();
        Observer observer = new Observer();
        long first = story.lease();
        long second = story.lease();
        long third = story.lease();
        printLeader(story, "no leader yet", elections);
        elections.observe(NAME, observer);
        LeaderKey leader = await(elections.campaign(NAME, first, bytes("v1"))).getLeader();
        story.line("first leads: " + show(leader, first));
        printLeader(story, "leader", elections);
        story.line("observed: " + observer.next());
        CompletableFuture<CampaignResponse> next = elections.campaign(NAME, second, bytes("v2"));
        await(story.event(key(second), EventType.PUT));
        CompletableFuture<CampaignResponse> last = elections.campaign(NAME, third, bytes("v3"));
        await(story.event(key(third), EventType.PUT));
        story.line("elected: " + next.isDone() + " " + last.isDone());
        story.print("first proclaims", elections.proclaim(leader, bytes("v1a")), _ -> "done");
        story.line("observed: " + observer.next());
        story.print("first resigns", elections.resign(leader), _ -> "done");
        story.print("second leads", next, answer -> show(answer.getLeader(), second));
        story.line("observed: " + observer.next());
        story.print("first proclaims", elections.proclaim(leader, bytes("v1b")), _ -> "done");
        story.print("first resigns again", elections.resign(leader), _ -> "done");
        printLeader(story, "leader", elections);
        await(story.client().getLeaseClient().revoke(second));
        story.print("third leads", last, answer -> show(answer.getLeader(), third));
        story.line("observed: " + observer.next());
        story.print("third resigns", elections.resign(await(last).getLeader()), _ -> "done");
        printLeader(story, "no leader left", elections);
        story.line("observed nothing else: " + observer.seen.isEmpty());
    }

    private static void printLeader(JetcdStory story, String what, Election elections) {
        story.print(what, elections.leader(NAME), answer -> show(answer.getKv()));
    }

    private static String show(LeaderKey leader, long lease) {
        return "%s %s, revision %d, own lease %s"
                .formatted(
                        leader.getName(),
                        leader.getKey().toString().replace(suffix(lease), "/OWN"),
                        leader.getRevision(),
                        leader.getLease() == lease);
    }

    private static String show(KeyValue pair) {
        return "%s created %d mod %d"
                .formatted(pair.getValue(), pair.getCreateRevision(), pair.getModRevision());
    }

    private static ByteSequence key(long lease) {
        return bytes(NAME + suffix(lease));
    }

    /** What the key of a waiting or holding owner of a lease ends with. */
    private static String suffix(long lease) {
        return "/" + Long.toHexString(lease);
    }

    /** Keeps what an observer is told, in order. */
    private static final class Observer implements Election.Listener {
        private final BlockingQueue<String> seen = new LinkedBlockingQueue<>();

        @Override
        public void onNext(LeaderResponse response) {
            seen.add(show(response.getKv()));
        }

        @Override
        public void onError(Throwable failure) {
            seen.add("failed: " + failure);
        }

        @Override
        public void onCompleted() {
            seen.add("completed");
        }

        String next() {
            try {
                return String.valueOf(seen.poll(60, TimeUnit.SECONDS));
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
    }
}
