package io.quorate.engine.grpc;

import static io.quorate.engine.grpc.Texts.all;
import static io.quorate.engine.grpc.Texts.assertRefused;
import static io.quorate.engine.grpc.Texts.get;
import static io.quorate.engine.grpc.Texts.put;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.StreamObserver;
import io.quorate.api.proto.LeaseGrantRequest;
import io.quorate.api.proto.LeaseGrantResponse;
import io.quorate.api.proto.LeaseGrpc;
import io.quorate.api.proto.LeaseKeepAliveRequest;
import io.quorate.api.proto.LeaseKeepAliveResponse;
import io.quorate.api.proto.LeaseLeasesRequest;
import io.quorate.api.proto.LeaseRevokeRequest;
import io.quorate.api.proto.LeaseRevokeResponse;
import io.quorate.api.proto.LeaseStatus;
import io.quorate.api.proto.LeaseTimeToLiveRequest;
import io.quorate.api.proto.LeaseTimeToLiveResponse;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Leases as a client meets them. */
class LeaseServiceTest {
    private static final String NOT_FOUND = "etcdserver: requested lease not found";

    private final TestServer server = new TestServer(ServiceSettings.DEFAULT);
    private final LeaseGrpc.LeaseBlockingStub leases = LeaseGrpc.newBlockingStub(server.channel);

    @AfterEach
    void stop() {
        server.close();
        assertFalse(server.failure.isDone(), "the member failed");
    }

    @Test
    @Tag("LE-01")
    @Tag("LE-02")
    @Tag("LE-04")
    void aGrantTellsTheIdAndTheTtlThatItReallyGave() {
        LeaseGrantResponse picked = grant(0, 1);
        assertTrue(picked.getID() > 0);
        assertEquals(2, picked.getTTL());
        assertEquals("", picked.getError());
        assertEquals(1, picked.getHeader().getRevision());
        assertEquals(server.node.memberId(), picked.getHeader().getMemberId());
        LeaseGrantResponse chosen = grant(-77, 60);
        assertEquals(-77, chosen.getID());
        assertEquals(60, chosen.getTTL());
    }

    @Test
    @Tag("LE-03")
    @Tag("LE-05")
    @Tag("LE-06")
    @Tag("ER-12")
    @Tag("ER-13")
    @Tag("ER-14")
    void mistakesAreToldInEtcdsWords() {
        grant(7, 60);
        assertRefused(
                Status.Code.FAILED_PRECONDITION,
                "etcdserver: lease already exists",
                () -> grant(7, 60));
        assertRefused(
                Status.Code.OUT_OF_RANGE,
                "etcdserver: too large lease TTL",
                () -> grant(8, 9_000_000_001L));
        assertEquals(9_000_000_000L, grant(8, 9_000_000_000L).getTTL());
        assertRefused(Status.Code.NOT_FOUND, NOT_FOUND, () -> revoke(99));
        assertRefused(
                Status.Code.NOT_FOUND,
                NOT_FOUND,
                () -> server.kv.put(put("k", "v").toBuilder().setLease(99).build()));
    }

    @Test
    @Tag("LE-06")
    @Tag("LE-10")
    @Tag("SE-08")
    void aRevokedLeaseTakesItsKeysAlong() {
        grant(7, 60);
        for (String key : List.of("b", "a")) {
            server.kv.put(put(key, "v").toBuilder().setLease(7).build());
        }
        server.kv.put(put("c", "v"));
        LeaseTimeToLiveResponse with = timeToLive(7, true);
        assertEquals(60, with.getGrantedTTL());
        assertTrue(with.getTTL() >= 0 && with.getTTL() <= 60, "TTL " + with.getTTL());
        assertEquals(List.of(Texts.bytes("a"), Texts.bytes("b")), with.getKeysList());
        assertEquals(4, with.getHeader().getRevision());
        assertEquals(List.of(), timeToLive(7, false).getKeysList());
        assertEquals(7, server.kv.range(get("a")).getKvs(0).getLease());

        assertEquals(5, revoke(7).getHeader().getRevision());
        assertEquals(1, server.kv.range(all()).getCount());
        LeaseTimeToLiveResponse gone = timeToLive(7, true);
        assertEquals(-1, gone.getTTL());
        assertEquals(0, gone.getGrantedTTL());
        assertEquals(7, gone.getID());
        assertEquals(5, gone.getHeader().getRevision());
    }

    @Test
    @Tag("LE-12")
    void leasesAreListedThoseThatEndSoonestFirst() {
        grant(1, 300);
        grant(2, 100);
        grant(3, 200);
        assertEquals(
                List.of(2L, 3L, 1L),
                leases.leaseLeases(LeaseLeasesRequest.getDefaultInstance()).getLeasesList().stream()
                        .map(LeaseStatus::getID)
                        .toList());
    }

