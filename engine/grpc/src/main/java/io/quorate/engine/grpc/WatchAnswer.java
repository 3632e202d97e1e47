package io.quorate.engine.grpc;

import com.google.protobuf.CodedOutputStream;

import io.grpc.Drainable;
import io.grpc.KnownLength;
import io.grpc.MethodDescriptor;
import io.quorate.api.proto.ResponseHeader;
import io.quorate.api.proto.WatchResponse;
import io.quorate.engine.state.WatchEvent;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/**
 * A WatchResponse on its way to the wire. Events are in the wire form already, one copy for all
 * watches that see them; they are copied once more, into the frames of each call, without a message
 * object being built for each.
 *
 * @param head all fields but fragment and events
 * @param fragment whether more of the same message follows (WA-21)
 * @param previous whether events tell what was before them (WA-15)
 */
record WatchAnswer(
        WatchResponse head, boolean fragment, List<WatchEvent> events, boolean previous) {
    private static final int KV_TAG_BYTES = 1;
    private static final int DELETE = 1;

    /** An answer without events. */
    static WatchAnswer of(ResponseHeader header, WatchResponse.Builder fields) {
        return new WatchAnswer(fields.setHeader(header).build(), false, List.of(), false);
    }

    /**
     * The answer in parts of less than so many bytes, each of at least one event (WA-21).
     *
     * @param bytesMax a part reaches it only with a single event
     */
    List<WatchAnswer> fragments(long bytesMax) {
        if (events.size() < 2 || size() < bytesMax) {
            return List.of(this);
        }
        int rest = head.getSerializedSize() + CodedOutputStream.computeBoolSize(7, true);
        List<WatchAnswer> parts = new ArrayList<>();
        int from = 0;
        long size = rest;
        for (int at = 0; at < events.size(); at++) {
            int bytes = fieldSize(events.get(at));
            if (at > from && size + bytes >= bytesMax) {
                parts.add(new WatchAnswer(head, true, events.subList(from, at), previous));
                from = at;
                size = rest;
            }
            size += bytes;
        }
        parts.add(new WatchAnswer(head, false, events.subList(from, events.size()), previous));
        return parts;
    }

    /** Bytes on the wire. */
    int size() {
        long size = head.getSerializedSize();
        if (fragment) {
            size += CodedOutputStream.computeBoolSize(7, true);
        }
        for (WatchEvent event : events) {
            size += fieldSize(event);
        }
        return Math.toIntExact(size);
    }

    private int fieldSize(WatchEvent event) {
        int size = eventSize(event);
        return CodedOutputStream.computeTagSize(11)
                + CodedOutputStream.computeUInt32SizeNoTag(size)
                + size;
    }

    private int eventSize(WatchEvent event) {
        int size = event.isDelete() ? CodedOutputStream.computeEnumSize(1, DELETE) : 0;
        size += bytesSize(event.keyValue());
        byte[] before = before(event);
        return before == null ? size : size + bytesSize(before);
    }

    private static int bytesSize(byte[] bytes) {
        return KV_TAG_BYTES + CodedOutputStream.computeUInt32SizeNoTag(bytes.length) + bytes.length;
    }

    private byte[] before(WatchEvent event) {
        return previous ? event.previousKeyValue() : null;
    }

    private void writeTo(OutputStream out) throws IOException {
        CodedOutputStream coded = CodedOutputStream.newInstance(out, Math.min(4096, size() + 16));
        head.writeTo(coded);
        if (fragment) {
            coded.writeBool(7, true);
        }
        for (WatchEvent event : events) {
            coded.writeTag(11, 2);
            coded.writeUInt32NoTag(eventSize(event));
            if (event.isDelete()) {
                coded.writeEnum(1, DELETE);
            }
            coded.writeByteArray(2, event.keyValue());
            byte[] before = before(event);
            if (before != null) {
                coded.writeByteArray(3, before);
            }
        }
        coded.flush();
    }

    /** Writes answers; a server has no use for reading them. */
    static final class Marshaller implements MethodDescriptor.Marshaller<WatchAnswer> {
        @Override
        public InputStream stream(WatchAnswer answer) {
            return new Encoded(answer);
        }

        @Override
        public WatchAnswer parse(InputStream stream) {
            throw new UnsupportedOperationException("a client reads WatchResponse");
        }
    }

    /** Copied straight into the frame by servers that know how, read as a stream by others. */
    private static final class Encoded extends InputStream implements Drainable, KnownLength {
        private final WatchAnswer answer;
        private ByteArrayInputStream bytes;
        private boolean drained;

        Encoded(WatchAnswer answer) {
            this.answer = answer;
        }

        @Override
        public int drainTo(OutputStream target) throws IOException {
            if (bytes != null) {
                return (int) bytes.transferTo(target);
            }
            if (drained) {
                return 0;
            }
            drained = true;
            answer.writeTo(target);
            return answer.size();
        }

        @Override
        public int available() {
            if (bytes != null) {
                return bytes.available();
            }
            return drained ? 0 : answer.size();
        }

        @Override
        public int read() {
            return bytes().read();
        }

        @Override
        public int read(byte[] to, int offset, int length) {
            return bytes().read(to, offset, length);
        }

        private ByteArrayInputStream bytes() {
            if (bytes == null) {
                var out = new ByteArrayOutputStream(answer.size());
                try {
                    if (!drained) {
                        answer.writeTo(out);
                    }
                } catch (IOException e) {
                    throw new UncheckedIOException(e); // an array does no I/O
                }
                bytes = new ByteArrayInputStream(out.toByteArray());
            }
            return bytes;
        }
    }
}
