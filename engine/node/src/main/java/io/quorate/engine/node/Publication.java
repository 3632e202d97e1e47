package io.quorate.engine.node;

import static java.lang.System.Logger.Level.INFO;
import static java.lang.System.Logger.Level.WARNING;

import io.quorate.engine.state.Command;
import io.quorate.engine.state.EtcdError;
import io.quorate.engine.state.Result;
import io.quorate.spi.storage.Identity;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/**
 * How a member makes itself known to its cluster (CS-05): by its name and its client URLs, through
 * the log. That, and a cluster version, is what clients wait for.
 */
final class Publication {
    private static final System.Logger LOGGER = System.getLogger("io.quorate.engine.node");

    private final Identity identity;
    private final NodeConfig config;
    private final Duration timeout;
    private final Function<Command, CompletableFuture<Result>> proposer;
    private final BooleanSupplier stopped;
    private final NextTick retry = new NextTick(this::begin);
    private final CompletableFuture<Void> published = new CompletableFuture<>();
    private final CompletableFuture<Void> versionKnown = new CompletableFuture<>();

    /**
     * @param timeout of a proposal, for the log
     * @param stopped whether the member ends
     */
    Publication(
            Identity identity,
            NodeConfig config,
            Duration timeout,
            Function<Command, CompletableFuture<Result>> proposer,
            BooleanSupplier stopped) {
        this.identity = identity;
        this.config = config;
        this.timeout = timeout;
        this.proposer = proposer;
        this.stopped = stopped;
    }

    /** Completes when there is a cluster version. */
    CompletableFuture<Void> versionKnown() {
        return versionKnown;
    }

    /** Completes when both are there; with STOPPED when the member ends before. */
    CompletableFuture<Void> done() {
        return CompletableFuture.allOf(published, versionKnown)
                .exceptionallyCompose(
                        thrown -> CompletableFuture.failedFuture(EtcdError.STOPPED.exception()));
    }

    /** Proposes, again with each tick after a failure, until it is done or the member ends. */
    void begin() {
        var attributes =
                new Command.MemberAttributes(
                        identity.memberId(), config.name(), List.copyOf(config.clientUrls()));
        proposer.apply(attributes)
                .whenComplete((result, thrown) -> {
                    if (thrown == null) {
                        tell();
                        published.complete(null);
                    } else if (stopped.getAsBoolean()) {
                        stop();
                    } else {
                        LOGGER.log(
                                WARNING,
                                "failed to publish local member to cluster through raft",
                                Fields.of(
                                        "local-member-id",
                                        Long.toHexString(identity.memberId()),
                                        "error",
                                        thrown.getMessage()));
                        retry.again();
                    }
                });
    }

    /** A tick of raft's clock. */
    void tick() {
        retry.tick();
    }

    private void tell() {
        LOGGER.log(
                INFO,
                "published local member to cluster through raft",
                Fields.of(
                        "local-member-id",
                        Long.toHexString(identity.memberId()),
                        "local-member-attributes",
                        "{Name:"
                                + config.name()
                                + " ClientURLs:["
                                + String.join(" ", config.clientUrls())
                                + "]}",
                        "cluster-id",
                        Long.toHexString(identity.clusterId()),
                        "publish-timeout",
                        timeout.toSeconds() + "s"));
    }

    /** The member ends. */
    void stop() {
        published.completeExceptionally(EtcdError.STOPPED.exception());
        versionKnown.completeExceptionally(EtcdError.STOPPED.exception());
    }
}
