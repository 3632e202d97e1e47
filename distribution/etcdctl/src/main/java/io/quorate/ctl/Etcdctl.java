package io.quorate.ctl;

import io.quorate.cli.Command;
import io.quorate.cli.Exit;
import io.quorate.cli.Program;
import io.quorate.cli.Terminal;

import java.util.List;
import java.util.Map;

/** All commands, under the headings of etcdctl's help (CT-16). */
final class Etcdctl {
    private static final String KEYS = "Key-value commands";
    private static final String CLUSTER = "Cluster maintenance commands";
    private static final String CONCURRENCY = "Concurrency commands";
    private static final String AUTH = "Authentication commands";
    private static final String UTILITY = "Utility commands";

    private Etcdctl() {}

    static Program program(Terminal terminal, Map<String, String> environment) {
        return new Program(
                root(),
                List.of(KEYS, CLUSTER, CONCURRENCY, AUTH, UTILITY),
                "Use \"etcdctl options\" for a list of global command-line options (applies to all"
                        + " commands).",
                terminal,
                environment);
    }

    private static Command root() {
        return guarded(
                Command.parent(
                                "etcdctl",
                                "A simple command line client for etcd3.",
                                "",
                                KvCommands.get().withGroup(KEYS),
                                KvCommands.put().withGroup(KEYS),
                                KvCommands.delete().withGroup(KEYS),
                                TxnCommand.command().withGroup(KEYS),
                                KvCommands.compaction().withGroup(KEYS),
                                AlarmCommands.command().withGroup(CLUSTER),
                                EndpointCommands.defrag().withGroup(CLUSTER),
                                EndpointCommands.command().withGroup(CLUSTER),
                                MoveLeaderCommand.command().withGroup(CLUSTER),
                                WatchCommand.command().withGroup(KEYS),
                                UtilityCommands.version().withGroup(UTILITY),
                                LeaseCommands.command().withGroup(KEYS),
                                MemberCommands.command().withGroup(CLUSTER),
                                SnapshotCommand.command().withGroup(CLUSTER),
                                MakeMirrorCommand.command().withGroup(UTILITY),
                                LockCommand.command().withGroup(CONCURRENCY),
                                ElectCommand.command().withGroup(CONCURRENCY),
                                AuthCommands.command().withGroup(AUTH),
                                UserCommands.command().withGroup(AUTH),
                                RoleCommands.command().withGroup(AUTH),
                                CheckCommands.command().withGroup(UTILITY),
                                UtilityCommands.completion().withGroup(UTILITY),
                                DowngradeCommands.command().withGroup(CLUSTER),
                                UtilityCommands.options().withGroup(UTILITY))
                        .withInheritable(GlobalFlags.ALL));
    }

    /** A call's failure that no command has words of its own for ends the tool with code 1. */
    private static Command guarded(Command command) {
        return command.mapActions(action ->
                call -> {
                    try {
                        action.run(call);
                    } catch (CallFailure e) {
                        throw new Exit(Exit.ERROR, e.getMessage());
                    }
                });
    }
}
