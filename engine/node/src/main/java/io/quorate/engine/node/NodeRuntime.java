package io.quorate.engine.node;

import java.time.InstantSource;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;

/**
 * Everything of the outer world that a replica uses beside its storage and its transport: the place
 * where a simulation takes hold of it.
 *
 * @param nanoTime monotonic clock, in nanoseconds; for time-outs and durations
 * @param wallClock for ids (see {@link IdGenerator}) and for the end of JSON Web Tokens
 * @param ticker drives raft's elections and heartbeats
 * @param random draws election time-outs
 * @param workers run the replica's loops
 */
public record NodeRuntime(
        LongSupplier nanoTime,
        InstantSource wallClock,
        Ticker ticker,
        RandomGenerator random,
        Workers workers) {
    /** The system's clocks and threads. */
    public static NodeRuntime system() {
        return new NodeRuntime(
                System::nanoTime,
                InstantSource.system(),
                Ticker.system(),
                RandomGenerator.getDefault(),
                Workers.threads());
    }
}
