package io.quorate.api.client;

import io.quorate.api.proto.SnapshotResponse;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Optional;

/** Writes a snapshot's pieces down and checks the hash it ends with. */
final class SnapshotCopy {
    private static final int HASH_BYTES = 32;

    private SnapshotCopy() {}

    /**
     * @return bytes written, with the hash
     * @throws IOException when the hash is missing or another
     */
    static long copy(ResponseStream<SnapshotResponse> pieces, WritableByteChannel out)
            throws IOException {
        MessageDigest digest = sha256();
        byte[] tail = new byte[0];
        long size = 0;
        for (Optional<SnapshotResponse> piece = pieces.next();
                piece.isPresent();
                piece = pieces.next()) {
            byte[] blob = piece.get().getBlob().toByteArray();
            write(out, blob);
            size += blob.length;
            // The last 32 bytes seen so far may be the hash: they stay out of the digest.
            byte[] seen = joined(tail, blob);
            int known = Math.max(0, seen.length - HASH_BYTES);
            digest.update(seen, 0, known);
            tail = new byte[seen.length - known];
            System.arraycopy(seen, known, tail, 0, tail.length);
        }
        if (!MessageDigest.isEqual(digest.digest(), tail)) {
            throw new IOException(
                    "the snapshot of "
                            + size
                            + " bytes does not end with its SHA-256; take it again");
        }
        return size;
    }

    private static byte[] joined(byte[] a, byte[] b) {
        byte[] joined = new byte[a.length + b.length];
        System.arraycopy(a, 0, joined, 0, a.length);
        System.arraycopy(b, 0, joined, a.length, b.length);
        return joined;
    }

    private static void write(WritableByteChannel out, byte[] bytes) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        while (buffer.hasRemaining()) {
            out.write(buffer);
        }
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            // Every Java platform has it.
            throw new AssertionError(e);
        }
    }
}
