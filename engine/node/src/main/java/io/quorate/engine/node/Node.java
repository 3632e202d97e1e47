package io.quorate.engine.node;

import io.quorate.engine.metrics.MetricRegistry;
import io.quorate.engine.state.Command;
import io.quorate.engine.state.Result;
import io.quorate.engine.state.StateMachine;
import io.quorate.spi.storage.RaftLog;
import io.quorate.spi.storage.StateStore;

import java.util.concurrent.CompletableFuture;

/** One replica. */
public final class Node implements AutoCloseable {
    private Node() {}

    /** Recovers, bootstraps or replays; returns when the replica runs. */
    public static Node start(
            NodeConfig config,
            RaftLog log,
            StateStore store,
            MetricRegistry metrics,
            NodeListener listener) {
        throw new UnsupportedOperationException("engine/node is being written");
    }

    /**
     * Completes with the result after the local apply, or exceptionally with {@link
     * io.quorate.engine.state.EtcdException}.
     */
    public CompletableFuture<Result> propose(Command command) {
        throw new UnsupportedOperationException("engine/node is being written");
    }

    /**
     * Completes when the local state is at least as new as every write acknowledged before the
     * call. Concurrent calls share one round.
     */
    public CompletableFuture<Void> linearizablePoint() {
        throw new UnsupportedOperationException("engine/node is being written");
    }

    /** Reads from any thread. */
    public StateMachine state() {
        throw new UnsupportedOperationException("engine/node is being written");
    }

    /** Cheap, any thread. */
    public NodeStatus status() {
        throw new UnsupportedOperationException("engine/node is being written");
    }

    /**
     * Stops the member because of a failure that was found outside a call, such as one that a
     * backend reports through its environment. The listener hears of it.
     */
    public void fail(Throwable cause) {
        throw new UnsupportedOperationException("engine/node is being written");
    }

    /** Orderly stop; proposals in flight fail with STOPPED. A second call does nothing. */
    @Override
    public void close() {
        throw new UnsupportedOperationException("engine/node is being written");
    }
}
