package io.quorate.ctl;

import com.google.protobuf.ByteString;

import io.quorate.api.proto.AuthGrpc;
import io.quorate.api.proto.AuthRoleAddRequest;
import io.quorate.api.proto.AuthRoleDeleteRequest;
import io.quorate.api.proto.AuthRoleGetRequest;
import io.quorate.api.proto.AuthRoleGrantPermissionRequest;
import io.quorate.api.proto.AuthRoleListRequest;
import io.quorate.api.proto.AuthRoleRevokePermissionRequest;
import io.quorate.api.proto.auth.Permission;
import io.quorate.cli.Bytes;
import io.quorate.cli.Command;
import io.quorate.cli.Exit;
import io.quorate.cli.Flag;
import io.quorate.cli.FlagValues;
import io.quorate.cli.Invocation;

import java.util.List;
import java.util.Locale;

/** {@code role …} (CT-54, CT-55). */
final class RoleCommands {
    private RoleCommands() {}

    static Command command() {
        return Command.parent(
                "role <subcommand>",
                "Role related commands. Use `etcdctl role --help` to see subcommands",
                "Role related commands",
                Command.leaf("add <role name>", "Adds a new role", RoleCommands::add),
                Command.leaf("delete <role name>", "Deletes a role", RoleCommands::delete),
                Command.leaf(
                        "get <role name>",
                        "Gets detailed information of a role",
                        RoleCommands::get),
                Command.leaf("list", "Lists all roles", RoleCommands::list),
                Command.leaf(
                        "grant-permission [options] <role name> <permission type> <key> [endkey]",
                        "Grants a key to a role",
                        RoleCommands::grant,
                        Flag.toggle("prefix", "grant a prefix permission"),
                        Flag.toggle(
                                "from-key",
                                "grant a permission of keys that are greater than or equal to the"
                                        + " given key using byte compare")),
                Command.leaf(
                        "revoke-permission <role name> <key> [endkey]",
                        "Revokes a key from a role",
                        RoleCommands::revoke,
                        Flag.toggle("prefix", "revoke a prefix permission"),
                        Flag.toggle(
                                "from-key",
                                "revoke a permission of keys that are greater than or equal to the"
                                        + " given key using byte compare")));
    }

    private static String role(Invocation call) {
        if (call.arguments().size() != 1) {
            throw Exit.badArguments(
                    "role "
                            + call.command().name()
                            + " command requires role name as its argument");
        }
        return call.arguments().getFirst();
    }

    private static void add(Invocation call) {
        String role = role(call);
        Session session = Session.open(call);
        try (Cluster cluster = session.patientCluster()) {
            session.printer()
                    .changed(
                            "Role " + role + " created",
                            cluster.write(
                                    AuthGrpc.getRoleAddMethod(),
                                    AuthRoleAddRequest.newBuilder()
                                            .setName(Bytes.toText(role))
                                            .build()));
        }
    }

    private static void delete(Invocation call) {
        String role = role(call);
        Session session = Session.open(call);
        try (Cluster cluster = session.patientCluster()) {
            session.printer()
                    .changed(
                            "Role " + role + " deleted",
                            cluster.write(
                                    AuthGrpc.getRoleDeleteMethod(),
                                    AuthRoleDeleteRequest.newBuilder()
                                            .setRole(Bytes.toText(role))
                                            .build()));
        }
    }

    private static void get(Invocation call) {
        String role = role(call);
        Session session = Session.open(call);
        try (Cluster cluster = session.patientCluster()) {
            session.printer()
                    .roleGet(
                            role,
                            cluster.read(
                                    AuthGrpc.getRoleGetMethod(),
                                    AuthRoleGetRequest.newBuilder()
                                            .setRole(Bytes.toText(role))
                                            .build()));
        }
    }

