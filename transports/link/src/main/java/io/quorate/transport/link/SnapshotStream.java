package io.quorate.transport.link;

import java.io.IOException;
import java.io.InputStream;

/** The body of a snapshot that comes in; ends only where the sender said that it ends. */
final class SnapshotStream extends InputStream {
    private static final byte[] NOTHING = {};

    private final Connection connection;
    private final SnapshotSend.Sent received;
    private byte[] chunk = NOTHING;
    private int at;
    private boolean end;

    SnapshotStream(Connection connection, SnapshotSend.Sent received) {
        this.connection = connection;
        this.received = received;
    }

    /** Whether everything was read, end mark included; reads the mark if it comes next. */
    boolean atEnd() throws IOException {
        return !fill();
    }

    @Override
    public int read() throws IOException {
        return fill() ? chunk[at++] & 0xff : -1;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        if (length == 0) return 0;
        if (!fill()) return -1;
        int part = Math.min(length, chunk.length - at);
        System.arraycopy(chunk, at, target, offset, part);
        at += part;
        return part;
    }

    private boolean fill() throws IOException {
        while (at == chunk.length && !end) {
            Wire.Frame frame = connection.wire().read(Wire.FRAME_BYTES_MAX);
            switch (frame.kind()) {
                case SNAPSHOT_CHUNK -> {
                    chunk = frame.payload();
                    at = 0;
                    received.bytes(chunk.length);
                }
                case SNAPSHOT_END -> end = true;
                case SNAPSHOT_ABORT -> throw new IOException("the sender gave up: " + frame.text());
                default -> throw new IOException("inside a snapshot came " + frame.kind());
            }
        }
        return at < chunk.length;
    }
}
