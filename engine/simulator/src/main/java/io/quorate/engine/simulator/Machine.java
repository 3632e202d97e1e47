package io.quorate.engine.simulator;

import io.quorate.engine.node.ClusterSettings;
import io.quorate.engine.node.NodeConfig;
import io.quorate.engine.node.RunningCluster;

import java.util.List;
import java.util.Optional;

/** The place of one member: its name, its disk, and the life that it leads, if any. */
final class Machine {
    private final World world;
    private final String name;
    private final Disk disk;
    private final Optional<RunningCluster> join;
    private final long id;
    private int lives;
    private Life life;
    private boolean retired;

    /** Revision that its watch has come to; the first one has no events. */
    long watched = 1;

    Machine(World world, String name, long id, Optional<RunningCluster> join) {
        this.world = world;
        this.name = name;
        this.id = id;
        this.join = join;
        this.disk =
                new Disk(
                        world.timeline(),
                        world.random(),
                        name,
                        world.platters().platter(name, world.random()));
    }

    static String url(String name) {
        return "http://" + name + ":2380";
    }

    String name() {
        return name;
    }

    /** Id of the member. */
    long id() {
        return id;
    }

    Disk disk() {
        return disk;
    }

    /** The present life; null while the machine is down. */
    Life life() {
        return life;
    }

    boolean isUp() {
        return life != null;
    }

    /** Whether its member was removed for good. */
    boolean isRetired() {
        return retired;
    }

    void start() {
        Settings settings = world.settings();
        NodeConfig config =
                new NodeConfig(
                        name,
                        List.of("http://client-of-" + name + ":2379"),
                        List.of(url(name)),
                        settings.founders(),
                        "simulation",
                        settings.snapshotCount(),
                        settings.catchUpEntries(),
                        NodeConfig.DEFAULT_LOG_BYTES_MAX,
                        NodeConfig.DEFAULT_TICK,
                        NodeConfig.DEFAULT_ELECTION_TICKS,
                        NodeConfig.DEFAULT_MAX_REQUEST_BYTES,
                        settings.preVote(),
                        false);
        life =
                new Life(
                        world,
                        this,
                        ++lives,
                        config,
                        new ClusterSettings(
                                Optional.of(world.network()::open),
                                settings.strict(),
                                2,
                                join,
                                false,
                                true));
        world.network().born(life);
    }

    /** The power fails, if it was on. */
    void crash() {
        if (life == null) {
            return;
        }
        Life dead = life;
        life = null;
        dead.end();
        disk.crash();
        world.network().died(dead);
        world.clients().died(dead);
    }

    void retire() {
        crash();
        retired = true;
    }

    @Override
    public String toString() {
        return name;
    }
}
