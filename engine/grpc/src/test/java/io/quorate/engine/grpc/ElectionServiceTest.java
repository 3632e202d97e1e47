package io.quorate.engine.grpc;

import static io.quorate.engine.grpc.LockServiceTest.done;
import static io.quorate.engine.grpc.LockServiceTest.until;
import static io.quorate.engine.grpc.Texts.all;
import static io.quorate.engine.grpc.Texts.assertRefused;
import static io.quorate.engine.grpc.Texts.bytes;
import static io.quorate.engine.grpc.Texts.get;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import com.google.common.util.concurrent.ListenableFuture;

import io.grpc.Context;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.quorate.api.proto.LeaseGrantRequest;
import io.quorate.api.proto.LeaseGrpc;
import io.quorate.api.proto.LeaseRevokeRequest;
import io.quorate.api.proto.election.CampaignRequest;
import io.quorate.api.proto.election.CampaignResponse;
import io.quorate.api.proto.election.ElectionGrpc;
import io.quorate.api.proto.election.LeaderKey;
import io.quorate.api.proto.election.LeaderRequest;
import io.quorate.api.proto.election.LeaderResponse;
import io.quorate.api.proto.election.ProclaimRequest;
import io.quorate.api.proto.election.ProclaimResponse;
import io.quorate.api.proto.election.ResignRequest;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Elections as a client meets them. */
class ElectionServiceTest {
    private static final String NOT_LEADER = "election: not leader";

    private final TestServer server = new TestServer(ServiceSettings.DEFAULT);
    private final LeaseGrpc.LeaseBlockingStub leases = LeaseGrpc.newBlockingStub(server.channel);
    private final ElectionGrpc.ElectionFutureStub elections =
            ElectionGrpc.newFutureStub(server.channel);

    @AfterEach
    void stop() {
        server.close();
        assertFalse(server.failure.isDone(), "the member failed");
    }

    @Test
    @Tag("EL-01")
    @Tag("EL-03")
    @Tag("EL-06")
    void theFirstCandidateLeadsAtOnceUnderTheKeyOfItsLease() {
        assertRefused(Status.Code.UNKNOWN, "election: no leader", () -> done(leader("e")));
        grant(0x7b);
        CampaignResponse won = done(campaign("e", 0x7b, "v"));
        LeaderKey key = won.getLeader();
        assertEquals("e", key.getName().toStringUtf8());
        assertEquals("e/7b", key.getKey().toStringUtf8());
        assertEquals(2, key.getRev());
        assertEquals(0x7b, key.getLease());
        assertEquals(2, won.getHeader().getRevision());
        LeaderResponse leader = done(leader("e"));
        assertEquals(server.kv.range(get("e/7b")).getKvs(0), leader.getKv());
        assertEquals("v", leader.getKv().getValue().toStringUtf8());
        // With another value: proclaimed, and the answer tells of the place that it has.
        CampaignResponse again = done(campaign("e", 0x7b, "w"));
        assertEquals(key, again.getLeader());
        assertEquals(2, again.getHeader().getRevision());
        assertEquals("w", done(leader("e")).getKv().getValue().toStringUtf8());
        assertEquals(3, done(leader("e")).getHeader().getRevision());
    }

    @Test
    @Tag("EL-01")
    @Tag("EL-05")
    void theNextCandidateLeadsWhenTheLeaderResigns() {
        grant(1);
        grant(2);
        LeaderKey first = done(campaign("e", 1, "one")).getLeader();
        ListenableFuture<CampaignResponse> waiting = campaign("e", 2, "two");
        awaitKeys(2);
        assertFalse(waiting.isDone());
        assertEquals("one", done(leader("e")).getKv().getValue().toStringUtf8());
        // A key that is not the leader's any more is not deleted.
        assertEquals(3, resign(first.toBuilder().setRev(first.getRev() - 1).build()));
        assertEquals(4, resign(first));
        assertEquals("e/2", done(waiting).getLeader().getKey().toStringUtf8());
        assertEquals("two", done(leader("e")).getKv().getValue().toStringUtf8());
        assertEquals(4, resign(first));
    }

    @Test
    @Tag("EL-02")
    void onlyTheLeaderProclaims() {
        grant(1);
        LeaderKey leader = done(campaign("e", 1, "v")).getLeader();
        assertEquals(3, done(proclaim(leader, "w")).getHeader().getRevision());
        assertEquals("w", done(leader("e")).getKv().getValue().toStringUtf8());
        assertEquals(1, done(leader("e")).getKv().getLease());
        leases.leaseRevoke(LeaseRevokeRequest.newBuilder().setID(1).build());
        assertRefused(Status.Code.UNKNOWN, NOT_LEADER, () -> done(proclaim(leader, "x")));
        String missing = "\"leader\" field must be provided";
        assertRefused(
                Status.Code.UNKNOWN,
                missing,
                () -> done(elections.proclaim(ProclaimRequest.getDefaultInstance())));
        assertRefused(
                Status.Code.UNKNOWN,
                missing,
                () -> done(elections.resign(ResignRequest.getDefaultInstance())));
        assertRefused(
                Status.Code.UNKNOWN,
                "etcdserver: key is not provided",
                () -> done(proclaim(LeaderKey.getDefaultInstance(), "x")));
        assertRefused(
                Status.Code.UNKNOWN,
                "etcdserver: requested lease not found",
                () -> done(campaign("e", 99, "x")));
    }

