package io.quorate.spi.transport;

import io.quorate.spi.plugin.Stable;

import java.io.IOException;
import java.io.OutputStream;

/** The content of a snapshot on its way out. Used by one thread. */
@Stable(since = "1.0")
public interface SnapshotBody extends AutoCloseable {
    /**
     * Writes everything. Called at most once. The stream blocks while the receiver is slow.
     *
     * @throws IOException what the stream threw, or what makes the snapshot unusable; the receiver
     *     then hears of it and takes nothing
     */
    void writeTo(OutputStream out) throws IOException;

    /** Releases what it reads from. A second call does nothing. */
    @Override
    void close();
}
