package io.quorate.engine.raft;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** What voters decide: the commit index and the outcome of votes, in one half and in two. */
class QuorumTest {
    private static MajorityConfig majority(long... ids) {
        return new MajorityConfig(IdSet.of(ids));
    }

    private static long committed(JointConfig config, Map<Long, Long> acknowledged) {
        return config.committedIndex(voter -> acknowledged.getOrDefault(voter, 0L));
    }

    private static JointConfig single(long... ids) {
        return new JointConfig(majority(ids), MajorityConfig.EMPTY);
    }

    @Test
    void theCommitIndexIsWhatAMajorityHas() {
        assertEquals(100, committed(single(1, 2, 3), Map.of(1L, 100L, 2L, 101L, 3L, 99L)));
        assertEquals(99, committed(single(1, 2), Map.of(1L, 100L, 2L, 99L)));
        assertEquals(0, committed(single(1, 2, 3), Map.of(1L, 100L)));
        assertEquals(7, committed(single(1), Map.of(1L, 7L)));
        assertEquals(3, committed(single(1, 2, 3, 4), Map.of(1L, 9L, 2L, 8L, 3L, 3L, 4L, 1L)));
    }

    @Test
    void aJointConfigurationNeedsBothMajorities() {
        var joint = new JointConfig(majority(1, 2, 3), majority(3, 4, 5));
        assertEquals(0, committed(joint, Map.of(1L, 9L, 2L, 9L, 3L, 9L)));
        assertEquals(4, committed(joint, Map.of(1L, 9L, 2L, 9L, 3L, 9L, 4L, 4L)));
        var votes = new HashMap<>(Map.of(1L, true, 2L, true));
        assertEquals(VoteResult.PENDING, joint.voteResult(votes));
        votes.putAll(Map.of(4L, false, 5L, false));
        assertEquals(VoteResult.LOST, joint.voteResult(votes));
        votes.putAll(Map.of(4L, true, 3L, true));
        assertEquals(VoteResult.WON, joint.voteResult(votes));
    }

    @Test
    void anEmptyHalfHasNoSay() {
        assertEquals(MajorityConfig.INFINITE, committed(JointConfig.EMPTY, Map.of()));
        assertEquals(VoteResult.WON, JointConfig.EMPTY.voteResult(Map.of()));
    }

    @Test
    void idsAreUnsigned() {
        var set = IdSet.of(0x8e9e05c52164694dL, 1, -1);
        assertEquals(List.of(1L, 0x8e9e05c52164694dL, -1L), set.toList());
        assertEquals("(1 8e9e05c52164694d ffffffffffffffff)", set.toString());
    }

    @Test
    void theCommitIndexIsTheLargestThatEnoughVotersReach() {
        var random = new Random(7);
        for (int run = 0; run < 10_000; run++) {
            int n = 1 + random.nextInt(9);
            var set = IdSet.EMPTY;
            Map<Long, Long> acknowledged = new HashMap<>();
            for (long id = 1; id <= n; id++) {
                set = set.with(id);
                if (random.nextInt(4) != 0) acknowledged.put(id, random.nextLong(6));
            }
            long best = 0;
            for (long index = 1; index < 6; index++) {
                long wanted = index;
                var reached = acknowledged.values().stream().filter(a -> a >= wanted).count();
                if (reached > n / 2) best = index;
            }
            assertEquals(
                    best,
                    committed(
                            new JointConfig(new MajorityConfig(set), MajorityConfig.EMPTY),
                            acknowledged));
        }
    }

    // ------------------------------------------------------------ transcripts

    /**
     * Commands: {@code committed cfg=(..) cfgj=(..)|zero idx=(..)} and {@code vote cfg=(..)
     * cfgj=(..) votes=(y n _)}; an underscore stands for a voter nothing was heard of, and voters
     * count in the order in which they appear first.
     */
    static String run(Transcript.Command command) {
        var first = ids(command.values("cfg"));
        var second =
                command.values("cfgj").equals(List.of("zero"))
                        ? List.<Long>of()
                        : ids(command.values("cfgj"));
        var order = new ArrayList<Long>(first);
        second.stream().filter(id -> !order.contains(id)).forEach(order::add);
        var given = command.values(command.name().equals("vote") ? "votes" : "idx");
        if (given.size() != order.size()) {
            return "error: mismatched input (explicit or _) for voters %s: %s\n"
                    .formatted(order, given);
        }
        var config =
                new JointConfig(
                        new MajorityConfig(IdSet.of(first)), new MajorityConfig(IdSet.of(second)));
        if (command.name().equals("vote")) {
            Map<Long, Boolean> votes = new HashMap<>();
            for (int i = 0; i < given.size(); i++) {
                if (!given.get(i).equals("_")) votes.put(order.get(i), given.get(i).equals("y"));
            }
            var swapped = new JointConfig(config.outgoing(), config.incoming());
            assertEquals(config.voteResult(votes), swapped.voteResult(votes));
            return "Vote" + capitalised(config.voteResult(votes)) + "\n";
        }
        Map<Long, Long> acknowledged = new HashMap<>();
        for (int i = 0; i < given.size(); i++) {
            if (!given.get(i).equals("_")) {
                acknowledged.put(order.get(i), Long.parseLong(given.get(i)));
            }
        }
        long index = committed(config, acknowledged);
        var text = index == MajorityConfig.INFINITE ? "∞" : Long.toString(index);
        return chart(config.ids(), acknowledged) + text + "\n";
    }

    private static List<Long> ids(List<String> texts) {
        return texts.stream().map(Long::parseLong).toList();
    }

    private static String capitalised(VoteResult result) {
        return result.name().charAt(0) + result.name().substring(1).toLowerCase();
    }

    // A bar per voter, as long as there are voters behind it.
    private static String chart(IdSet voters, Map<Long, Long> acknowledged) {
        int n = voters.size();
        if (n == 0) return "<empty majority quorum>";
        var chart = new StringBuilder(" ".repeat(n)).append("    idx\n");
        for (long id : voters.toList()) {
            Long index = acknowledged.get(id);
            long mine = index == null ? 0 : index;
            int behind =
                    (int)
                            voters.toList().stream()
                                    .filter(other -> acknowledged.getOrDefault(other, 0L) < mine)
                                    .count();
            chart.append(
                    index == null
                            ? "?" + " ".repeat(n)
                            : "x".repeat(behind) + ">" + " ".repeat(n - behind));
            chart.append(" %5d    (id=%x)\n".formatted(mine, id));
        }
        return chart.toString();
    }
}
