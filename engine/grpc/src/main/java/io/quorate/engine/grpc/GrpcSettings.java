package io.quorate.engine.grpc;

import io.quorate.api.grpc.ConnectionSettings;

import java.util.Objects;

/**
 * How gRPC is served on a listener.
 *
 * @param mount whose HTTP/2 connection carries it
 * @param connection limits and timings; the {@link Mount#HELIDON} mount takes from it the message
 *     limit, the stream limit and the header list limit, and has nothing that the others could
 *     steer
 */
public record GrpcSettings(Mount mount, ConnectionSettings connection) {

    /** Whose HTTP/2 connection carries gRPC. */
    public enum Mount {
        /** {@code io.quorate.api.grpc}, the default. */
        QUORATE,
        /**
         * {@code helidon-webserver-grpc} as it comes. Known to lose connections under concurrent
         * large messages and to keep the calls of clients that are gone: docs/adr/0004.
         */
        HELIDON
    }

    /** Our mount with etcd's limits. */
    public static final GrpcSettings DEFAULTS =
            new GrpcSettings(Mount.QUORATE, ConnectionSettings.DEFAULTS);

    public GrpcSettings {
        Objects.requireNonNull(mount, "mount");
        Objects.requireNonNull(connection, "connection");
    }

    public GrpcSettings withMount(Mount other) {
        return new GrpcSettings(other, connection);
    }

    public GrpcSettings withConnection(ConnectionSettings other) {
        return new GrpcSettings(mount, other);
    }
}
