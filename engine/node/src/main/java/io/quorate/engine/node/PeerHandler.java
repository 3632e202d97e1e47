package io.quorate.engine.node;

import io.quorate.spi.transport.TransportHandler;

import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.CompletableFuture;

/** What a replica hears from its transport; a snapshot also without a thread that waits for it. */
public interface PeerHandler extends TransportHandler {
    /**
     * As {@link #snapshot}, but returns when the body was read.
     *
     * @return completes when the snapshot is in place or has been overtaken by entries;
     *     exceptionally when it could not be taken
     */
    CompletableFuture<Void> takeSnapshot(long from, byte[] header, InputStream body)
            throws IOException;
}
