package io.quorate.engine.node;

import static java.lang.System.Logger.Level.INFO;

import io.quorate.engine.state.Command;
import io.quorate.engine.state.DowngradeInfo;
import io.quorate.engine.state.Result;
import io.quorate.engine.state.StateMachine;

import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/**
 * What a leader does for the cluster version (CS-05, MA-20): sets that of a new cluster, raises
 * that of an upgraded one, and lowers that of one to be downgraded.
 */
final class ClusterVersionAgreement {
    private static final System.Logger LOGGER = System.getLogger("io.quorate.engine.node");

    private final StateMachine state;
    private final BooleanSupplier leading;
    private final BooleanSupplier stopped;
    private final Function<Command, CompletableFuture<Result>> proposer;
    private final NextTick retry = new NextTick(this::seek);

    ClusterVersionAgreement(
            StateMachine state,
            BooleanSupplier leading,
            BooleanSupplier stopped,
            Function<Command, CompletableFuture<Result>> proposer) {
        this.state = state;
        this.leading = leading;
        this.stopped = stopped;
        this.proposer = proposer;
    }

    /**
     * Proposes a version if there is one to propose; with each tick until it is there. Any thread.
     */
    void seek() {
        DowngradeInfo downgrade = state.downgrade();
        String current = state.clusterVersion().orElse("");
        String wanted = downgrade.enabled() ? downgrade.targetVersion() : Version.CLUSTER;
        boolean lower = downgrade.enabled() && Version.isBelow(wanted, current);
        if (!leading.getAsBoolean() || !(lower || Version.isBelow(current, wanted))) {
            return;
        }
        String to = Version.majorMinor(wanted);
        if (current.isEmpty()) {
            LOGGER.log(
                    INFO,
                    "setting up initial cluster version using v3 API",
                    Fields.of("cluster-version", to));
        } else {
            LOGGER.log(
                    INFO,
                    "updating cluster version using v3 API",
                    Fields.of("from", Version.majorMinor(current), "to", to));
        }
        proposer.apply(new Command.ClusterVersion(wanted))
                .whenComplete((result, thrown) -> {
                    if (thrown == null) {
                        LOGGER.log(
                                INFO,
                                "cluster version is updated",
                                Fields.of("cluster-version", to));
                    } else if (!stopped.getAsBoolean()) {
                        retry.again();
                    }
                });
    }

    /** A tick of raft's clock. */
    void tick() {
        retry.tick();
    }
}
