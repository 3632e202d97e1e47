package io.quorate.engine.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.engine.metrics.MetricRegistry;
import io.quorate.engine.raft.Role;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Members whose clocks move by hand, and whose election timeouts are all of the shortest length.
 */
@Tag("RA-06")
@Timeout(120)
final class HeadStartTest {
    private static final int ELECTION_TICKS = 10;
    private static final Duration TICK = Duration.ofMillis(100);

    private final TestNetwork network = new TestNetwork();
    private final Map<String, Hand> members = new TreeMap<>();

    @AfterEach
    void closeAll() {
        members.values().forEach(hand -> hand.node.close());
        network.close();
    }

    @Test
    void whoReachesTheOthersWaitsForTwoHeartbeatsOnly() {
        Hand a = start("a", true);
        start("b", true);
        start("c", true);
        a.look();
        a.tick();
        assertEquals(Role.FOLLOWER, a.role());
        a.tick();
        a.awaitLeading();
        assertFalse(a.looks());
    }

    @Test
    void withoutTheFlagTheWholeTimeoutIsWaitedFor() {
        Hand a = start("a", false);
        start("b", false);
        start("c", false);
        assertFalse(a.looks());
        a.tick(ELECTION_TICKS - 1);
        assertEquals(Role.FOLLOWER, a.role());
        a.tick();
        a.awaitLeading();
    }

    @Test
    void oneOtherMemberIsNotEnough() {
        Hand a = start("a", true);
        start("b", true);
        a.look();
        a.tick(2);
        assertEquals(Role.FOLLOWER, a.role());
        assertTrue(a.looks());
        start("c", true);
        a.look();
        assertFalse(a.looks());
    }

    @Test
    void whoReachesNobodyForFiveSecondsLooksNoMore() {
        Hand a = start("a", true);
        a.pass(HeadStart.WAIT.minusNanos(1));
        a.look();
        assertTrue(a.looks());
        a.pass(Duration.ofNanos(1));
        a.look();
        assertFalse(a.looks());
        start("b", true);
        start("c", true);
        a.tick(ELECTION_TICKS - 1);
        assertEquals(Role.FOLLOWER, a.role());
    }

    @Test
    void aMemberThatKnowsALeaderDoesNotHurry() {
        Hand a = start("a", true);
        Hand b = start("b", true);
        start("c", true);
        a.look();
        a.tick(2);
        a.awaitLeading();
        // From then on the leader has nothing to send but heartbeats, and those need its ticks.
        members.values().forEach(hand -> TestMember.await(hand.node.ready()));
        a.tick();
        TestCluster.until(() -> b.node.appliedIndex() == a.node.committedIndex());
        network.awaitArrivals(b.node.memberId());
        long term = a.node.term();
        b.look();
        assertFalse(b.looks());
        b.tick(ELECTION_TICKS - 1);
        assertEquals(Role.FOLLOWER, b.role());
        assertEquals(term, b.node.term());
        assertEquals(Role.LEADER, a.role());
    }

    private Hand start(String name, boolean advance) {
        Hand hand = new Hand(name, advance);
        members.put(name, hand);
        return hand;
    }

    /** A member of three. */
    private final class Hand {
        private final Map<Duration, Runnable> running = new HashMap<>();
        private volatile long nanos = 1;
        private final Node node;

        private Hand(String name, boolean advance) {
            Map<String, List<String>> initial = new TreeMap<>();
            for (String one : List.of("a", "b", "c")) {
                initial.put(one, List.of("http://" + one + ":2380"));
            }
            var storage = TestCluster.memory();
            node =
                    Node.start(
                            TestMember.named(name, initial, "test"),
                            new ClusterSettings(
                                    Optional.of(network.port()),
                                    true,
                                    1,
                                    Optional.empty(),
                                    false,
                                    advance),
                            TestCluster.log(storage, null),
                            TestCluster.state(storage, null),
                            new MetricRegistry(),
                            cause -> {
                                throw new AssertionError(cause);
                            },
                            new NodeRuntime(
                                    () -> nanos,
                                    InstantSource.system(),
                                    this::every,
                                    () -> 0,
                                    Workers.threads()));
        }

        private Ticker.Handle every(Duration period, Runnable tick) {
            running.put(period, tick);
            return () -> running.remove(period);
        }

        private void look() {
            running.get(HeadStart.INTERVAL).run();
        }

        private boolean looks() {
            return running.containsKey(HeadStart.INTERVAL);
        }

        private void pass(Duration time) {
            nanos += time.toNanos();
        }

        private void tick(int count) {
            for (int i = 0; i < count; i++) tick();
        }

        /** Returns when raft has taken it. */
        private void tick() {
            running.get(TICK).run();
            role();
        }

        private Role role() {
            return TestMember.await(node.inspect()).softState().role();
        }

        private void awaitLeading() {
            TestCluster.until(() -> role() == Role.LEADER);
        }
    }
}
