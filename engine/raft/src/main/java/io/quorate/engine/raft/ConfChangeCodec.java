package io.quorate.engine.raft;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Membership changes as bytes: the protobuf messages {@code raftpb.ConfChange} (entry type
 * CONF_CHANGE) and {@code raftpb.ConfChangeV2} (entry type CONF_CHANGE_V2), so that logs mean the
 * same to etcd's tools. Fields of value 0 are left out; unknown fields are skipped.
 *
 * <pre>
 * ConfChange        1 id varint   2 kind varint   3 member varint   4 context bytes
 * ConfChangeV2      1 transition varint   2 step message, repeated   3 context bytes
 * ConfChangeSingle  1 kind varint   2 member varint
 * </pre>
 */
public final class ConfChangeCodec {
    private static final int VARINT = 0;
    private static final int FIXED64 = 1;
    private static final int BYTES = 2;
    private static final int FIXED32 = 5;

    private ConfChangeCodec() {}

    /** The data of an entry of type {@code change.encoding()}; empty for the plain leave-joint. */
    public static byte[] encode(ConfChange change) {
        var out = new Writer();
        if (change.encoding() == EntryType.CONF_CHANGE) {
            var step = change.steps().getFirst();
            out.varint(1, change.id());
            out.varint(2, step.kind().ordinal());
            out.varint(3, step.id());
            out.bytes(4, change.context());
        } else {
            out.varint(1, change.transition().ordinal());
            for (var step : change.steps()) out.message(2, encode(step));
            out.bytes(3, change.context());
        }
        return out.toByteArray();
    }

    private static byte[] encode(ConfChange.Step step) {
        var out = new Writer();
        out.varint(1, step.kind().ordinal());
        out.varint(2, step.id());
        return out.toByteArray();
    }

    /**
     * The change in an entry of type CONF_CHANGE or CONF_CHANGE_V2.
     *
     * @throws IllegalArgumentException when the entry is of another type or its data is broken
     */
    public static ConfChange decode(Entry entry) {
        return decode(entry.type(), entry.data());
    }

    /**
     * The change that {@code data} holds.
     *
     * @throws IllegalArgumentException when the type is NORMAL or the data is broken
     */
    public static ConfChange decode(EntryType type, byte[] data) {
        return switch (type) {
            case CONF_CHANGE -> decodeSingle(new Reader(data));
            case CONF_CHANGE_V2 -> decodeV2(new Reader(data));
            case NORMAL ->
                    throw new IllegalArgumentException("a normal entry holds no membership change");
        };
    }

    private static ConfChange decodeSingle(Reader in) {
        long id = 0;
        long kind = 0;
        long member = 0;
        var context = new byte[0];
        while (in.nextField()) {
            switch (in.field) {
                case 1 -> id = in.varint();
                case 2 -> kind = in.varint();
                case 3 -> member = in.varint();
                case 4 -> context = in.bytes();
                default -> in.skip();
            }
        }
        return ConfChange.single(id, constant(ConfChange.Kind.values(), kind), member, context);
    }

    private static ConfChange decodeV2(Reader in) {
        long transition = 0;
        List<ConfChange.Step> steps = new ArrayList<>();
        var context = new byte[0];
        while (in.nextField()) {
            switch (in.field) {
                case 1 -> transition = in.varint();
                case 2 -> steps.add(decodeStep(new Reader(in.bytes())));
                case 3 -> context = in.bytes();
                default -> in.skip();
            }
        }
        return new ConfChange(constant(ConfChange.Transition.values(), transition), steps, context);
    }

    private static ConfChange.Step decodeStep(Reader in) {
        long kind = 0;
        long member = 0;
        while (in.nextField()) {
            switch (in.field) {
                case 1 -> kind = in.varint();
                case 2 -> member = in.varint();
                default -> in.skip();
            }
        }
        return new ConfChange.Step(constant(ConfChange.Kind.values(), kind), member);
    }

    private static <T> T constant(T[] constants, long number) {
        if (number < 0 || number >= constants.length) throw broken("unknown constant " + number);
        return constants[(int) number];
    }

    private static IllegalArgumentException broken(String what) {
        return new IllegalArgumentException("broken membership change: " + what);
    }

    /** Writes fields, leaving out empty ones. */
    private static final class Writer {
        private final ByteArrayOutputStream out = new ByteArrayOutputStream();

        void varint(int field, long value) {
            if (value == 0) return;
            raw(field << 3 | VARINT);
            raw(value);
        }

        void bytes(int field, byte[] value) {
            if (value.length > 0) message(field, value);
        }

        /** As bytes, but an empty message counts. */
        void message(int field, byte[] value) {
            raw(field << 3 | BYTES);
            raw(value.length);
            out.writeBytes(value);
        }

        private void raw(long value) {
            long rest = value;
            while ((rest & ~0x7FL) != 0) {
                out.write((int) (rest & 0x7F | 0x80));
                rest >>>= 7;
            }
            out.write((int) rest);
        }

        byte[] toByteArray() {
            return out.toByteArray();
        }
    }

    /** Walks through the fields of one message. */
    private static final class Reader {
        private final byte[] data;
        private int at;
        private int field;
        private int wireType;

        Reader(byte[] data) {
            this.data = data;
        }

        boolean nextField() {
            if (at == data.length) return false;
            long key = raw();
            if (key >>> 3 == 0 || key >>> 32 != 0) throw broken("field number");
            field = (int) (key >>> 3);
            wireType = (int) (key & 7);
            return true;
        }

        long varint() {
            if (wireType != VARINT) throw broken("field " + field + " is no number");
            return raw();
        }

        byte[] bytes() {
            if (wireType != BYTES) throw broken("field " + field + " is no bytes");
            int start = advance(raw());
            return Arrays.copyOfRange(data, start, at);
        }

        void skip() {
            switch (wireType) {
                case VARINT -> raw();
                case FIXED64 -> advance(8);
                case BYTES -> advance(raw());
                case FIXED32 -> advance(4);
                default -> throw broken("wire type " + wireType);
            }
        }

        private int advance(long length) {
            if (length < 0 || length > data.length - at) throw broken("cut off");
            int start = at;
            at += (int) length;
            return start;
        }

        private long raw() {
            long value = 0;
            for (int shift = 0; shift < Long.SIZE; shift += 7) {
                if (at == data.length) throw broken("cut off");
                byte b = data[at++];
                value |= (b & 0x7FL) << shift;
                if (b >= 0) return value;
            }
            throw broken("number too long");
        }
    }
}