    private static void list(Invocation call) {
        if (!call.arguments().isEmpty()) {
            throw Exit.badArguments("role list command requires no arguments");
        }
        Session session = Session.open(call);
        try (Cluster cluster = session.patientCluster()) {
            session.printer()
                    .roleList(
                            cluster.read(
                                    AuthGrpc.getRoleListMethod(),
                                    AuthRoleListRequest.getDefaultInstance()));
        }
    }

    // ---- permissions

    /** A key, and the end of a range: empty for one key, zero for all keys from there on. */
    private record Range(ByteString key, ByteString end) {}

    private static void grant(Invocation call) {
        List<String> words = call.arguments();
        if (words.size() < 3) {
            throw Exit.badArguments(
                    "role grant command requires role name, permission type, and key [endkey] as"
                            + " its argument");
        }
        Permission.Type type =
                switch (words.get(1).toUpperCase(Locale.ROOT)) {
                    case "READ" -> Permission.Type.READ;
                    case "WRITE" -> Permission.Type.WRITE;
                    case "READWRITE" -> Permission.Type.READWRITE;
                    default -> throw Exit.badArguments("invalid permission type: " + words.get(1));
                };
        Range range = range(words.subList(2, words.size()), call.flags());
        AuthRoleGrantPermissionRequest request =
                AuthRoleGrantPermissionRequest.newBuilder()
                        .setName(Bytes.toText(words.getFirst()))
                        .setPerm(
                                Permission.newBuilder()
                                        .setPermType(type)
                                        .setKey(range.key())
                                        .setRangeEnd(range.end()))
                        .build();
        Session session = Session.open(call);
        try (Cluster cluster = session.patientCluster()) {
            session.printer()
                    .changed(
                            "Role " + words.getFirst() + " updated",
                            cluster.write(AuthGrpc.getRoleGrantPermissionMethod(), request));
        }
    }

    private static void revoke(Invocation call) {
        List<String> words = call.arguments();
        if (words.size() < 2) {
            throw Exit.badArguments(
                    "role revoke-permission command requires role name and key [endkey] as its"
                            + " argument");
        }
        Range range = range(words.subList(1, words.size()), call.flags());
        AuthRoleRevokePermissionRequest request =
                AuthRoleRevokePermissionRequest.newBuilder()
                        .setRole(Bytes.toText(words.getFirst()))
                        .setKey(range.key())
                        .setRangeEnd(range.end())
                        .build();
        Session session = Session.open(call);
        try (Cluster cluster = session.patientCluster()) {
            session.printer()
                    .changed(
                            revoked(words.get(0), words.get(1), range.end()),
                            cluster.write(AuthGrpc.getRoleRevokePermissionMethod(), request));
        }
    }

    private static String revoked(String role, String key, ByteString end) {
        if (end.isEmpty()) return "Permission of key " + key + " is revoked from role " + role;
        String range =
                end.equals(Ranges.ZERO)
                        ? "[" + key + ", <open ended>"
                        : "[" + key + ", " + Ranges.text(end) + ")";
        return "Permission of range " + range + " is revoked from role " + role;
    }

    private static Range range(List<String> words, FlagValues flags) {
        boolean prefix = flags.on("prefix");
        boolean fromKey = flags.on("from-key");
        ByteString key = Ranges.key(words.getFirst());
        if (key.isEmpty()) {
            if (prefix && fromKey) throw exclusive();
            return new Range(Ranges.ZERO, prefix || fromKey ? Ranges.ZERO : ByteString.EMPTY);
        }
        if (words.size() > 1) {
            if (prefix) throw Exit.badArguments("unexpected endkey argument with --prefix flag");
            if (fromKey) {
                throw Exit.badArguments("unexpected endkey argument with --from-key flag");
            }
            return new Range(key, Ranges.key(words.get(1)));
        }
        if (prefix && fromKey) throw exclusive();
        if (prefix) return new Range(key, Ranges.prefixEnd(key));
        return new Range(key, fromKey ? Ranges.ZERO : ByteString.EMPTY);
    }

    private static Exit exclusive() {
        return Exit.badArguments("--from-key and --prefix flags are mutually exclusive");
    }
}
