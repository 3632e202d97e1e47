package io.quorate.ctl;

import io.quorate.api.proto.AuthGrpc;
import io.quorate.api.proto.AuthRoleGetRequest;
import io.quorate.api.proto.AuthUserAddRequest;
import io.quorate.api.proto.AuthUserChangePasswordRequest;
import io.quorate.api.proto.AuthUserDeleteRequest;
import io.quorate.api.proto.AuthUserGetRequest;
import io.quorate.api.proto.AuthUserGetResponse;
import io.quorate.api.proto.AuthUserGrantRoleRequest;
import io.quorate.api.proto.AuthUserListRequest;
import io.quorate.api.proto.AuthUserRevokeRoleRequest;
import io.quorate.api.proto.auth.UserAddOptions;
import io.quorate.cli.Bytes;
import io.quorate.cli.Command;
import io.quorate.cli.Exit;
import io.quorate.cli.Flag;
import io.quorate.cli.FlagType;
import io.quorate.cli.Invocation;

import java.io.IOException;
import java.util.List;

/** {@code user …} (CT-53). */
final class UserCommands {
    private UserCommands() {}

    static Command command() {
        return Command.parent(
                "user <subcommand>",
                "User related commands. Use `etcdctl user --help` to see subcommands",
                "User related commands",
                Command.leaf(
                        "add <user name or user:password> [options]",
                        "Adds a new user",
                        UserCommands::add,
                        interactive("Read password from stdin instead of interactive terminal"),
                        Flag.text(
                                "new-user-password", "Supply password from the command line flag"),
                        Flag.toggle(
                                "no-password",
                                "Create a user without password (CN based auth only)")),
                Command.leaf("delete <user name>", "Deletes a user", UserCommands::delete),
                Command.leaf(
                        "get <user name> [options]",
                        "Gets detailed information of a user",
                        UserCommands::get,
                        Flag.toggle("detail", "Show permissions of roles granted to the user")),
                Command.leaf("list", "Lists all users", UserCommands::list),
                Command.leaf(
                        "passwd <user name> [options]",
                        "Changes password of user",
                        UserCommands::changePassword,
                        interactive(
                                "If true, read password from stdin instead of interactive"
                                        + " terminal")),
                Command.leaf(
                        "grant-role <user name> <role name>",
                        "Grants a role to a user",
                        UserCommands::grantRole),
                Command.leaf(
                        "revoke-role <user name> <role name>",
                        "Revokes a role from a user",
                        UserCommands::revokeRole));
    }

    private static Flag interactive(String usage) {
        return Flag.of("interactive", FlagType.BOOL, "true", usage);
    }

    private static List<String> arguments(Invocation call, int count, String otherwise) {
        if (call.arguments().size() != count) throw Exit.badArguments(otherwise);
        return call.arguments();
    }

    private static String text(String bytes) {
        return Bytes.toText(bytes);
    }

    // ---- passwords

    private static void add(Invocation call) {
        String name =
                arguments(call, 1, "user add command requires user name as its argument")
                        .getFirst();
        AuthUserAddRequest.Builder request = AuthUserAddRequest.newBuilder();
        String given = call.flags().text("new-user-password");
        boolean noPassword = call.flags().on("no-password");
        int colon = name.indexOf(':');
        String user = name;
        if (!noPassword && !given.isEmpty()) {
            request.setPassword(text(given));
        } else if (!noPassword && colon >= 0) {
            user = name.substring(0, colon);
            if (user.isEmpty()) throw Exit.badArguments("empty user name is not allowed");
            request.setPassword(text(name.substring(colon + 1)));
        } else if (!noPassword) {
            request.setPassword(text(askFor(call, name)));
        }
        request.setName(text(user))
                .setOptions(UserAddOptions.newBuilder().setNoPassword(noPassword));
        Session session = Session.open(call);
        try (Cluster cluster = session.patientCluster()) {
            session.printer()
                    .changed(
                            "User " + user + " created",
                            cluster.write(AuthGrpc.getUserAddMethod(), request.build()));
        }
    }

