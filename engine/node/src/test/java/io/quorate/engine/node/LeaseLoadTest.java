package io.quorate.engine.node;

import static io.quorate.engine.node.TestMember.await;
import static io.quorate.engine.node.TestMember.bytes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.engine.state.Command;
import io.quorate.engine.state.Result;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Many leases, and one of very many keys, while somebody else works. How long the others waited is
 * printed; {@code -Dquorate.node.leases=100000} and {@code -Dquorate.node.leaseKeys=100000} are the
 * numbers of T27.
 */
class LeaseLoadTest {
    private static final int LEASES = Integer.getInteger("quorate.node.leases", 5_000);
    private static final int KEYS = Integer.getInteger("quorate.node.leaseKeys", 10_000);
    private static final int IN_FLIGHT = 1000;
    private static final long HUGE = Long.MAX_VALUE;

    @Test
    @Tag("T27")
    void manyLeasesAndOneOfManyKeysEndWhileOthersWork() {
        try (var member = new TestMember(new SimulatedLog(), new SimulatedStore()).ready()) {
            Deque<CompletableFuture<?>> sent = new ArrayDeque<>();
            for (int id = 1; id <= LEASES; id++) {
                send(sent, member.node.grantLease(id, 10));
                send(sent, put(member, "small-" + id, id));
            }
            await(member.node.grantLease(HUGE, 10));
            for (int i = 0; i < KEYS; i++) {
                send(sent, put(member, "huge-" + i, HUGE));
            }
            sent.forEach(TestMember::await);

            long renewed = System.nanoTime();
            for (int id = 1; id <= LEASES; id++) {
                assertEquals(10, await(member.node.renewLease(id)));
            }
            report("%d renewals", LEASES, System.nanoTime() - renewed);

            member.pass(Duration.ofSeconds(10));
            long ending = System.nanoTime();
            long longest = 0;
            long end = ending + TimeUnit.MINUTES.toNanos(5);
            while (!member.node.state().leases().isEmpty()) {
                assertTrue(System.nanoTime() - end < 0, "leases left");
                long start = System.nanoTime();
                await(put(member, "other", 0));
                longest = Math.max(longest, System.nanoTime() - start);
                member.pass(Duration.ofMillis(500));
            }
            report("all %d leases ended", LEASES + 1, System.nanoTime() - ending);
            report("longest put meanwhile, of one after the other%s", "", longest);
            assertEquals(1, member.all().count());
            assertFalse(member.failure.isDone(), "the member failed");
        }
    }

    private static CompletableFuture<Result> put(TestMember member, String key, long lease) {
        return member.node.propose(
                new Command.Put(bytes(key), bytes("v"), lease, false, false, false));
    }

    private static void send(Deque<CompletableFuture<?>> sent, CompletableFuture<?> next) {
        sent.add(next);
        if (sent.size() == IN_FLIGHT) {
            sent.forEach(TestMember::await);
            sent.clear();
        }
    }

    private static void report(String what, Object count, long nanos) {
        System.out.printf("%s: %d ms%n", what.formatted(count), nanos / 1_000_000);
    }
}
