package io.quorate.engine.node;

import io.quorate.engine.raft.ConfState;
import io.quorate.engine.raft.Entry;
import io.quorate.engine.raft.EntryType;
import io.quorate.engine.raft.Message;
import io.quorate.engine.raft.MessageType;
import io.quorate.engine.raft.Snapshot;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Raft messages as bytes between members:
 *
 * <pre>
 * byte    format, 1
 * byte    type, the ordinal of {@link MessageType}
 * byte    1: rejected, 2: with a snapshot
 * 8 bytes to; 8 bytes from
 * varint  term, logTerm, index, commit, vote, rejectHint
 * bytes   context
 * varint  number of entries; for each: byte type, varint term, varint index, bytes data
 * if so   snapshot: varint index, varint term, four lists of ids, byte autoLeave, bytes data
 * </pre>
 *
 * {@code bytes} are a varint of their number and themselves, a list of ids is its number and 8
 * bytes each, a varint has seven bits per byte, lowest first. The responses of storage messages
 * never leave the member and are not carried.
 */
public final class MessageCodec {
    private static final byte FORMAT = 1;
    private static final int REJECTED = 1;
    private static final int SNAPSHOT = 2;
    private static final MessageType[] TYPES = MessageType.values();
    private static final EntryType[] ENTRY_TYPES = EntryType.values();

    /** Bytes of a message beside its entries, as a guess for the first buffer. */
    private static final int HEAD_BYTES = 64;

    private static final int ENTRY_HEAD_BYTES = 24;

    private MessageCodec() {}

    static byte[] encode(Message message) {
        Output out = new Output(size(message));
        out.u8(FORMAT);
        out.u8(message.type().ordinal());
        out.u8((message.reject() ? REJECTED : 0) | (message.snapshot() != null ? SNAPSHOT : 0));
        out.fixed(message.to());
        out.fixed(message.from());
        out.varint(message.term());
        out.varint(message.logTerm());
        out.varint(message.index());
        out.varint(message.commit());
        out.varint(message.vote());
        out.varint(message.rejectHint());
        out.bytes(message.context());
        out.varint(message.entries().size());
        for (Entry entry : message.entries()) {
            out.u8(entry.type().ordinal());
            out.varint(entry.term());
            out.varint(entry.index());
            out.bytes(entry.data());
        }
        if (message.snapshot() != null) {
            write(out, message.snapshot());
        }
        return out.done();
    }

    private static int size(Message message) {
        long size = HEAD_BYTES + message.context().length;
        for (Entry entry : message.entries()) {
            size += ENTRY_HEAD_BYTES + entry.data().length;
        }
        return Math.toIntExact(size);
    }

    private static void write(Output out, Snapshot snapshot) {
        out.varint(snapshot.index());
        out.varint(snapshot.term());
        out.ids(snapshot.conf().voters());
        out.ids(snapshot.conf().learners());
        out.ids(snapshot.conf().votersOutgoing());
        out.ids(snapshot.conf().learnersNext());
        out.u8(snapshot.conf().autoLeave() ? 1 : 0);
        out.bytes(snapshot.data());
    }

    /**
     * @throws IllegalArgumentException for bytes that are no message; nothing is known of the
     *     sender then but that it is of another release, or broken
     */
    public static Message decode(byte[] bytes) {
        try {
            Input in = new Input(bytes);
            if (in.u8() != FORMAT) {
                throw new IllegalArgumentException("a message of an unknown format");
            }
            MessageType type = TYPES[in.u8()];
            int flags = in.u8();
            long to = in.fixed();
            long from = in.fixed();
            long term = in.varint();
            long logTerm = in.varint();
            long index = in.varint();
            long commit = in.varint();
            long vote = in.varint();
            long rejectHint = in.varint();
            byte[] context = in.bytes();
            List<Entry> entries = entries(in);
            Snapshot snapshot = (flags & SNAPSHOT) != 0 ? snapshot(in) : null;
            in.end();
            return new Message(
                    type,
                    to,
                    from,
                    term,
                    logTerm,
                    index,
                    entries,
                    commit,
                    vote,
                    snapshot,
                    (flags & REJECTED) != 0,
                    rejectHint,
                    context,
                    List.of());
        } catch (IndexOutOfBoundsException e) {
            throw new IllegalArgumentException("a message that is cut off or makes no sense", e);
        }
    }

