package io.quorate.spi.transport;

import io.quorate.spi.plugin.Stable;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/**
 * Serves connections that came to a peer address and speak HTTP/1.1: etcd answers a few pages
 * there, which tools and joining members ask for.
 */
@Stable(since = "1.0")
public interface HttpFallback {
    /**
     * Serves one connection to its end on the calling thread, which may block. The transport closes
     * it afterwards.
     *
     * @param in from its first byte on
     */
    void serve(InputStream in, OutputStream out) throws IOException;
}
