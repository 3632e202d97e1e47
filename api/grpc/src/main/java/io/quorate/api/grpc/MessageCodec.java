package io.quorate.api.grpc;

import io.grpc.Compressor;
import io.grpc.Decompressor;
import io.grpc.Drainable;
import io.grpc.KnownLength;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusException;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;

/**
 * Messages to and from gRPC's length-prefixed form: a flag byte, four bytes of length, the payload.
 */
final class MessageCodec {
    static final int PREFIX_BYTES = 5;

    private MessageCodec() {}

    /**
     * Parses a message.
     *
     * @param max limit of the decompressed size
     * @throws StatusException RESOURCE_EXHAUSTED for one that is larger decompressed, INTERNAL for
     *     one that cannot be decompressed; a marshaller may throw StatusRuntimeException
     */
    static <T> T parse(
            MethodDescriptor.Marshaller<T> marshaller,
            InboundMessages.Message message,
            Decompressor decompressor,
            int max)
            throws StatusException {
        byte[] bytes =
                message.compressed()
                        ? decompress(message.bytes(), decompressor, max)
                        : message.bytes();
        return marshaller.parse(new ArrayStream(bytes));
    }

    private static byte[] decompress(byte[] bytes, Decompressor decompressor, int max)
            throws StatusException {
        try (InputStream in = decompressor.decompress(new ByteArrayInputStream(bytes))) {
            byte[] plain = in.readNBytes(max);
            if (in.read() >= 0) {
                throw Status.RESOURCE_EXHAUSTED
                        .withDescription(
                                "grpc: received message after decompression larger than max " + max)
                        .asException();
            }
            return plain;
        } catch (IOException e) {
            throw Status.INTERNAL
                    .withDescription("grpc: failed to decompress the received message: " + e)
                    .withCause(e)
                    .asException();
        }
    }

    /** Serializes a message with its prefix into one array. */
    static <T> byte[] frame(MethodDescriptor.Marshaller<T> marshaller, T message) {
        try (InputStream in = marshaller.stream(message)) {
            if (in instanceof KnownLength) {
                int length = in.available();
                byte[] framed = new byte[PREFIX_BYTES + length];
                Frames.putInt(framed, 1, length);
                read(in, framed, PREFIX_BYTES, length);
                return framed;
            }
            byte[] plain = in.readAllBytes();
            return prefixed(plain, plain.length, false);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** As {@link #frame}, compressed. */
    static <T> byte[] frame(
            MethodDescriptor.Marshaller<T> marshaller, T message, Compressor compressor) {
        ByteArrayOutputStream packed = new ByteArrayOutputStream(1024);
        try (InputStream in = marshaller.stream(message)) {
            try (OutputStream out = compressor.compress(packed)) {
                in.transferTo(out);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        byte[] bytes = packed.toByteArray();
        return prefixed(bytes, bytes.length, true);
    }

    private static byte[] prefixed(byte[] bytes, int length, boolean compressed) {
        byte[] framed = new byte[PREFIX_BYTES + length];
        framed[0] = (byte) (compressed ? 1 : 0);
        Frames.putInt(framed, 1, length);
        System.arraycopy(bytes, 0, framed, PREFIX_BYTES, length);
        return framed;
    }

    private static void read(InputStream in, byte[] to, int offset, int length) throws IOException {
        if (in instanceof Drainable drainable) {
            ArraySink sink = new ArraySink(to, offset);
            drainable.drainTo(sink);
            if (sink.at != offset + length) {
                throw new IOException("message of " + length + " bytes wrote another number");
            }
        } else if (in.readNBytes(to, offset, length) != length) {
            throw new IOException("message is shorter than the " + length + " bytes it announced");
        }
    }

    /** Tells protobuf's marshaller the size, which lets it parse from one array. */
    private static final class ArrayStream extends ByteArrayInputStream implements KnownLength {
        ArrayStream(byte[] bytes) {
            super(bytes);
        }
    }

    private static final class ArraySink extends OutputStream {
        private final byte[] to;
        private int at;

        ArraySink(byte[] to, int at) {
            this.to = to;
            this.at = at;
        }

        @Override
        public void write(int b) {
            to[at++] = (byte) b;
        }

        @Override
        public void write(byte[] bytes, int offset, int length) {
            System.arraycopy(bytes, offset, to, at, length);
            at += length;
        }
    }
}
