package io.quorate.launcher;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Optional;

/** The address of this machine that its default route uses (CF-11). */
final class DefaultHost {
    /** Of a block for documentation (RFC 5737): routed like any far address, owned by nobody. */
    private static final byte[] FAR = {(byte) 198, 51, 100, 1};

    private DefaultHost() {}

    /** Connecting a datagram socket picks a route and its source address; nothing is sent. */
    static Optional<String> find() {
        try (DatagramSocket socket = new DatagramSocket()) {
            socket.connect(new InetSocketAddress(InetAddress.getByAddress(FAR), 9));
            InetAddress local = socket.getLocalAddress();
            return local.isAnyLocalAddress() || local.isLoopbackAddress()
                    ? Optional.empty()
                    : Optional.of(local.getHostAddress());
        } catch (IOException | UncheckedIOException e) {
            return Optional.empty();
        }
    }
}
