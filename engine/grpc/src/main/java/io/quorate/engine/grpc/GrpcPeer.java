package io.quorate.engine.grpc;

import io.grpc.Attributes;

import java.security.cert.Certificate;
import java.util.List;

/**
 * What a handler can learn of its client beside {@code io.grpc.Grpc.TRANSPORT_ATTR_REMOTE_ADDR}.
 */
public final class GrpcPeer {
    /**
     * The client's certificate chain, its own first; absent without mutual TLS. In {@code
     * ServerCall.getAttributes()} on our mount.
     */
    public static final Attributes.Key<List<Certificate>> CERTIFICATES =
            Attributes.Key.create("io.quorate.engine.grpc.certificates");

    private GrpcPeer() {}
}
