package io.quorate.ctl;

import io.quorate.api.proto.MaintenanceGrpc;
import io.quorate.api.proto.MoveLeaderRequest;
import io.quorate.api.proto.StatusResponse;
import io.quorate.cli.Command;
import io.quorate.cli.Exit;
import io.quorate.cli.GoText;
import io.quorate.cli.GoText.BadValue;
import io.quorate.cli.Invocation;

/** {@code move-leader}: the leader must be among the endpoints (CT-48). */
final class MoveLeaderCommand {
    private MoveLeaderCommand() {}

    static Command command() {
        return Command.leaf(
                "move-leader <transferee-member-id>",
                "Transfers leadership to another etcd cluster member.",
                MoveLeaderCommand::run);
    }

    private static void run(Invocation call) {
        if (call.arguments().size() != 1) {
            throw Exit.badArguments("move-leader command needs 1 argument");
        }
        long target;
        try {
            target = GoText.parseUint(call.arguments().getFirst(), 16);
        } catch (BadValue e) {
            throw Exit.badArguments(e.getMessage());
        }
        Session session = Session.open(call);
        for (String endpoint : session.endpoints()) {
            try (Cluster member = session.member(endpoint)) {
                StatusResponse status = EndpointCommands.status(member);
                if (status.getHeader().getMemberId() != status.getLeader()) continue;
                MoveLeaderRequest request =
                        MoveLeaderRequest.newBuilder().setTargetID(target).build();
                session.printer()
                        .moveLeader(
                                status.getLeader(),
                                target,
                                member.write(MaintenanceGrpc.getMoveLeaderMethod(), request));
                return;
            }
        }
        throw Exit.badArguments(
                "no leader endpoint given at [" + String.join(" ", session.endpoints()) + "]");
    }
}
