package io.quorate.transport.link;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/** Two streams of bytes, one in each direction. One thread reads and one at a time writes. */
public interface Pipe extends AutoCloseable {
    /** Fails with an {@link IOException} when a read waits too long. */
    InputStream in();

    /** Blocks while the other side does not take what is written. */
    OutputStream out();

    /** A read that waits longer than this fails; 0 waits for ever. */
    void readTimeout(int millis) throws IOException;

    /** Cuts the connection at once, whoever reads or writes. A second call does nothing. */
    @Override
    void close();
}
