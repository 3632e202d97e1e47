/**
 * Judges what clients saw of a store: linearizability of histories, and the promises of watches.
 */
module io.quorate.engine.checker {
    exports io.quorate.engine.checker;
}
