package io.quorate.spi.storage;

import io.quorate.spi.plugin.Settings;
import io.quorate.spi.plugin.Stable;

import java.nio.file.Path;
import java.util.concurrent.Executor;

/** What the engine hands to a provider when it opens a store. */
@Stable(since = "1.0")
public interface StorageEnv {
    /** Private directory of this part; it exists and nobody else writes there. */
    Path directory();

    /**
     * The seam for all file access of backends in pure Java; the contract suite puts a faulty disk
     * here.
     */
    FileIo io();

    /**
     * The backend's own settings; it reads what it knows and calls {@link
     * Settings#refuseUnknown()}.
     */
    Settings settings();

    /**
     * For background work such as compaction; tasks may block. Its threads may be interrupted at
     * shutdown, so a backend that writes files does so on threads of its own.
     */
    Executor background();

    /**
     * Reports a failure found outside a call. After {@link StorageException.Fatal} the engine stops
     * the member.
     */
    void report(StorageException failure);

    /**
     * A duration observed by the backend, in nanoseconds; the engine publishes it as a histogram.
     */
    void observe(Timing timing, long nanos);

    /** What a backend times. */
    enum Timing {
        /** One fsync of the Raft log. */
        LOG_FSYNC,
        /** One write of a group of units to the Raft log, without its fsync. */
        LOG_WRITE,
        /** One durable commit of the state. */
        STATE_COMMIT
    }
}
