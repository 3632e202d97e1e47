package io.quorate.engine.bolt;

import java.io.IOException;

/** Buckets with their keys and values. Feeding twice must give the same twice. */
@FunctionalInterface
public interface BoltContent {
    void feed(Sink sink) throws IOException;

    /** Takes buckets in ascending order of name, and in each its keys in ascending order. */
    interface Sink {
        /** The next keys belong to this bucket. */
        void bucket(byte[] name) throws IOException;

        /**
         * The arrays are read until the next calls are made, and must not change.
         *
         * @param key 1 to 32768 bytes
         */
        void put(byte[] key, byte[] value) throws IOException;
    }
}
