/** The client-facing gRPC services, and how they are mounted on a Helidon WebServer listener. */
module io.quorate.engine.grpc {
    requires transitive io.quorate.engine.node;
    requires transitive io.quorate.api.proto;
    requires transitive io.quorate.engine.metrics;
    requires transitive io.helidon.webserver;
    requires transitive io.quorate.api.grpc;
    requires io.helidon.webserver.grpc;
    requires io.helidon.webserver.http2;
    requires io.quorate.engine.bolt;
    requires spring.security.crypto;

    exports io.quorate.engine.grpc;
}
