package io.quorate.ctl;

import io.quorate.api.proto.AuthDisableRequest;
import io.quorate.api.proto.AuthEnableRequest;
import io.quorate.api.proto.AuthGrpc;
import io.quorate.api.proto.AuthRoleAddRequest;
import io.quorate.api.proto.AuthStatusRequest;
import io.quorate.api.proto.AuthUserGrantRoleRequest;
import io.quorate.cli.Command;
import io.quorate.cli.Exit;
import io.quorate.cli.Invocation;

/** {@code auth …} (CT-52). */
final class AuthCommands {
    private static final String ROOT = "root";
    private static final String NO_ROOT_ROLE = "etcdserver: root user does not have root role";

    private AuthCommands() {}

    static Command command() {
        return Command.parent(
                "auth <enable or disable>",
                "Enable or disable authentication. Use `etcdctl auth --help` to see subcommands",
                "Enable or disable authentication",
                Command.leaf("enable", "Enables authentication", AuthCommands::enable),
                Command.leaf("disable", "Disables authentication", AuthCommands::disable),
                Command.leaf("status", "Returns authentication status", AuthCommands::status));
    }

    private static void noArguments(Invocation call) {
        if (!call.arguments().isEmpty()) {
            throw Exit.badArguments(
                    "auth " + call.command().name() + " command does not accept any arguments");
        }
    }

    /** Gives the user root the role root when it has not got it. */
    private static void enable(Invocation call) {
        noArguments(call);
        try (Cluster cluster = Session.open(call).cluster()) {
            try {
                enable(cluster);
            } catch (CallFailure e) {
                if (!e.says(NO_ROOT_ROLE)) throw e;
                cluster.write(
                        AuthGrpc.getRoleAddMethod(),
                        AuthRoleAddRequest.newBuilder().setName(ROOT).build());
                cluster.write(
                        AuthGrpc.getUserGrantRoleMethod(),
                        AuthUserGrantRoleRequest.newBuilder().setUser(ROOT).setRole(ROOT).build());
                enable(cluster);
            }
        }
        call.terminal().line("Authentication Enabled");
    }

    private static void enable(Cluster cluster) {
        cluster.write(AuthGrpc.getAuthEnableMethod(), AuthEnableRequest.getDefaultInstance());
    }

    private static void disable(Invocation call) {
        noArguments(call);
        try (Cluster cluster = Session.open(call).cluster()) {
            cluster.write(AuthGrpc.getAuthDisableMethod(), AuthDisableRequest.getDefaultInstance());
        }
        call.terminal().line("Authentication Disabled");
    }

    private static void status(Invocation call) {
        noArguments(call);
        Session session = Session.open(call);
        try (Cluster cluster = session.cluster()) {
            session.printer()
                    .authStatus(
                            cluster.read(
                                    AuthGrpc.getAuthStatusMethod(),
                                    AuthStatusRequest.getDefaultInstance()));
        }
    }
}
