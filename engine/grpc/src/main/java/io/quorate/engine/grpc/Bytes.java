package io.quorate.engine.grpc;

import com.google.protobuf.ByteOutput;
import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;

/**
 * Keys and values between protobuf and the state, shared instead of copied. Sound because neither
 * side ever writes into an array that it has handed over or was given.
 */
final class Bytes {
    private static final byte[] NONE = {};

    private Bytes() {}

    /** The array behind a parsed field; a copy when the field is not all of one array. */
    static byte[] of(ByteString field) {
        if (field.isEmpty()) {
            return NONE;
        }
        Whole whole = new Whole(field.size());
        try {
            UnsafeByteOperations.unsafeWriteTo(field, whole);
        } catch (IOException e) {
            throw new UncheckedIOException(e); // Whole does no I/O
        }
        return whole.array != null ? whole.array : field.toByteArray();
    }

    static ByteString of(byte[] bytes) {
        return bytes.length == 0 ? ByteString.EMPTY : UnsafeByteOperations.unsafeWrap(bytes);
    }

    /** Keeps the array that it is offered when that array holds the field and nothing else. */
    private static final class Whole extends ByteOutput {
        private final int size;
        private byte[] array;

        Whole(int size) {
            this.size = size;
        }

        @Override
        public void writeLazy(byte[] value, int offset, int length) {
            if (offset == 0 && length == size && value.length == size) {
                array = value;
            }
        }

        @Override
        public void write(byte value) {}

        @Override
        public void write(byte[] value, int offset, int length) {}

        @Override
        public void write(ByteBuffer value) {}

        @Override
        public void writeLazy(ByteBuffer value) {}
    }
}
