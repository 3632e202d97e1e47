package io.quorate.ctl;

import com.google.protobuf.ByteString;

import io.quorate.api.client.LeaseKeepAlive;
import io.quorate.api.client.Watch;
import io.quorate.api.proto.Compare;
import io.quorate.api.proto.DeleteRangeRequest;
import io.quorate.api.proto.KVGrpc;
import io.quorate.api.proto.LeaseGrantRequest;
import io.quorate.api.proto.LeaseGrpc;
import io.quorate.api.proto.PutRequest;
import io.quorate.api.proto.RangeRequest;
import io.quorate.api.proto.RangeResponse;
import io.quorate.api.proto.RequestOp;
import io.quorate.api.proto.TxnRequest;
import io.quorate.api.proto.TxnResponse;
import io.quorate.api.proto.WatchCreateRequest;
import io.quorate.api.proto.WatchResponse;
import io.quorate.api.proto.mvcc.Event;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * One that waits for its turn under a name, by the protocol of etcd's clients for locks and
 * elections: each puts a key {@code NAME/LEASE} with a lease of its own; whose key is oldest has
 * the turn; the others wait for the keys before theirs to go. A lease that ends takes its key
 * along.
 *
 * <p>Used by the command's thread, and by the one that hears signals for {@link #giveUp}.
 */
final class Contender {
    private final Cluster cluster;
    private final LeaseKeepAlive lease;
    private final ByteString folder;
    private final ByteString key;
    private long keyRevision;
    private Optional<Watch> waiting = Optional.empty();
    private boolean givenUp;

    private Contender(Cluster cluster, String name, LeaseKeepAlive lease) {
        this.cluster = cluster;
        this.lease = lease;
        this.folder = Ranges.key(name + "/");
        this.key = folder.concat(Ranges.key(Long.toHexString(lease.id())));
    }

    /** Grants a lease that is kept alive from now on. */
    static Contender enter(Cluster cluster, String name, long ttlSeconds) {
        long id =
                cluster.write(
                                LeaseGrpc.getLeaseGrantMethod(),
                                LeaseGrantRequest.newBuilder().setTTL(ttlSeconds).build())
                        .getID();
        return new Contender(cluster, name, cluster.client().leases().keepAlive(id));
    }

    /** Completes, in whatever way, when the lease is lost. */
    CompletableFuture<Void> lost() {
        return lease.ended();
    }

    ByteString key() {
        return key;
    }

    /**
     * Waits for the turn.
     *
     * @param value what others see
     * @return the store's revision when the turn came; empty after {@link #giveUp}
     */
    Optional<Long> awaitTurn(ByteString value) {
        TxnResponse entered = cluster.write(KVGrpc.getTxnMethod(), entry(value));
        keyRevision =
                entered.getSucceeded()
                        ? entered.getHeader().getRevision()
                        : entered.getResponses(0).getResponseRange().getKvs(0).getCreateRevision();
        RangeResponse first = entered.getResponses(1).getResponseRange();
        if (first.getKvsCount() == 0 || first.getKvs(0).getCreateRevision() == keyRevision) {
            return Optional.of(entered.getHeader().getRevision());
        }
        if (!awaitDeletions()) return Optional.empty();
        RangeResponse mine = get();
        if (mine.getKvsCount() == 0) throw new IllegalStateException("session is expired");
        return Optional.of(mine.getHeader().getRevision());
    }

    private TxnRequest entry(ByteString value) {
        RequestOp owner =
                RequestOp.newBuilder()
                        .setRequestRange(oldest(RangeRequest.SortOrder.ASCEND))
                        .build();
        return TxnRequest.newBuilder()
                .addCompare(
                        Compare.newBuilder()
                                .setKey(key)
                                .setTarget(Compare.CompareTarget.CREATE)
                                .setResult(Compare.CompareResult.EQUAL)
                                .setCreateRevision(0))
                .addSuccess(
                        RequestOp.newBuilder()
                                .setRequestPut(
                                        PutRequest.newBuilder()
                                                .setKey(key)
                                                .setValue(value)
                                                .setLease(lease.id())))
                .addSuccess(owner)
                .addFailure(
                        RequestOp.newBuilder()
                                .setRequestRange(RangeRequest.newBuilder().setKey(key)))
                .addFailure(owner)
                .build();
    }

    /** The first of all keys under the name in the order of their creation. */
    private RangeRequest.Builder oldest(RangeRequest.SortOrder order) {
        return RangeRequest.newBuilder()
                .setKey(folder)
                .setRangeEnd(Ranges.prefixEnd(folder))
                .setSortTarget(RangeRequest.SortTarget.CREATE)
                .setSortOrder(order)
                .setLimit(1);
    }

    /** Waits until no older key is left, from the youngest of them down. */
    private boolean awaitDeletions() {
        RangeRequest before =
                oldest(RangeRequest.SortOrder.DESCEND)
                        .setMaxCreateRevision(keyRevision - 1)
                        .build();
        while (true) {
            RangeResponse ahead = cluster.read(KVGrpc.getRangeMethod(), before);
            if (ahead.getKvsCount() == 0) return true;
            boolean deleted =
                    awaitDeletion(ahead.getKvs(0).getKey(), ahead.getHeader().getRevision());
            if (!deleted) return false;
        }
    }

    private boolean awaitDeletion(ByteString other, long revision) {
        Watch watch =
                cluster.client()
                        .watch(
                                WatchCreateRequest.newBuilder()
                                        .setKey(other)
                                        .setStartRevision(revision)
                                        .build());
        synchronized (this) {
            waiting = Optional.of(watch);
            if (givenUp) watch.close();
        }
        try (watch) {
            for (Optional<WatchResponse> answer = watch.next();
                    answer.isPresent();
                    answer = watch.next()) {
                for (Event event : answer.get().getEventsList()) {
                    if (event.getType() == Event.EventType.DELETE) return true;
                }
            }
            return false;
        }
    }

    /** Ends a wait for the turn. */
    synchronized void giveUp() {
        givenUp = true;
        waiting.ifPresent(Watch::close);
    }

    /** The own key as it is now. */
    RangeResponse get() {
        return cluster.read(KVGrpc.getRangeMethod(), RangeRequest.newBuilder().setKey(key).build());
    }

    /** Takes the own key away: the turn goes to the next. */
    void leave() {
        cluster.write(
                KVGrpc.getDeleteRangeMethod(), DeleteRangeRequest.newBuilder().setKey(key).build());
    }

    /** As {@link #leave}, but leaves a key alone that was made again after this one's. */
    void resign() {
        cluster.write(
                KVGrpc.getTxnMethod(),
                TxnRequest.newBuilder()
                        .addCompare(
                                Compare.newBuilder()
                                        .setKey(key)
                                        .setTarget(Compare.CompareTarget.CREATE)
                                        .setResult(Compare.CompareResult.EQUAL)
                                        .setCreateRevision(keyRevision))
                        .addSuccess(
                                RequestOp.newBuilder()
                                        .setRequestDeleteRange(
                                                DeleteRangeRequest.newBuilder().setKey(key)))
                        .build());
    }
}
