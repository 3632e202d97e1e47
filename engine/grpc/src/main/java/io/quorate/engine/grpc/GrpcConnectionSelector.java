package io.quorate.engine.grpc;

import io.helidon.common.buffers.BufferData;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.http2.Http2Config;
import io.helidon.webserver.http2.Http2ConnectionSelector;
import io.helidon.webserver.spi.ServerConnection;
import io.helidon.webserver.spi.ServerConnectionSelector;
import io.quorate.api.grpc.GrpcServer;

import java.util.Set;

/**
 * Takes the HTTP/2 connections of a listener, by prior knowledge or by ALPN. Those that carry gRPC
 * are served by our core; the others end up in Helidon's own HTTP/2 connection.
 */
final class GrpcConnectionSelector implements ServerConnectionSelector {
    private final GrpcServer server;
    private final Http2ConnectionSelector rest;

    /**
     * @param http2 for connections that are not gRPC
     */
    GrpcConnectionSelector(GrpcServer server, Http2Config http2) {
        this.server = server;
        this.rest = Http2ConnectionSelector.builder().http2Config(http2).build();
    }

    @Override
    public int bytesToIdentifyConnection() {
        return rest.bytesToIdentifyConnection();
    }

    @Override
    public Support supports(BufferData data) {
        return rest.supports(data);
    }

    @Override
    public Set<String> supportedApplicationProtocols() {
        return rest.supportedApplicationProtocols();
    }

    @Override
    public ServerConnection connection(ConnectionContext context) {
        return new GrpcHelidonConnection(server, rest, context);
    }
}
