package io.quorate.api.client;

import java.util.concurrent.CompletableFuture;

/** A lease that is being renewed; see {@link LeaseClient#keepAlive}. Thread-safe. */
public interface LeaseKeepAlive extends AutoCloseable {
    /** The lease. */
    long id();

    /**
     * Completes normally after {@link #close}; exceptionally, with a StatusRuntimeException, when
     * the lease can no longer be counted on: NOT_FOUND when the server said that it is gone,
     * DEADLINE_EXCEEDED when no renewal was answered within its TTL.
     */
    CompletableFuture<Void> ended();

    /** Stops renewing; the lease lives on until its TTL has passed. Harmless when repeated. */
    @Override
    void close();
}