    @Test
    @Tag("EL-01")
    @Tag("T14")
    void aCandidateWhoseLeaseEndsIsNeverElected() {
        grant(1);
        grant(2);
        LeaderKey leader = done(campaign("e", 1, "one")).getLeader();
        ListenableFuture<CampaignResponse> waiting = campaign("e", 2, "two");
        awaitKeys(2);
        leases.leaseRevoke(LeaseRevokeRequest.newBuilder().setID(2).build());
        assertRefused(Status.Code.UNKNOWN, NOT_LEADER, () -> done(waiting));
        resign(leader);
        assertEquals(0, server.kv.range(all()).getCount());
    }

    @Test
    @Tag("EL-01")
    void aCandidateThatGoesAwayTakesItsKeyAlong() {
        grant(1);
        grant(2);
        done(campaign("e", 1, "one"));
        ListenableFuture<CampaignResponse> waiting = campaign("e", 2, "two");
        awaitKeys(2);
        waiting.cancel(true);
        awaitKeys(1);
    }

    @Test
    @Tag("EL-04")
    void anObserverHearsOfEveryLeaderAndWhatItProclaims() throws InterruptedException {
        grant(1);
        grant(2);
        Leaders leaders = new Leaders();
        Context.CancellableContext call = Context.current().withCancellation();
        call.run(() -> ElectionGrpc.newStub(server.channel).observe(request("e"), leaders));
        until(() -> server.node.state().watches().watchers() == 1);
        LeaderKey first = done(campaign("e", 1, "one")).getLeader();
        assertEquals("e/1=one@2", leaders.take());
        done(proclaim(first, "uno"));
        assertEquals("e/1=uno@3", leaders.take());
        ListenableFuture<CampaignResponse> next = campaign("e", 2, "two");
        awaitKeys(2);
        resign(first);
        assertEquals("e/2=two@4", leaders.take());
        resign(done(next).getLeader());
        until(() -> server.node.state().watches().watchers() == 1);
        grant(3);
        done(campaign("e", 3, "three"));
        assertEquals("e/3=three@7", leaders.take());
        call.cancel(null);
        until(() -> server.node.state().watches().watchers() == 0);
    }

    @Test
    @Tag("EL-04")
    void anObserverOfAnElectionThatHasALeaderHearsOfItAtOnce() throws InterruptedException {
        grant(1);
        done(campaign("e", 1, "one"));
        Leaders leaders = new Leaders();
        ElectionGrpc.newStub(server.channel).observe(request("e"), leaders);
        assertEquals("e/1=one@2", leaders.take());
    }

    private void awaitKeys(int count) {
        until(() ->
                server.kv.range(all().toBuilder().setCountOnly(true).build()).getCount() == count);
    }

    private void grant(long id) {
        leases.leaseGrant(LeaseGrantRequest.newBuilder().setID(id).setTTL(600).build());
    }

    private ListenableFuture<CampaignResponse> campaign(String name, long lease, String value) {
        return elections.campaign(
                CampaignRequest.newBuilder()
                        .setName(bytes(name))
                        .setLease(lease)
                        .setValue(bytes(value))
                        .build());
    }

    private ListenableFuture<ProclaimResponse> proclaim(LeaderKey leader, String value) {
        return elections.proclaim(
                ProclaimRequest.newBuilder().setLeader(leader).setValue(bytes(value)).build());
    }

    /** The revision of the answer. */
    private long resign(LeaderKey leader) {
        return done(elections.resign(ResignRequest.newBuilder().setLeader(leader).build()))
                .getHeader()
                .getRevision();
    }

    private ListenableFuture<LeaderResponse> leader(String name) {
        return elections.leader(request(name));
    }

    private static LeaderRequest request(String name) {
        return LeaderRequest.newBuilder().setName(bytes(name)).build();
    }

    private static final class Leaders implements StreamObserver<LeaderResponse> {
        private final BlockingQueue<String> heard = new LinkedBlockingQueue<>();

        String take() throws InterruptedException {
            String next = heard.poll(60, TimeUnit.SECONDS);
            assertNotNull(next, "no leader");
            return next;
        }

        @Override
        public void onNext(LeaderResponse response) {
            heard.add(
                    response.getKv().getKey().toStringUtf8()
                            + "="
                            + response.getKv().getValue().toStringUtf8()
                            + "@"
                            + response.getKv().getModRevision());
        }

        @Override
        public void onError(Throwable failure) {
            heard.add("error " + failure);
        }

        @Override
        public void onCompleted() {
            heard.add("end");
        }
    }
}
