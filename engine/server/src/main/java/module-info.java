/** The composition root: a configuration becomes a running member. */
module io.quorate.engine.server {
    requires transitive io.quorate.engine.node;
    requires io.quorate.engine.grpc;
    requires io.quorate.engine.metrics;
    requires io.quorate.engine.rest;
    requires jakarta.inject;
    requires java.logging;

    exports io.quorate.engine.server;

    uses io.quorate.spi.storage.StorageProvider;
}
