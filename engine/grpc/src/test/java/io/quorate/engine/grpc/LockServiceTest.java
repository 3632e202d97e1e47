package io.quorate.engine.grpc;

import static io.quorate.engine.grpc.Texts.all;
import static io.quorate.engine.grpc.Texts.assertRefused;
import static io.quorate.engine.grpc.Texts.bytes;
import static io.quorate.engine.grpc.Texts.get;
import static io.quorate.engine.grpc.Texts.op;
import static io.quorate.engine.grpc.Texts.put;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.util.concurrent.ListenableFuture;
import com.google.protobuf.ByteString;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.quorate.api.proto.Compare;
import io.quorate.api.proto.LeaseGrantRequest;
import io.quorate.api.proto.LeaseGrpc;
import io.quorate.api.proto.LeaseRevokeRequest;
import io.quorate.api.proto.LeaseTimeToLiveRequest;
import io.quorate.api.proto.TxnRequest;
import io.quorate.api.proto.lock.LockGrpc;
import io.quorate.api.proto.lock.LockRequest;
import io.quorate.api.proto.lock.LockResponse;
import io.quorate.api.proto.lock.UnlockRequest;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Locks as a client meets them. */
class LockServiceTest {
    private final TestServer server = new TestServer(ServiceSettings.DEFAULT);
    private final LeaseGrpc.LeaseBlockingStub leases = LeaseGrpc.newBlockingStub(server.channel);
    private final LockGrpc.LockFutureStub locks = LockGrpc.newFutureStub(server.channel);

    @AfterEach
    void stop() {
        server.close();
        assertFalse(server.failure.isDone(), "the member failed");
    }

    @Test
    @Tag("LK-01")
    @Tag("LK-02")
    void aFreeLockIsHeldAtOnceByTheKeyOfItsLease() {
        grant(0x7b);
        LockResponse held = done(lock("n", 0x7b));
        assertEquals("n/7b", held.getKey().toStringUtf8());
        assertEquals(2, held.getHeader().getRevision());
        assertEquals(server.node.memberId(), held.getHeader().getMemberId());
        var kv = server.kv.range(get("n/7b")).getKvs(0);
        assertEquals(0x7b, kv.getLease());
        assertEquals(ByteString.EMPTY, kv.getValue());
        // Again: it is held already.
        LockResponse again = done(lock("n", 0x7b));
        assertEquals(held.getKey(), again.getKey());
        assertEquals(2, again.getHeader().getRevision());
        grant(-5);
        assertEquals("m/-5", done(lock("m", -5)).getKey().toStringUtf8());
    }

    @Test
    @Tag("LK-01")
    void withoutALeaseTheServerMakesOneOfAMinute() {
        String key = done(lock("n", 0)).getKey().toStringUtf8();
        long lease = Long.parseLong(key.substring("n/".length()), 16);
        assertEquals(
                60,
                leases.leaseTimeToLive(LeaseTimeToLiveRequest.newBuilder().setID(lease).build())
                        .getGrantedTTL());
    }

    @Test
    @Tag("LK-03")
    @Tag("LK-04")
    void theLockGoesFromOneToTheNextInTheOrderOfTheirCreation() {
        List<ListenableFuture<LockResponse>> waiting = new ArrayList<>();
        grant(1);
        done(lock("n", 1));
        for (int lease = 2; lease <= 6; lease++) {
            grant(lease);
            waiting.add(lock("n", lease));
            // Where it stands among the others is settled when its key is there.
            awaitKeys(lease);
        }
        for (int lease = 1; lease <= 5; lease++) {
            ListenableFuture<LockResponse> next = waiting.get(lease - 1);
            assertFalse(next.isDone());
            unlock("n/" + lease);
            assertEquals("n/" + (lease + 1), done(next).getKey().toStringUtf8());
            for (int later = lease; later < 5; later++) {
                assertFalse(waiting.get(later).isDone());
            }
        }
        unlock("n/6");
        unlock("n/6");
        assertEquals(0, server.kv.range(all()).getCount());
    }

    @Test
    @Tag("LK-03")
    void aKeyThatAnotherClientPutByTheSameSchemeIsWaitedFor() {
        server.kv.put(put("n/someone", ""));
        grant(2);
        ListenableFuture<LockResponse> waiting = lock("n", 2);
        awaitKeys(2);
        assertFalse(waiting.isDone());
        // A put does not end it, only a delete does.
        server.kv.put(put("n/someone", "again"));
        server.kv.deleteRange(Texts.delete("n/someone"));
        assertEquals("n/2", done(waiting).getKey().toStringUtf8());
    }

    @Test
    @Tag("LK-05")
    @Tag("T14")
    void aWaiterWhoseLeaseEndsIsToldSoAndNeverHoldsTheLock() {
        grant(1);
        grant(2);
        done(lock("n", 1));
        ListenableFuture<LockResponse> waiting = lock("n", 2);
        awaitKeys(2);
        revoke(2);
        assertRefused(Status.Code.UNKNOWN, "mutex: session is expired", () -> done(waiting));
        unlock("n/1");
        assertEquals(0, server.kv.range(all()).getCount());
    }

