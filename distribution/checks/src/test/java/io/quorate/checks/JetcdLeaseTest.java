package io.quorate.checks;

import static io.quorate.checks.JetcdStory.await;
import static io.quorate.checks.JetcdStory.bytes;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.KV;
import io.etcd.jetcd.Lease;
import io.etcd.jetcd.lease.LeaseGrantResponse;
import io.etcd.jetcd.lease.LeaseKeepAliveResponse;
import io.etcd.jetcd.lease.LeaseTimeToLiveResponse;
import io.etcd.jetcd.options.LeaseOption;
import io.etcd.jetcd.options.PutOption;
import io.etcd.jetcd.support.CloseableClient;
import io.etcd.jetcd.support.Observers;
import io.etcd.jetcd.watch.WatchEvent;
import io.etcd.jetcd.watch.WatchEvent.EventType;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** jetcd's leases against our server and a real etcd. */
final class JetcdLeaseTest {
    private static final ByteSequence A = bytes("a");
    private static final ByteSequence B = bytes("b");
    private static final LeaseOption WITH_KEYS = LeaseOption.builder().withAttachedKeys().build();
    private static final long UNKNOWN = 0xdead;

    @RegisterExtension final Members members = Members.perTest();

    @Test
    @Tag("GS-18")
    @Tag("LE-01")
    @Tag("LE-04")
    @Tag("LE-05")
    @Tag("LE-06")
    @Tag("LE-07")
    @Tag("LE-10")
    void jetcdGrantsAndRevokesLeases() throws Exception {
        JetcdStory.check(
                members,
                """
                grant 60: 60
                grant 0: 2
                grant too long failed: OUT_OF_RANGE: etcdserver: too large lease TTL
                its keys: some of 60, keys [a, b]
                its keys, unasked: some of 60, keys []
                keep alive: 60
                one put anew: some of 60, keys [a]
                revoke: 5
                a: 0
                b: 1
                time to live: gone of 0, keys []
                keep alive failed: etcdserver: requested lease not found
                revoke again failed: NOT_FOUND: etcdserver: requested lease not found
                revoke unknown failed: NOT_FOUND: etcdserver: requested lease not found
                """,
                JetcdLeaseTest::grantsAndRevokes);
    }

    private static void grantsAndRevokes(JetcdStory story) {
        Lease leases = story.client().getLeaseClient();
        KV kv = story.client().getKVClient();
        story.print("grant 60", leases.grant(60), LeaseGrantResponse::getTTL);
        story.print("grant 0", leases.grant(0), LeaseGrantResponse::getTTL);
        story.print("grant too long", leases.grant(9_000_000_001L), LeaseGrantResponse::getTTL);
        long lease = story.lease();
        PutOption attached = PutOption.builder().withLeaseId(lease).build();
        await(kv.put(B, bytes("1"), attached));
        await(kv.put(A, bytes("1"), attached));
        story.print("its keys", leases.timeToLive(lease, WITH_KEYS), JetcdLeaseTest::show);
        story.print(
                "its keys, unasked",
                leases.timeToLive(lease, LeaseOption.DEFAULT),
                JetcdLeaseTest::show);
        story.print("keep alive", leases.keepAliveOnce(lease), LeaseKeepAliveResponse::getTTL);
        await(kv.put(B, bytes("2")));
        story.print("one put anew", leases.timeToLive(lease, WITH_KEYS), JetcdLeaseTest::show);
        story.print("revoke", leases.revoke(lease), answer -> answer.getHeader().getRevision());
        story.print("a", kv.get(A), answer -> answer.getCount());
        story.print("b", kv.get(B), answer -> answer.getCount());
        story.print("time to live", leases.timeToLive(lease, WITH_KEYS), JetcdLeaseTest::show);
        story.print("keep alive", leases.keepAliveOnce(lease), LeaseKeepAliveResponse::getTTL);
        story.print("revoke again", leases.revoke(lease), _ -> "done");
        story.print("revoke unknown", leases.revoke(UNKNOWN), _ -> "done");
    }

    @Test
    @Tag("LE-07")
    @Tag("LE-10")
    @Tag("WA-01")
    void aLeaseLivesAsLongAsJetcdKeepsItAlive() throws Exception {
        JetcdStory.check(
                members,
                """
                five answers: true
                deleted: false, failed: false
                kept: 1
                left: DELETE 3
                time to live: gone of 0, keys []
                """,
                JetcdLeaseTest::keptAliveThenLeft);
    }

    /** The fifth answer to jetcd, which asks thrice in a time to live, comes after that time. */
    private static void keptAliveThenLeft(JetcdStory story) throws Exception {
        Lease leases = story.client().getLeaseClient();
        KV kv = story.client().getKVClient();
        long lease = await(leases.grant(6)).getID();
        await(kv.put(A, bytes("1"), PutOption.builder().withLeaseId(lease).build()));
        CompletableFuture<WatchEvent> deleted = story.event(A, EventType.DELETE);
        CountDownLatch answers = new CountDownLatch(5);
        CompletableFuture<Throwable> failure = new CompletableFuture<>();
        CloseableClient keeper =
                leases.keepAlive(
                        lease,
                        Observers.<LeaseKeepAliveResponse>builder()
                                .onNext(_ -> answers.countDown())
                                .onError(failure::complete)
                                .build());
        story.line("five answers: " + answers.await(60, TimeUnit.SECONDS));
        story.line("deleted: " + deleted.isDone() + ", failed: " + failure.isDone());
        story.print("kept", kv.get(A), answer -> answer.getCount());
        keeper.close();
        story.print("left", deleted, event -> event.getEventType() + " " + revision(event));
        story.print("time to live", leases.timeToLive(lease, WITH_KEYS), JetcdLeaseTest::show);
    }

    private static long revision(WatchEvent event) {
        return event.getKeyValue().getModRevision();
    }

    /** All but the seconds that happen to be left; the keys come in no order. */
    private static String show(LeaseTimeToLiveResponse answer) {
        return "%s of %d, keys %s"
                .formatted(
                        answer.getTTL() < 0 ? "gone" : "some",
                        answer.getGrantedTTL(),
                        answer.getKeys().stream().map(ByteSequence::toString).sorted().toList());
    }
}
