package io.quorate.engine.state;

import io.quorate.spi.storage.StorageException;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Users and roles as etcd keeps them: by name, in the wire form of authpb.User (name 1, password 2,
 * roles 3, options 4 with no_password 1) and authpb.Role (name 1, keyPermission 2 with permType 1,
 * key 2, range_end 3), empty fields left out. Unknown fields are refused: this server would lose
 * them.
 */
final class AuthRows {
    private static final int NUMBER = 0;
    private static final int BYTES = 2;

    private AuthRows() {}

    static byte[] encode(User user) {
        Out out = new Out();
        out.bytes(1, utf8(user.name()));
        out.bytes(2, user.password());
        for (String role : user.roles()) out.message(3, utf8(role));
        if (user.hasOptions()) {
            Out options = new Out();
            options.number(1, user.noPassword() ? 1 : 0);
            out.message(4, options.toByteArray());
        }
        return out.toByteArray();
    }

    static byte[] encode(Role role) {
        Out out = new Out();
        out.bytes(1, utf8(role.name()));
        for (Permission of : role.permissions()) {
            Out permission = new Out();
            permission.number(1, of.type());
            permission.bytes(2, of.key());
            permission.bytes(3, of.rangeEnd());
            out.message(2, permission.toByteArray());
        }
        return out.toByteArray();
    }

    /**
     * @throws StorageException.Corruption when it is no authpb.User
     */
    static User user(byte[] row) {
        In in = new In(row, "authUsers");
        String name = "";
        byte[] password = new byte[0];
        List<String> roles = new ArrayList<>();
        boolean hasOptions = false;
        boolean noPassword = false;
        while (in.next()) {
            switch (in.field) {
                case 1 -> name = text(in.bytes());
                case 2 -> password = in.bytes();
                case 3 -> roles.add(text(in.bytes()));
                case 4 -> {
                    hasOptions = true;
                    In options = new In(in.bytes(), "authUsers");
                    while (options.next()) {
                        if (options.field != 1) throw options.malformed();
                        noPassword = options.number() != 0;
                    }
                }
                default -> throw in.malformed();
            }
        }
        return new User(name, password, List.copyOf(roles), hasOptions, noPassword);
    }

    /**
     * @throws StorageException.Corruption when it is no authpb.Role
     */
    static Role role(byte[] row) {
        In in = new In(row, "authRoles");
        String name = "";
        List<Permission> permissions = new ArrayList<>();
        while (in.next()) {
            switch (in.field) {
                case 1 -> name = text(in.bytes());
                case 2 -> permissions.add(permission(in.bytes()));
                default -> throw in.malformed();
            }
        }
        return new Role(name, List.copyOf(permissions));
    }

    private static Permission permission(byte[] row) {
        In in = new In(row, "authRoles");
        int type = 0;
        byte[] key = new byte[0];
        byte[] rangeEnd = new byte[0];
        while (in.next()) {
            switch (in.field) {
                case 1 -> type = (int) in.number();
                case 2 -> key = in.bytes();
                case 3 -> rangeEnd = in.bytes();
                default -> throw in.malformed();
            }
        }
        return new Permission(type, key, rangeEnd);
    }

    static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private static final class Out {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

        void number(int field, long number) {
            if (number == 0) return;
            varint(field << 3 | NUMBER);
            varint(number);
        }

        void bytes(int field, byte[] value) {
            if (value.length > 0) message(field, value);
        }

        /** Written even when empty. */
        void message(int field, byte[] value) {
            varint(field << 3 | BYTES);
            varint(value.length);
            bytes.writeBytes(value);
        }

        private void varint(long number) {
            long rest = number;
            for (; (rest & ~0x7fL) != 0; rest >>>= 7) bytes.write((int) (rest & 0x7f | 0x80));
            bytes.write((int) rest);
        }

        byte[] toByteArray() {
            return bytes.toByteArray();
        }
    }

    private static final class In {
        private final byte[] row;
        private final String keyspace;
        private int at;
        private int type;
        int field;

        In(byte[] row, String keyspace) {
            this.row = row;
            this.keyspace = keyspace;
        }

        boolean next() {
            if (at == row.length) return false;
            long tag = varint();
            field = (int) (tag >>> 3);
            type = (int) (tag & 7);
            return true;
        }

        long number() {
            if (type != NUMBER) throw malformed();
            return varint();
        }

        byte[] bytes() {
            if (type != BYTES) throw malformed();
            long length = varint();
            if (length < 0 || length > row.length - at) throw malformed();
            at += (int) length;
            return Arrays.copyOfRange(row, at - (int) length, at);
        }

        private long varint() {
            long number = 0;
            for (int shift = 0; shift < 64 && at < row.length; shift += 7) {
                byte next = row[at++];
                number |= (long) (next & 0x7f) << shift;
                if (next >= 0) return number;
            }
            throw malformed();
        }

        StorageException malformed() {
            return new StorageException.Corruption(
                    "keyspace "
                            + keyspace
                            + ": a row is not what etcd 3.7 keeps there; restore this member from"
                            + " a snapshot or from its peers",
                    null);
        }
    }
}