    @Test
    @Tag("LE-07")
    @Tag("LE-08")
    void oneStreamKeepsManyLeasesAlive() throws InterruptedException {
        grant(7, 60);
        grant(8, 90);
        Answers answers = new Answers();
        StreamObserver<LeaseKeepAliveRequest> requests =
                LeaseGrpc.newStub(server.channel).leaseKeepAlive(answers);
        for (long id : new long[] {7, 99, 8}) {
            requests.onNext(keepAlive(id));
        }
        assertAnswer(7, 60, answers.take());
        assertAnswer(99, 0, answers.take());
        assertAnswer(8, 90, answers.take());
        revoke(7);
        requests.onNext(keepAlive(7));
        assertAnswer(7, 0, answers.take());
        requests.onCompleted();
        assertEquals(Status.OK, answers.end.orTimeout(60, TimeUnit.SECONDS).join());
    }

    @Test
    @Tag("LE-07")
    @Tag("SE-76")
    void aLeaseThatIsNotKeptAliveEndsAndItsStreamStays() throws InterruptedException {
        grant(7, 2);
        server.kv.put(put("k", "v").toBuilder().setLease(7).build());
        Answers answers = new Answers();
        StreamObserver<LeaseKeepAliveRequest> requests =
                LeaseGrpc.newStub(server.channel).leaseKeepAlive(answers);
        while (server.kv.range(get("k")).getCount() > 0) {
            Thread.onSpinWait();
        }
        requests.onNext(keepAlive(7));
        assertAnswer(7, 0, answers.take());
        grant(7, 60);
        requests.onNext(keepAlive(7));
        assertAnswer(7, 60, answers.take());
    }

    /** A client that sends and does not read makes the server wait, not remember. */
    @Test
    @Tag("T27")
    void manyRenewalsOfAClientThatReadsLateAllHaveTheirAnswer() throws InterruptedException {
        int renewals = 20_000;
        for (int id = 1; id <= 100; id++) {
            grant(id, 600);
        }
        Answers answers = new Answers();
        answers.takes = 0;
        LeaseGrpc.newStub(server.channel).leaseKeepAlive(answers);
        for (int i = 0; i < renewals; i++) {
            answers.requests.onNext(keepAlive(1 + i % 100));
        }
        answers.requests.request(renewals);
        for (int i = 0; i < renewals; i++) {
            assertAnswer(1 + i % 100, 600, answers.take());
        }
    }

    private LeaseGrantResponse grant(long id, long ttl) {
        return leases.leaseGrant(LeaseGrantRequest.newBuilder().setID(id).setTTL(ttl).build());
    }

    private LeaseRevokeResponse revoke(long id) {
        return leases.leaseRevoke(LeaseRevokeRequest.newBuilder().setID(id).build());
    }

    private LeaseTimeToLiveResponse timeToLive(long id, boolean keys) {
        return leases.leaseTimeToLive(
                LeaseTimeToLiveRequest.newBuilder().setID(id).setKeys(keys).build());
    }

    private static LeaseKeepAliveRequest keepAlive(long id) {
        return LeaseKeepAliveRequest.newBuilder().setID(id).build();
    }

    private void assertAnswer(long id, long ttl, LeaseKeepAliveResponse answer) {
        assertEquals(id, answer.getID());
        assertEquals(ttl, answer.getTTL());
        assertEquals(server.node.clusterId(), answer.getHeader().getClusterId());
    }

    private static final class Answers
            implements ClientResponseObserver<LeaseKeepAliveRequest, LeaseKeepAliveResponse> {
        final BlockingQueue<LeaseKeepAliveResponse> taken = new LinkedBlockingQueue<>();
        final CompletableFuture<Status> end = new CompletableFuture<>();

        /** Answers to take at first, all when negative. */
        int takes = -1;

        ClientCallStreamObserver<LeaseKeepAliveRequest> requests;

        @Override
        public void beforeStart(ClientCallStreamObserver<LeaseKeepAliveRequest> stream) {
            requests = stream;
            if (takes >= 0) {
                stream.disableAutoRequestWithInitial(takes);
            }
        }

        LeaseKeepAliveResponse take() throws InterruptedException {
            LeaseKeepAliveResponse answer = taken.poll(60, TimeUnit.SECONDS);
            assertFalse(answer == null, () -> "no answer; the stream: " + end);
            return answer;
        }

        @Override
        public void onNext(LeaseKeepAliveResponse answer) {
            taken.add(answer);
        }

        @Override
        public void onError(Throwable failure) {
            end.complete(Status.fromThrowable(failure));
        }

        @Override
        public void onCompleted() {
            end.complete(Status.OK);
        }
    }
}
