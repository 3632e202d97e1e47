package io.quorate.checks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.quorate.api.proto.HashKVRequest;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.util.ArrayList;
import java.util.List;

/**
 * A member on each pair of storage plugins for log and state gets the same random calls. Whatever
 * keeps its data, it gives the same answers, and at every checkpoint the same HashKV, now and at
 * earlier revisions. Pairs that survive a kill are killed and restarted at each checkpoint.
 *
 * <p>{@code -Dseed=N} replays a run, {@code -Dpair.operations=N} sets its length.
 */
class StoragePairsTest {
    private static final List<String> PLUGINS = List.of("memory", "file", "xodus");
    private static final int OPERATIONS = Integer.getInteger("pair.operations", 400);
    private static final int CHECKPOINTS = 2;
    private static final int HASHES = 5;

    @RegisterExtension final Members members = Members.perTest();

    @Test
    @Tag("SE-14")
    @Tag("T1")
    @Tag("T2")
    void everyPairGivesTheSameAnswersAndHashes() {
        long seed = Long.getLong("seed", System.nanoTime());
        System.out.println("storage pairs: -Dseed=" + seed + " -Dpair.operations=" + OPERATIONS);
        List<Line> expected = null;
        for (String log : PLUGINS) {
            for (String state : PLUGINS) {
                List<Line> actual = run(log, state, seed);
                if (expected == null) expected = actual;
                else compare(expected, actual, log, state, seed);
            }
        }
        long hashes = expected.stream().filter(Line::ofCheckpoint).count();
        assertEquals(CHECKPOINTS * HASHES, hashes);
        assertTrue(expected.stream().filter(line -> line.answer.ok()).count() > OPERATIONS / 2);
    }

    /** A call and its answer. */
    private record Line(Operation operation, Answer answer, boolean ofCheckpoint) {}

    private List<Line> run(String log, String state, long seed) {
        boolean survives = !log.equals("memory") && !state.equals("memory");
        Member member =
                members.start(
                        log + "-" + state,
                        Binaries.ours(),
                        "--storage-log=" + log,
                        "--storage-state=" + state,
                        "--snapshot-count=100");
        OperationGenerator generator = new OperationGenerator(seed, true);
        List<Line> lines = new ArrayList<>();
        EtcdClient client = new EtcdClient(member);
        try {
            for (int checkpoint = 0; checkpoint < CHECKPOINTS; checkpoint++) {
                for (int i = 0; i < OPERATIONS / CHECKPOINTS; i++) {
                    lines.add(call(client, generator.next(), generator, false));
                }
                if (survives) {
                    client.close();
                    member.kill();
                    member.start();
                    client = new EtcdClient(member);
                }
                for (int i = 0; i < HASHES; i++) {
                    long at = i == 0 ? 0 : generator.hashable();
                    HashKVRequest hash = HashKVRequest.newBuilder().setRevision(at).build();
                    lines.add(call(client, new Operation.HashKv(hash), generator, true));
                }
            }
        } finally {
            client.close();
        }
        assertTrue(member.log().contains("\"plugin\":\"" + state + "\""), member::report);
        member.kill();
        return lines;
    }

    private static Line call(
            EtcdClient client, Operation operation, OperationGenerator generator, boolean check) {
        Answer answer = Answer.await(Answer.of(client, operation), "the member", operation);
        generator.observe(operation, answer);
        return new Line(operation, answer, check);
    }

    private static void compare(
            List<Line> expected, List<Line> actual, String log, String state, long seed) {
        for (int i = 0; i < expected.size(); i++) {
            if (expected.get(i).equals(actual.get(i))) continue;
            fail(
                    "call %d differs with log %s and state %s; replay with -Dseed=%d%n%s%nexpected: %s%nactual:   %s"
                            .formatted(
                                    i,
                                    log,
                                    state,
                                    seed,
                                    Answer.print(actual.get(i).operation.request()),
                                    expected.get(i).answer,
                                    actual.get(i).answer));
        }
    }
}
