package io.quorate.engine.simulator;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/**
 * What a world is like: drawn once from its seed, so that what is rare in one world is common in
 * another and never happens in a third.
 *
 * @param founders peer URLs of the first members by name
 * @param snapshotCount entries between two checkpoints
 * @param catchUpEntries entries kept behind one
 * @param preVote whether elections ask first
 * @param strict whether membership changes are checked against the quorum
 * @param clients that act at a time
 * @param keys that they use
 * @param thinkNanos what a client waits between two operations, about
 * @param lossPercent messages lost
 * @param doublePercent messages that come twice
 * @param latencyNanos what a message takes, at most, but for stragglers
 * @param stragglerPercent messages that take much longer
 * @param faultNanos between two faults, about
 * @param backlogNanos in which a member that was paused reads what came meanwhile, at most
 * @param sharedTurnPercent how often who brings a loop work takes its turn, where he may
 * @param busyElectionPercent how often the disks are busy when a leader is elected
 * @param faults how often each comes, against the others
 * @param authNanos between two changes of users and roles, about; 0 for a world that has none
 */
record Settings(
        Map<String, List<String>> founders,
        long snapshotCount,
        long catchUpEntries,
        boolean preVote,
        boolean strict,
        int clients,
        int keys,
        long thinkNanos,
        int lossPercent,
        int doublePercent,
        long latencyNanos,
        int stragglerPercent,
        long faultNanos,
        long backlogNanos,
        int sharedTurnPercent,
        int busyElectionPercent,
        Map<Nemesis.Fault, Integer> faults,
        long authNanos) {
    private static final long MILLI = 1_000_000;
    private static final int[] SHARED_TURN_PERCENT = {0, 20, 80, 100, 100};

    static Settings draw(RandomGenerator random) {
        Map<String, List<String>> founders = new TreeMap<>();
        int[] sizes = {1, 2, 3, 3, 3, 3, 5};
        for (int i = sizes[random.nextInt(sizes.length)]; i > 0; i--) {
            String name = Character.toString('a' + founders.size());
            founders.put(name, List.of(Machine.url(name)));
        }
        Map<Nemesis.Fault, Integer> faults = new TreeMap<>();
        for (Nemesis.Fault fault : Nemesis.Fault.values()) {
            faults.put(fault, fault.weight() * (1 << 2 * random.nextInt(5)) / 4);
        }
        return new Settings(
                founders,
                10 + random.nextInt(200),
                random.nextInt(30),
                random.nextInt(4) != 0,
                random.nextBoolean(),
                3 + random.nextInt(6),
                1 + random.nextInt(5),
                (1 + random.nextInt(60)) * MILLI,
                random.nextInt(3) * random.nextInt(10),
                random.nextInt(10),
                (1 + random.nextInt(20)) * MILLI / 4,
                random.nextInt(4),
                (100 + random.nextInt(3000)) * MILLI,
                random.nextBoolean() ? MILLI : 10 * MILLI,
                SHARED_TURN_PERCENT[random.nextInt(SHARED_TURN_PERCENT.length)],
                random.nextInt(3) * 40,
                faults,
                random.nextBoolean() ? 0 : (2 + random.nextInt(200)) * MILLI);
    }
}
