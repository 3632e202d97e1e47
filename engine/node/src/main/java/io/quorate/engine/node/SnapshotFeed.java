package io.quorate.engine.node;

import io.quorate.engine.raft.ConfState;
import io.quorate.engine.state.Keyspaces;
import io.quorate.engine.state.Member;
import io.quorate.engine.state.MemberJson;
import io.quorate.spi.storage.Cursor;
import io.quorate.spi.storage.Install;
import io.quorate.spi.storage.Keyspace;
import io.quorate.spi.storage.ReadView;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A whole state as a stream, the same for all storage plugins: the rows of all keyspaces in order
 * of keyspace and key, each as
 *
 * <pre>
 * byte   id of the keyspace
 * int    bytes of the key; the key
 * int    bytes of the value; the value
 * </pre>
 *
 * and at the end the byte 0 and the number of rows as a long. The stream below vouches for the
 * bytes (see {@link io.quorate.spi.transport.Transport}).
 */
final class SnapshotFeed {
    private static final int END = 0;
    private static final int BUFFER_BYTES = 64 << 10;

    /** No row is larger; a length beyond it is nonsense. */
    private static final int FIELD_BYTES_MAX = 1 << 30;

    private static final Map<Integer, Keyspace> BY_ID = byId();

    private SnapshotFeed() {}

    private static Map<Integer, Keyspace> byId() {
        Map<Integer, Keyspace> byId = new HashMap<>();
        Keyspaces.ALL.forEach(keyspace -> byId.put(keyspace.id(), keyspace));
        return byId;
    }

    /** Writes all rows of a view. */
    static void write(ReadView view, OutputStream target) throws IOException {
        DataOutputStream out = new DataOutputStream(new BufferedOutputStream(target, BUFFER_BYTES));
        long rows = 0;
        for (Keyspace keyspace : Keyspaces.ALL) {
            try (Cursor cursor = view.cursor(keyspace, null, null, false)) {
                while (cursor.next()) {
                    out.writeByte(keyspace.id());
                    write(out, cursor.key());
                    write(out, cursor.value());
                    rows++;
                }
            }
        }
        out.writeByte(END);
        out.writeLong(rows);
        out.flush();
    }

    private static void write(DataOutputStream out, byte[] bytes) throws IOException {
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    /**
     * Feeds all rows of a stream, which is read to its end, to an install.
     *
     * @throws IOException for a stream that fails or is no such feed
     */
    static void read(InputStream source, Install install) throws IOException {
        DataInputStream in = new DataInputStream(new BufferedInputStream(source, BUFFER_BYTES));
        long rows = 0;
        for (int id = in.readUnsignedByte(); id != END; id = in.readUnsignedByte()) {
            Keyspace keyspace = BY_ID.get(id);
            if (keyspace == null) {
                throw new IOException(
                        "a snapshot with the keyspace "
                                + id
                                + ", which release "
                                + Version.ETCD
                                + " does not know; upgrade this member first");
            }
            byte[] key = readField(in);
            put(install, keyspace, key, readField(in));
            rows++;
        }
        long sent = in.readLong();
        if (sent != rows || in.read() >= 0) {
            throw new IOException("a snapshot of " + sent + " rows came with " + rows);
        }
    }

    private static void put(Install install, Keyspace keyspace, byte[] key, byte[] value)
            throws IOException {
        try {
            install.put(keyspace, key, value);
        } catch (IllegalArgumentException e) {
            throw new IOException("a snapshot with a row out of order: " + e.getMessage(), e);
        }
    }

    private static byte[] readField(DataInputStream in) throws IOException {
        int length = in.readInt();
        if (length < 0 || length > FIELD_BYTES_MAX) {
            throw new IOException("a field of " + length + " bytes in a snapshot");
        }
        byte[] bytes = in.readNBytes(length);
        if (bytes.length < length) {
            throw new IOException("a snapshot that ends inside a field");
        }
        return bytes;
    }

    /** Raft's membership by the members that a state holds. */
    static ConfState conf(ReadView view) {
        List<Member> members = new ArrayList<>();
        try (Cursor cursor = view.cursor(Keyspaces.MEMBERS, null, null, false)) {
            while (cursor.next()) {
                members.add(MemberJson.read(cursor.value()));
            }
        }
        return conf(members);
    }

    static ConfState conf(List<Member> members) {
        return new ConfState(
                members.stream().filter(m -> !m.learner()).map(Member::id).toList(),
                members.stream().filter(Member::learner).map(Member::id).toList(),
                List.of(),
                List.of(),
                false);
    }
}
