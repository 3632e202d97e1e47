package io.quorate.engine.node;

import static io.quorate.engine.node.TestMember.await;
import static io.quorate.engine.node.TestMember.refusal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.backend.memory.MemoryStorageProvider;
import io.quorate.engine.metrics.MetricRegistry;
import io.quorate.engine.raft.ConfState;
import io.quorate.engine.raft.HardState;
import io.quorate.engine.raft.RaftStatus;
import io.quorate.engine.raft.RaftStatus.ProgressStatus;
import io.quorate.engine.raft.Role;
import io.quorate.engine.raft.SoftState;
import io.quorate.engine.state.Command;
import io.quorate.engine.state.EtcdError;
import io.quorate.engine.state.Member;
import io.quorate.engine.state.StateMachine;
import io.quorate.spi.storage.Applied;
import io.quorate.spi.storage.Identity;
import io.quorate.spi.transport.Peer;
import io.quorate.spi.transport.SnapshotBody;
import io.quorate.spi.transport.Transport;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;

/** The checks of etcd before a membership change, each at its border; member 1 is asked. */
final class ReconfigurationTest {
    private static final long NOW = Duration.ofHours(1).toNanos();
    private static final long LONG_AGO = NOW - Duration.ofSeconds(5).toNanos();
    private static final long JUST_NOW = LONG_AGO + 1;

    private final StateMachine state =
            StateMachine.open(new MemoryStorageProvider().openState(TestStorage.env(null)));
    private final Map<Long, Long> connected = new HashMap<>();
    private final Map<Long, ProgressStatus> progress = new TreeMap<>();
    private long index;

    @AfterEach
    void close() {
        state.close();
    }

    // ---- add

    @Test
    @Tag("RC-01")
    void aClusterOfOneMayGrow() {
        started(1);
        assertEquals(Optional.empty(), add(false));
        unstarted(2);
        assertEquals(Optional.of(EtcdError.NOT_ENOUGH_STARTED), add(false));
    }

    @Test
    @Tag("RC-01")
    void whoHasStartedMustBeAQuorumWithTheNewOne() {
        started(1);
        started(2);
        unstarted(3);
        connect(LONG_AGO, 2, 3);
        // Two of four are none.
        assertEquals(Optional.of(EtcdError.NOT_ENOUGH_STARTED), add(false));
        started(3);
        assertEquals(Optional.empty(), add(false));
        unstarted(4);
        connect(LONG_AGO, 4);
        // Three of five are one.
        assertEquals(Optional.empty(), add(false));
    }

    @Test
    @Tag("RC-04")
    @Tag("T16")
    void aQuorumWithTheNewOneMustHaveBeenConnectedForFiveSeconds() {
        for (long id = 1; id <= 3; id++) started(id);
        connect(LONG_AGO, 2);
        // Two of four are none, however well they are.
        assertEquals(Optional.of(EtcdError.UNHEALTHY_CLUSTER), add(false));
        connect(JUST_NOW, 3);
        assertEquals(Optional.of(EtcdError.UNHEALTHY_CLUSTER), add(false));
        assertEquals(Optional.of(EtcdError.UNHEALTHY_CLUSTER), add(true));
        connect(LONG_AGO, 3);
        assertEquals(Optional.empty(), add(false));
        started(4);
        // Three of five are enough although the fourth is away (T16).
        assertEquals(Optional.empty(), add(false));
    }

    @Test
    @Tag("RC-06")
    void oneLearnerAtATime() {
        started(1);
        assertEquals(Optional.empty(), add(true));
        apply(new Command.MemberAdd(member(2, true)));
        assertEquals(Optional.of(EtcdError.TOO_MANY_LEARNERS), add(true));
        assertEquals(Optional.empty(), add(false), "a voter may come");
    }

    @Test
    @Tag("CL-03")
    @Tag("RC-06")
    void aLearnerThatIsThereIsNotRefusedAsOneTooMany() {
        started(1);
        apply(new Command.MemberAdd(member(2, true)));
        Member sameAddress = new Member(99, "", member(1, false).peerUrls(), List.of(), true);
        assertEquals(Optional.empty(), outcome(checks(true), new Command.MemberAdd(sameAddress)));
        assertEquals(
                Optional.empty(), outcome(checks(true), new Command.MemberAdd(member(2, true))));
    }

    // ---- remove

    @Test
    @Tag("RC-03")
    void whoStaysMustBeAQuorumOfStartedMembers() {
        started(1);
        started(2);
        unstarted(3);
        connect(LONG_AGO, 2);
        // One of two is none, and the one that never started may go.
        assertEquals(Optional.of(EtcdError.NOT_ENOUGH_STARTED), remove(2));
        assertEquals(Optional.empty(), remove(3));
    }

    @Test
    @Tag("RC-03")
    void whoIsTakenAwayMustNotBeOfTheLastQuorum() {
        for (long id = 1; id <= 3; id++) started(id);
        connect(LONG_AGO, 2);
        // Two are there, and one would be left of the two that are needed.
        assertEquals(Optional.of(EtcdError.UNHEALTHY_CLUSTER), remove(2));
        assertEquals(Optional.of(EtcdError.UNHEALTHY_CLUSTER), remove(1), "itself");
        assertEquals(Optional.empty(), remove(3), "it is away anyhow");
        connect(JUST_NOW, 3);
        assertEquals(Optional.of(EtcdError.UNHEALTHY_CLUSTER), remove(3), "it has come just now");
        connect(LONG_AGO, 3);
        assertEquals(Optional.empty(), remove(2));
        assertEquals(Optional.empty(), remove(1));
    }