    @Test
    @Tag("T14")
    void aPlaceThatWasLostAndTakenAnewIsNotTheOldOne() {
        grant(1);
        grant(2);
        done(lock("n", 1));
        ListenableFuture<LockResponse> waiting = lock("n", 2);
        awaitKeys(2);
        server.kv.txn(
                Texts.then(op(Texts.delete("n/2")), op(Texts.delete("n/1")), op(put("n/3", ""))));
        server.kv.put(put("n/2", ""));
        assertRefused(Status.Code.UNKNOWN, "mutex: session is expired", () -> done(waiting));
    }

    @Test
    @Tag("T14")
    @Tag("SE-02")
    void theCreateRevisionOfTheKeyIsAFencingToken() {
        grant(1);
        grant(2);
        String key = done(lock("n", 1)).getKey().toStringUtf8();
        long token = server.kv.range(get(key)).getKvs(0).getCreateRevision();
        assertTrue(server.kv.txn(guarded(key, token, put("data", "1"))).getSucceeded());
        revoke(1);
        done(lock("n", 2));
        assertFalse(server.kv.txn(guarded(key, token, put("data", "2"))).getSucceeded());
        grant(1);
        ListenableFuture<LockResponse> again = lock("n", 1);
        awaitKeys(2);
        assertFalse(server.kv.txn(guarded(key, token, put("data", "3"))).getSucceeded());
        unlock("n/2");
        done(again);
        assertFalse(server.kv.txn(guarded(key, token, put("data", "4"))).getSucceeded());
        assertEquals("1", server.kv.range(get("data")).getKvs(0).getValue().toStringUtf8());
    }

    @Test
    @Tag("LK-05")
    void aWaiterThatGoesAwayTakesItsKeyAlong() {
        grant(1);
        grant(2);
        done(lock("n", 1));
        ListenableFuture<LockResponse> waiting = lock("n", 2);
        awaitKeys(2);
        waiting.cancel(true);
        awaitKeys(1);
        assertEquals("n/1", server.kv.range(all()).getKvs(0).getKey().toStringUtf8());
        until(() -> server.node.state().watches().watchers() == 0);
    }

    @Test
    @Tag("LK-05")
    void aHolderThatDiesLeavesTheLockToTheNext() {
        leases.leaseGrant(LeaseGrantRequest.newBuilder().setID(1).setTTL(2).build());
        grant(2);
        done(lock("n", 1));
        assertEquals("n/2", done(lock("n", 2)).getKey().toStringUtf8());
    }

    @Test
    @Tag("LK-01")
    void whatTheOtherServicesRefuseIsUnknownWithTheirText() {
        assertRefused(
                Status.Code.UNKNOWN,
                "etcdserver: requested lease not found",
                () -> done(lock("n", 99)));
        assertRefused(Status.Code.UNKNOWN, "etcdserver: key is not provided", () -> unlock(""));
    }

    /** The wait for a lock looks at the keys again when what it waits for is compacted away. */
    @Test
    @Tag("LK-03")
    void compactionWhileWaitingLosesNoTurn() {
        grant(1);
        grant(2);
        done(lock("n", 1));
        ListenableFuture<LockResponse> waiting = lock("n", 2);
        awaitKeys(2);
        server.kv.put(put("other", "1"));
        server.kv.compact(
                io.quorate.api.proto.CompactionRequest.newBuilder().setRevision(4).build());
        unlock("n/1");
        assertEquals("n/2", done(waiting).getKey().toStringUtf8());
    }

    private void awaitKeys(int count) {
        until(() -> count(server) == count);
    }

    private static long count(TestServer server) {
        return server.kv
                .range(
                        all().toBuilder()
                                .setKey(bytes("n/"))
                                .setRangeEnd(bytes("n0"))
                                .setCountOnly(true)
                                .build())
                .getCount();
    }

    static void until(java.util.function.BooleanSupplier condition) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() - end < 0, "it never came to be");
            Thread.onSpinWait();
        }
    }

    private static TxnRequest guarded(
            String key, long created, io.quorate.api.proto.PutRequest put) {
        return Texts.then(op(put)).toBuilder()
                .addCompare(
                        Compare.newBuilder()
                                .setKey(bytes(key))
                                .setTarget(Compare.CompareTarget.CREATE)
                                .setResult(Compare.CompareResult.EQUAL)
                                .setCreateRevision(created))
                .build();
    }

    private void grant(long id) {
        leases.leaseGrant(LeaseGrantRequest.newBuilder().setID(id).setTTL(600).build());
    }

    private void revoke(long id) {
        leases.leaseRevoke(LeaseRevokeRequest.newBuilder().setID(id).build());
    }

    private ListenableFuture<LockResponse> lock(String name, long lease) {
        return locks.lock(LockRequest.newBuilder().setName(bytes(name)).setLease(lease).build());
    }

    private void unlock(String key) {
        done(locks.unlock(UnlockRequest.newBuilder().setKey(bytes(key)).build()));
    }

    static <T> T done(ListenableFuture<T> future) {
        try {
            return future.get(60, TimeUnit.SECONDS);
        } catch (InterruptedException | TimeoutException e) {
            throw new AssertionError("no answer", e);
        } catch (ExecutionException e) {
            throw assertThrows(
                    StatusRuntimeException.class,
                    () -> {
                        throw e.getCause();
                    });
        }
    }
}
