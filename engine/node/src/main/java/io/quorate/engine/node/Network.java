package io.quorate.engine.node;

import io.quorate.spi.transport.Peer;
import io.quorate.spi.transport.Transport;

import java.util.Optional;

import javax.net.ssl.SSLSocketFactory;

/** Where a replica gets its way to the others from, once it knows who it is. */
public interface Network {
    /**
     * Opens the transport. Called once, by the thread that starts the node; the node closes it.
     *
     * @param clusterId unsigned
     * @param self this member
     * @throws io.quorate.spi.transport.TransportException when an address cannot be bound
     */
    Transport open(long clusterId, Peer self, PeerHandler handler);

    /** Makes the sockets of requests to {@code https} peer URLs; empty for the JVM's own. */
    default Optional<SSLSocketFactory> secureSockets() {
        return Optional.empty();
    }
}
