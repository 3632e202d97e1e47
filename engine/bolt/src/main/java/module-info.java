/** Snapshot files in the format of bbolt: written from a state, checked, read, and restored. */
module io.quorate.engine.bolt {
    requires transitive io.quorate.engine.state;

    exports io.quorate.engine.bolt;
}
