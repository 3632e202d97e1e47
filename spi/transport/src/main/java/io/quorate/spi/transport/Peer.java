package io.quorate.spi.transport;

import java.net.URI;
import java.util.List;

/**
 * A member as its peers reach it.
 *
 * @param memberId unsigned, not 0
 * @param urls at least one; those that do not work are tried in turn. The scheme {@code https} asks
 *     for TLS
 */
public record Peer(long memberId, List<URI> urls) {
    public Peer {
        urls = List.copyOf(urls);
        if (urls.isEmpty()) {
            throw new IllegalArgumentException(
                    "peer " + Long.toHexString(memberId) + " has no URL; give it one");
        }
    }
}
