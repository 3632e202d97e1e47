package io.quorate.ctl;

import io.quorate.api.proto.DowngradeRequest;
import io.quorate.api.proto.DowngradeRequest.DowngradeAction;
import io.quorate.api.proto.MaintenanceGrpc;
import io.quorate.cli.Bytes;
import io.quorate.cli.Command;
import io.quorate.cli.Exit;
import io.quorate.cli.Invocation;

/** {@code downgrade …} (CT-58). */
final class DowngradeCommands {
    private DowngradeCommands() {}

    static Command command() {
        return Command.parent(
                "downgrade <TARGET_VERSION>",
                "Downgrade related commands. Use `etcdctl downgrade --help` to see subcommands",
                "Downgrade related commands",
                Command.leaf(
                        "validate <TARGET_VERSION>",
                        "Validate downgrade capability before starting downgrade",
                        call -> run(call, DowngradeAction.VALIDATE, version(call))),
                Command.leaf(
                        "enable <TARGET_VERSION>",
                        "Start a downgrade action to cluster",
                        call -> run(call, DowngradeAction.ENABLE, version(call))),
                Command.leaf(
                        "cancel",
                        "Cancel the ongoing downgrade action to cluster",
                        call -> run(call, DowngradeAction.CANCEL, "")));
    }

    private static String version(Invocation call) {
        if (call.arguments().isEmpty()) throw Exit.badArguments("TARGET_VERSION not provided");
        if (call.arguments().size() > 1) throw Exit.badArguments("too many arguments");
        String version = call.arguments().getFirst();
        if (version.isEmpty()) throw Exit.badArguments("target version not provided");
        return version;
    }

    private static void run(Invocation call, DowngradeAction action, String version) {
        Session session = Session.open(call);
        DowngradeRequest request =
                DowngradeRequest.newBuilder()
                        .setAction(action)
                        .setVersion(Bytes.toText(version))
                        .build();
        try (Cluster cluster = session.cluster()) {
            session.printer()
                    .downgrade(
                            call.command().name(),
                            cluster.write(MaintenanceGrpc.getDowngradeMethod(), request));
        }
    }
}
