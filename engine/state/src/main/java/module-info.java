/** The replicated state machine: multi-version keys over a state store. */
module io.quorate.engine.state {
    requires transitive io.quorate.spi.storage;

    exports io.quorate.engine.state;
}
