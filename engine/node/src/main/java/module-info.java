/** One replica: raft driven over the storage SPI, and its applied state. */
module io.quorate.engine.node {
    requires transitive io.quorate.engine.raft;
    requires transitive io.quorate.engine.state;
    requires transitive io.quorate.engine.metrics;
    requires transitive io.quorate.spi.storage;
    requires transitive io.quorate.spi.transport;
    requires io.quorate.api.proto;

    exports io.quorate.engine.node;
}