    @Test
    @Tag("RC-03")
    void aLearnerMayAlwaysGo() {
        started(1);
        started(2);
        apply(new Command.MemberAdd(member(3, true)));
        assertEquals(Optional.empty(), remove(3));
        connect(LONG_AGO, 2, 3);
        assertEquals(Optional.empty(), remove(3));
    }

    // ---- promote

    @Test
    @Tag("RC-05")
    @Tag("RC-07")
    void aLearnerThatIsToVoteCountsAsStartedAndMustHaveNineTenths() {
        started(1);
        unstarted(2);
        unstarted(3);
        apply(new Command.MemberAdd(member(4, true)));
        progress(1, 100);
        progress(4, 89);
        assertEquals(Optional.of(EtcdError.LEARNER_NOT_READY), promote(4));
        progress(4, 90);
        // Itself and the learner are two of four.
        assertEquals(Optional.of(EtcdError.NOT_ENOUGH_STARTED), promote(4));
        started(2);
        assertEquals(Optional.empty(), promote(4));
        assertEquals(Optional.of(EtcdError.MEMBER_NOT_FOUND), promote(5));
        progress.clear();
        assertEquals(Optional.of(EtcdError.NOT_LEADER), promote(4));
    }

    @Test
    @Tag("RC-01")
    @Tag("RC-03")
    @Tag("RC-07")
    void withoutTheStrictCheckTheClusterMayHarmItself() {
        started(1);
        unstarted(2);
        apply(new Command.MemberAdd(member(4, true)));
        progress(1, 100);
        progress(4, 100);
        Reconfiguration lax = checks(false);
        assertEquals(Optional.empty(), outcome(lax, new Command.MemberAdd(member(9, false))));
        assertEquals(Optional.empty(), outcome(lax, new Command.MemberRemove(1)));
        assertEquals(Optional.empty(), outcome(lax, new Command.MemberPromote(4)));
    }

    // ---- the member that is asked

    private Optional<EtcdError> add(boolean learner) {
        return outcome(checks(true), new Command.MemberAdd(member(99, learner)));
    }

    private Optional<EtcdError> remove(long id) {
        return outcome(checks(true), new Command.MemberRemove(id));
    }

    private Optional<EtcdError> promote(long id) {
        return outcome(checks(true), new Command.MemberPromote(id));
    }

    private Optional<EtcdError> outcome(Reconfiguration checks, Command change) {
        CompletableFuture<Void> checked =
                checks.check(change, () -> CompletableFuture.completedFuture(raft()));
        assertTrue(checked.isDone());
        if (checked.isCompletedExceptionally()) return Optional.of(refusal(checked));
        await(checked);
        return Optional.empty();
    }

    private Reconfiguration checks(boolean strict) {
        Network network = (clusterId, self, handler) -> new Connections();
        Peers peers =
                new Peers(
                        new Identity(7, 1),
                        List.of("http://member:1"),
                        state,
                        event -> {},
                        () -> {},
                        new NodeMetrics(new MetricRegistry()).snapshots,
                        () -> NOW,
                        network);
        return new Reconfiguration(
                new ClusterSettings(
                        Optional.of(network), strict, 1, Optional.empty(), false, false),
                1,
                state,
                Optional.of(peers),
                () -> NOW);
    }

    private RaftStatus raft() {
        return new RaftStatus(
                1,
                new HardState(1, 1, 1),
                new SoftState(1, Role.LEADER),
                1,
                ConfState.EMPTY,
                progress,
                0);
    }

    private void progress(long id, long match) {
        progress.put(
                id,
                new ProgressStatus(
                        match, match + 1, "StateReplicate", true, id == 4, false, 0, 0, false));
    }

    private void connect(long since, long... ids) {
        for (long id : ids) connected.put(id, since);
    }

    private void unstarted(long id) {
        apply(new Command.MemberAdd(member(id, false)));
    }

    private void started(long id) {
        if (state.members().stream().noneMatch(member -> member.id() == id)) unstarted(id);
        apply(new Command.MemberAttributes(id, "m" + id, List.of("http://client:" + id)));
    }

    private void apply(Command command) {
        state.apply(command, new Applied(++index, 1));
    }

    private static Member member(long id, boolean learner) {
        return new Member(id, "", List.of("http://member:" + id), List.of(), learner);
    }

    /** A transport that knows who is connected since when, and nothing else. */
    private final class Connections implements Transport {
        @Override
        public void put(Peer peer) {}

        @Override
        public void remove(long memberId) {}

        @Override
        public void send(long to, byte[] message) {
            throw new AssertionError("nothing is to be sent");
        }

        @Override
        public CompletableFuture<Void> sendSnapshot(long to, byte[] header, SnapshotBody body) {
            throw new AssertionError("nothing is to be sent");
        }

        @Override
        public OptionalLong connectedSince(long memberId) {
            Long since = connected.get(memberId);
            return since == null ? OptionalLong.empty() : OptionalLong.of(since);
        }

        @Override
        public List<InetSocketAddress> addresses() {
            return List.of();
        }

        @Override
        public void close() {}
    }
}
