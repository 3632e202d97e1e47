package io.quorate.spi.storage;

import io.quorate.spi.plugin.Stable;

/** A walk over one keyspace. Starts before the first key. */
@Stable(since = "1.0")
public interface Cursor extends AutoCloseable {
    /** Steps to the next key; false at the end. */
    boolean next();

    /** The key stood on; not to be changed. */
    byte[] key();

    /** Its value; not to be changed. */
    byte[] value();

    @Override
    void close();
}
