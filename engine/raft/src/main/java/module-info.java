/**
 * The Raft algorithm: messages and ticks in, {@code Ready} out. No I/O, clock, thread or logger.
 */
module io.quorate.engine.raft {
    exports io.quorate.engine.raft;
}
