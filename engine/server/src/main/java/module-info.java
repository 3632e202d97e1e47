/** The composition root: a configuration becomes a running member. */
module io.quorate.engine.server {
    requires transitive io.quorate.engine.node;
    requires transitive io.quorate.api.tls;
    requires io.helidon.common;
    requires io.helidon.common.socket;
    requires io.helidon.common.task;
    requires io.helidon.common.tls;
    requires io.helidon.http;
    requires io.helidon.webserver;
    requires java.management;
    requires jdk.management;
    requires io.quorate.api.grpc;
    requires io.quorate.engine.bolt;
    requires io.quorate.engine.grpc;
    requires io.quorate.engine.metrics;
    requires io.quorate.engine.rest;
    requires io.quorate.spi.discovery;

    exports io.quorate.engine.server;

    uses io.helidon.webserver.spi.ServerConnectionSelectorProvider;
    uses io.quorate.spi.discovery.DiscoveryProvider;
    uses io.quorate.spi.storage.StorageProvider;
    uses io.quorate.spi.transport.TransportProvider;
}
