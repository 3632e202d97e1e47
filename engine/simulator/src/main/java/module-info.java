/**
 * A whole cluster in one thread: the real replicas on a simulated clock, network and disks, moved
 * by a seed; and the checkers that judge what clients saw of a cluster, simulated or not.
 */
module io.quorate.engine.simulator {
    requires transitive io.quorate.engine.node;
    requires io.quorate.engine.checker;
    requires java.logging;

    exports io.quorate.engine.simulator;
}
