package io.quorate.engine.node;

import static java.lang.System.Logger.Level.WARNING;

import io.quorate.engine.raft.RaftStatus;
import io.quorate.engine.state.Command;
import io.quorate.engine.state.EtcdError;
import io.quorate.engine.state.EtcdException;
import io.quorate.engine.state.Member;
import io.quorate.engine.state.StateMachine;

import java.time.Duration;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * The checks before a membership change is proposed. They keep the cluster from losing its quorum
 * by a change, judged by what this member knows; what must hold for certain is checked again when
 * the change is applied. Any thread.
 */
final class Reconfiguration {
    private static final System.Logger LOGGER = System.getLogger("io.quorate.engine.node");

    /** How long a connection must have lasted to count as healthy (RC-03, RC-04). */
    private static final Duration HEALTHY = Duration.ofSeconds(5);

    /** CL-10: part of the leader's log that a learner must have. */
    private static final double READY_SHARE = 0.9;

    private final ClusterSettings settings;
    private final long memberId;
    private final StateMachine state;
    private final Optional<Peers> peers;
    private final LongSupplier nanoTime;

    Reconfiguration(
            ClusterSettings settings,
            long memberId,
            StateMachine state,
            Optional<Peers> peers,
            LongSupplier nanoTime) {
        this.settings = settings;
        this.memberId = memberId;
        this.state = state;
        this.peers = peers;
        this.nanoTime = nanoTime;
    }

    /**
     * Completes when nothing speaks against the change, else fails with an {@link EtcdException}.
     *
     * @param raft takes a picture of raft; asked for promotions only
     * @throws IllegalArgumentException for a command that is no membership change
     */
    CompletableFuture<Void> check(Command change, Supplier<CompletableFuture<RaftStatus>> raft) {
        try {
            return switch (change) {
                case Command.MemberAdd(Member member) -> done(() -> checkAdd(member));
                case Command.MemberRemove(long id) -> done(() -> checkRemove(id));
                case Command.MemberUpdate update -> CompletableFuture.completedFuture(null);
                case Command.MemberPromote(long id) ->
                        raft.get().thenAccept(status -> checkPromote(id, status));
                default -> throw new IllegalArgumentException("no membership change: " + change);
            };
        } catch (EtcdException refusal) {
            return CompletableFuture.failedFuture(refusal);
        }
    }

    private static CompletableFuture<Void> done(Runnable check) {
        check.run();
        return CompletableFuture.completedFuture(null);
    }

    private void checkAdd(Member member) {
        if (settings.strictReconfigCheck()) checkQuorumAfterAdd(member);
        // A member that is there already is refused by that name when the change is applied.
        if (member.learner() && learners() >= settings.maxLearners() && !isThere(member)) {
            throw EtcdError.TOO_MANY_LEARNERS.exception();
        }
    }

    private boolean isThere(Member added) {
        return state.members().stream()
                .anyMatch(member ->
                        member.id() == added.id()
                                || !Collections.disjoint(member.peerUrls(), added.peerUrls()));
    }

    private void checkQuorumAfterAdd(Member member) {
        List<Member> voters = voters();
        if (!member.learner() && !startedWouldBeQuorum(started(voters), voters.size() + 1)) {
            throw refused("add", member.id(), EtcdError.NOT_ENOUGH_STARTED);
        }
        // The new member counts as one that is not there yet.
        if (voters.size() > 1 && connected(voters) < quorum(voters.size() + 1)) {
            throw refused("add", member.id(), EtcdError.UNHEALTHY_CLUSTER);
        }
    }

    // A cluster of one may grow although the new one does not run: there is no other way.
    private static boolean startedWouldBeQuorum(int started, int members) {
        return started == 1 && members == 2 || started >= quorum(members);
    }

    private void checkRemove(long id) {
        Optional<Member> member = member(id);
        boolean learner = member.isPresent() && member.get().learner();
        if (!settings.strictReconfigCheck() || learner) {
            return;
        }
        List<Member> voters = voters();
        List<Member> rest = voters.stream().filter(m -> m.id() != id).toList();
        if (started(rest) < quorum(rest.size())) {
            throw refused("remove", id, EtcdError.NOT_ENOUGH_STARTED);
        }
        // One that is down takes nothing of the quorum with it.
        if (id != memberId && peers.isPresent() && peers.get().connectedSince(id).isEmpty()) {
            return;
        }
        if (connected(voters) - 1 < 1 + (voters.size() - 1) / 2) {
            throw refused("remove", id, EtcdError.UNHEALTHY_CLUSTER);
        }
    }

    private void checkPromote(long id, RaftStatus raft) {
        if (raft.progress().isEmpty()) {
            throw EtcdError.NOT_LEADER.exception();
        }
        RaftStatus.ProgressStatus learner = raft.progress().get(id);
        if (learner == null) {
            throw EtcdError.MEMBER_NOT_FOUND.exception();
        }
        long leaderMatch = raft.progress().get(memberId).match();
        if (learner.match() < leaderMatch * READY_SHARE) {
            throw refused("promote", id, EtcdError.LEARNER_NOT_READY);
        }
        List<Member> voters = voters();
        // The one that is promoted counts as started.
        if (settings.strictReconfigCheck() && started(voters) + 1 < quorum(voters.size() + 1)) {
            throw refused("promote", id, EtcdError.NOT_ENOUGH_STARTED);
        }
    }

    /** The other voter that has been connected for the longest time. */
    OptionalLong longestConnectedVoter() {
        Optional<Peers> way = peers;
        return voters().stream()
                .filter(member -> member.id() != memberId)
                .filter(member ->
                        way.isPresent() && way.get().connectedSince(member.id()).isPresent())
                .max(
                        Comparator.comparingLong(member ->
                                nanoTime.getAsLong()
                                        - way.get()
                                                .connectedSince(member.id())
                                                .orElse(nanoTime.getAsLong())))
                .map(member -> OptionalLong.of(member.id()))
                .orElse(OptionalLong.empty());
    }

    boolean isVoter(long id) {
        return voters().stream().anyMatch(member -> member.id() == id);
    }

    boolean isOnlyVoter() {
        return voters().size() < 2;
    }

    /** Whether the leader has been heard of since then; for a leader, whether a quorum has. */
    boolean isConnectedSince(long leader, long nanos) {
        if (peers.isEmpty()) {
            return true;
        }
        if (leader == memberId) {
            List<Member> members = state.members();
            return peers.get().connectedSince(nanos, members) >= quorum(members.size());
        }
        return peers.get().isConnectedSince(leader, nanos);
    }

    private int connected(List<Member> members) {
        long since = nanoTime.getAsLong() - HEALTHY.toNanos();
        // Without a network this member is all there is.
        return peers.map(way -> way.connectedSince(since, members)).orElse(1);
    }

    private static int quorum(int members) {
        return members / 2 + 1;
    }

    // A member that has started has told its name.
    private static int started(List<Member> members) {
        return (int) members.stream().filter(member -> !member.name().isEmpty()).count();
    }

    private List<Member> voters() {
        return state.members().stream().filter(member -> !member.learner()).toList();
    }

    private long learners() {
        return state.members().stream().filter(Member::learner).count();
    }

    Optional<Member> member(long id) {
        return state.members().stream().filter(member -> member.id() == id).findFirst();
    }

    private EtcdException refused(String what, long id, EtcdError error) {
        LOGGER.log(
                WARNING,
                "rejecting member " + what + " request",
                Fields.of(
                        "local-member-id",
                        Long.toHexString(memberId),
                        "requested-member-id",
                        Long.toHexString(id),
                        "error",
                        error.text()));
        return error.exception();
    }
}