    private static List<Entry> entries(Input in) {
        int count = in.length();
        if (count == 0) {
            return List.of();
        }
        List<Entry> entries = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            EntryType type = ENTRY_TYPES[in.u8()];
            long term = in.varint();
            long index = in.varint();
            entries.add(new Entry(term, index, type, in.bytes()));
        }
        return entries;
    }

    private static Snapshot snapshot(Input in) {
        long index = in.varint();
        long term = in.varint();
        ConfState conf = new ConfState(in.ids(), in.ids(), in.ids(), in.ids(), in.u8() != 0);
        return new Snapshot(index, term, conf, in.bytes());
    }

    private static final class Output {
        private static final int VARINT_BYTES_MAX = 10;

        private byte[] buffer;
        private int at;

        private Output(int capacity) {
            buffer = new byte[capacity];
        }

        private void room(int bytes) {
            if (buffer.length - at < bytes) {
                buffer = Arrays.copyOf(buffer, Math.max(buffer.length * 2, at + bytes));
            }
        }

        private void u8(int value) {
            room(1);
            buffer[at++] = (byte) value;
        }

        private void fixed(long value) {
            for (int shift = 56; shift >= 0; shift -= 8) {
                u8((int) (value >>> shift));
            }
        }

        private void varint(long value) {
            room(VARINT_BYTES_MAX);
            long rest = value;
            for (; (rest & ~0x7fL) != 0; rest >>>= 7) {
                buffer[at++] = (byte) (rest | 0x80);
            }
            buffer[at++] = (byte) rest;
        }

        private void bytes(byte[] bytes) {
            varint(bytes.length);
            room(bytes.length);
            System.arraycopy(bytes, 0, buffer, at, bytes.length);
            at += bytes.length;
        }

        private void ids(List<Long> ids) {
            varint(ids.size());
            ids.forEach(this::fixed);
        }

        private byte[] done() {
            return at == buffer.length ? buffer : Arrays.copyOf(buffer, at);
        }
    }

    private static final class Input {
        private final byte[] buffer;
        private int at;

        private Input(byte[] buffer) {
            this.buffer = buffer;
        }

        private int u8() {
            return buffer[at++] & 0xff;
        }

        private long fixed() {
            long value = 0;
            for (int i = 0; i < Long.BYTES; i++) {
                value = value << 8 | u8();
            }
            return value;
        }

        private long varint() {
            long value = 0;
            for (int shift = 0; shift < Long.SIZE; shift += 7) {
                int b = u8();
                value |= (long) (b & 0x7f) << shift;
                if (b < 0x80) {
                    return value;
                }
            }
            throw new IllegalArgumentException("a number of more than 64 bits");
        }

        /** A number of things that follow, each of at least one byte. */
        private int length() {
            long length = varint();
            if (length < 0 || length > buffer.length - at) {
                throw new IndexOutOfBoundsException("a length of " + length);
            }
            return (int) length;
        }

        private byte[] bytes() {
            int length = length();
            byte[] bytes = Arrays.copyOfRange(buffer, at, at + length);
            at += length;
            return bytes;
        }

        private List<Long> ids() {
            int count = length();
            List<Long> ids = new ArrayList<>(count);
            for (int i = 0; i < count; i++) {
                ids.add(fixed());
            }
            return ids;
        }

        private void end() {
            if (at != buffer.length) {
                throw new IllegalArgumentException("a message with bytes after its end");
            }
        }
    }
}
