package io.quorate.ctl;

import io.quorate.api.proto.AlarmMember;
import io.quorate.api.proto.AlarmRequest;
import io.quorate.api.proto.AlarmResponse;
import io.quorate.api.proto.MaintenanceGrpc;
import io.quorate.cli.Command;
import io.quorate.cli.Exit;
import io.quorate.cli.Invocation;

/** {@code alarm list} and {@code alarm disarm} (CT-46). */
final class AlarmCommands {
    private AlarmCommands() {}

    static Command command() {
        return Command.parent(
                "alarm <subcommand>",
                "Alarm related commands. Use `etcdctl alarm --help` to see subcommands",
                "Alarm related commands",
                Command.leaf("disarm", "Disarms all alarms", AlarmCommands::disarm),
                Command.leaf("list", "Lists all alarms", AlarmCommands::list));
    }

    private static void list(Invocation call) {
        noArguments(call);
        Session session = Session.open(call);
        try (Cluster cluster = session.cluster()) {
            session.printer().alarm(alarms(cluster));
        }
    }

    private static void noArguments(Invocation call) {
        if (!call.arguments().isEmpty()) {
            throw Exit.badArguments(
                    "alarm " + call.command().name() + " command accepts no arguments");
        }
    }

    static AlarmResponse alarms(Cluster cluster) {
        return cluster.read(MaintenanceGrpc.getAlarmMethod(), AlarmRequest.getDefaultInstance());
    }

    /** Each alarm that is raised is disarmed by itself; the answers are put together. */
    private static void disarm(Invocation call) {
        noArguments(call);
        Session session = Session.open(call);
        AlarmResponse.Builder disarmed = AlarmResponse.newBuilder();
        try (Cluster cluster = session.cluster()) {
            for (AlarmMember alarm : alarms(cluster).getAlarmsList()) {
                AlarmRequest request =
                        AlarmRequest.newBuilder()
                                .setAction(AlarmRequest.AlarmAction.DEACTIVATE)
                                .setMemberID(alarm.getMemberID())
                                .setAlarm(alarm.getAlarm())
                                .build();
                disarmed.addAllAlarms(
                        cluster.write(MaintenanceGrpc.getAlarmMethod(), request).getAlarmsList());
            }
        }
        session.printer().alarm(disarmed.build());
    }
}