    private static String askFor(Invocation call, String user) {
        if (call.flags().on("interactive")) return Credentials.askNew(user, call.terminal());
        try {
            // One word, as Go's Scanf reads it.
            return call.terminal().readAll().strip().split("\\s", 2)[0];
        } catch (IOException unreadableCountsAsEmpty) {
            return "";
        }
    }

    private static void changePassword(Invocation call) {
        String user =
                arguments(call, 1, "user passwd command requires user name as its argument")
                        .getFirst();
        AuthUserChangePasswordRequest request =
                AuthUserChangePasswordRequest.newBuilder()
                        .setName(text(user))
                        .setPassword(text(askFor(call, user)))
                        .build();
        Session session = Session.open(call);
        try (Cluster cluster = session.patientCluster()) {
            session.printer()
                    .changed(
                            "Password updated",
                            cluster.write(AuthGrpc.getUserChangePasswordMethod(), request));
        }
    }

    // ---- the others

    private static void delete(Invocation call) {
        String user =
                arguments(call, 1, "user delete command requires user name as its argument")
                        .getFirst();
        Session session = Session.open(call);
        try (Cluster cluster = session.patientCluster()) {
            session.printer()
                    .changed(
                            "User " + user + " deleted",
                            cluster.write(
                                    AuthGrpc.getUserDeleteMethod(),
                                    AuthUserDeleteRequest.newBuilder()
                                            .setName(text(user))
                                            .build()));
        }
    }

    private static void get(Invocation call) {
        String user =
                arguments(call, 1, "user get command requires user name as its argument")
                        .getFirst();
        Session session = Session.open(call);
        try (Cluster cluster = session.patientCluster()) {
            AuthUserGetResponse answer =
                    cluster.read(
                            AuthGrpc.getUserGetMethod(),
                            AuthUserGetRequest.newBuilder().setName(text(user)).build());
            if (call.flags().on("detail")) detail(session, cluster, user, answer.getRolesList());
            else session.printer().userGet(user, answer);
        }
    }

    /** All formats begin with the same line here. */
    private static void detail(Session session, Cluster cluster, String user, List<String> roles) {
        session.terminal().line("User: " + user);
        for (String role : roles) {
            session.terminal().line("");
            session.printer()
                    .roleGet(
                            Bytes.ofText(role),
                            cluster.read(
                                    AuthGrpc.getRoleGetMethod(),
                                    AuthRoleGetRequest.newBuilder().setRole(role).build()));
        }
    }

    private static void list(Invocation call) {
        arguments(call, 0, "user list command requires no arguments");
        Session session = Session.open(call);
        try (Cluster cluster = session.patientCluster()) {
            session.printer()
                    .userList(
                            cluster.read(
                                    AuthGrpc.getUserListMethod(),
                                    AuthUserListRequest.getDefaultInstance()));
        }
    }

    private static void grantRole(Invocation call) {
        List<String> words =
                arguments(
                        call,
                        2,
                        "user grant command requires user name and role name as its argument");
        AuthUserGrantRoleRequest request =
                AuthUserGrantRoleRequest.newBuilder()
                        .setUser(text(words.get(0)))
                        .setRole(text(words.get(1)))
                        .build();
        Session session = Session.open(call);
        try (Cluster cluster = session.patientCluster()) {
            session.printer()
                    .changed(
                            "Role " + words.get(1) + " is granted to user " + words.get(0),
                            cluster.write(AuthGrpc.getUserGrantRoleMethod(), request));
        }
    }

    private static void revokeRole(Invocation call) {
        List<String> words =
                arguments(
                        call,
                        2,
                        "user revoke-role requires user name and role name as its argument");
        AuthUserRevokeRoleRequest request =
                AuthUserRevokeRoleRequest.newBuilder()
                        .setName(text(words.get(0)))
                        .setRole(text(words.get(1)))
                        .build();
        Session session = Session.open(call);
        try (Cluster cluster = session.patientCluster()) {
            session.printer()
                    .changed(
                            "Role " + words.get(1) + " is revoked from user " + words.get(0),
                            cluster.write(AuthGrpc.getUserRevokeRoleMethod(), request));
        }
    }
}
