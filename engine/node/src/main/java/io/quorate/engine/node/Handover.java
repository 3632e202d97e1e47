package io.quorate.engine.node;

import static java.lang.System.Logger.Level.INFO;
import static java.lang.System.Logger.Level.WARNING;

import io.quorate.engine.state.EtcdError;

import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;

/** How a leader makes another member the leader: because it is asked to, or because it stops. */
final class Handover {
    private static final System.Logger LOGGER = System.getLogger("io.quorate.engine.node");

    private final long memberId;
    private final Duration timeout;
    private final Reconfiguration members;
    private final ReplicaLoop replica;
    private final RaftInbox inbox;
    private final LongSupplier nanoTime;

    Handover(
            long memberId,
            Duration timeout,
            Reconfiguration members,
            ReplicaLoop replica,
            RaftInbox inbox,
            LongSupplier nanoTime) {
        this.memberId = memberId;
        this.timeout = timeout;
        this.members = members;
        this.replica = replica;
        this.inbox = inbox;
        this.nanoTime = nanoTime;
    }

    /** As {@link Node#moveLeader}. */
    CompletableFuture<Void> to(long target) {
        if (!leads()) {
            return CompletableFuture.failedFuture(EtcdError.NOT_LEADER.exception());
        }
        if (!members.isVoter(target)) {
            return CompletableFuture.failedFuture(EtcdError.BAD_LEADER_TRANSFEREE.exception());
        }
        String self = Long.toHexString(memberId);
        String heir = Long.toHexString(target);
        LOGGER.log(
                INFO,
                "leadership transfer starting",
                Fields.of(
                        "local-member-id",
                        self,
                        "current-leader-member-id",
                        self,
                        "transferee-member-id",
                        heir));
        var transfer =
                new LeaderTransfer(
                        target,
                        nanoTime.getAsLong() + timeout.toNanos(),
                        new CompletableFuture<>());
        inbox.transfer(transfer);
        return transfer.outcome()
                .thenRun(() ->
                        LOGGER.log(
                                INFO,
                                "leadership transfer finished",
                                Fields.of(
                                        "local-member-id",
                                        self,
                                        "old-leader-member-id",
                                        self,
                                        "new-leader-member-id",
                                        heir)));
    }

    /** RA-07: the others need not wait for an election time-out when a leader stops in order. */
    void onStop() {
        OptionalLong heir = members.longestConnectedVoter();
        if (!leads() || members.isOnlyVoter() || heir.isEmpty()) {
            return;
        }
        try {
            to(heir.getAsLong()).get(timeout.toNanos(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException | TimeoutException e) {
            LOGGER.log(
                    WARNING,
                    "leadership transfer failed",
                    Fields.of(
                            "local-member-id",
                            Long.toHexString(memberId),
                            "error",
                            String.valueOf(e)));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean leads() {
        return replica.view().leader() == memberId;
    }
}
