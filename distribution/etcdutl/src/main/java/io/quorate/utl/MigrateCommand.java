package io.quorate.utl;

import io.quorate.cli.Bytes;
import io.quorate.cli.Command;
import io.quorate.cli.Exit;
import io.quorate.cli.Flag;
import io.quorate.cli.Invocation;
import io.quorate.engine.bolt.StateSnapshot;
import io.quorate.engine.server.OfflineState;
import io.quorate.spi.storage.ReadView;

import java.nio.file.Path;
import java.time.Clock;
import java.util.Map;
import java.util.Optional;

/**
 * {@code migrate} (UT-08). The form of our data follows from the plugin, not from a release of
 * etcd, so there is nothing to rewrite: the version that is there already is confirmed, any other
 * is refused with the way that leads there.
 */
final class MigrateCommand {
    private static final String DATA_DIR = "data-dir";
    private static final String TARGET = "target-version";
    private static final String FORCE = "force";

    private MigrateCommand() {}

    static Command command(Optional<Path> plugins) {
        return Command.leaf(
                "migrate",
                "Migrates schema of etcd data dir files to make them compatible with different etcd"
                        + " version",
                Required.flags(call -> migrate(call, plugins), DATA_DIR, TARGET),
                Flag.text(DATA_DIR, "Path to the etcd data dir"),
                Flag.text(
                        TARGET,
                        "Target etcd version to migrate contents of data dir. Minimal value 3.5."
                                + " Format \"X.Y\" for example 3.6."),
                Flag.toggle(
                        FORCE,
                        "Ignore migration failure and forcefully override storage version. Not"
                                + " recommended."));
    }

    private static void migrate(Invocation call, Optional<Path> plugins) {
        String target = Bytes.toText(call.flags().text(TARGET));
        check(target);
        String dataDir = call.flags().text(DATA_DIR);
        Failures.told(() -> {
            try (OfflineState state =
                            OfflineState.open(
                                    SnapshotCommands.path(dataDir),
                                    plugins,
                                    Map.of(),
                                    call.flags().duration(Etcdutl.TIMEOUT));
                    ReadView view = state.store().view()) {
                String current = new StateSnapshot(view).storageVersion().orElse("");
                confirm(call, current, target);
            }
        });
    }

    private static void check(String target) {
        if (target.chars().filter(c -> c == '.').count() != 1) {
            throw Exit.badArguments(
                    "wrong target version format, expected \"X.Y\", got \"" + target + "\"");
        }
        String[] parts = target.split("\\.", -1);
        int major = number(parts[0], target);
        int minor = number(parts[1], target);
        if (major < 3 || major == 3 && minor < 5) {
            throw Exit.badArguments(
                    "target version \"" + target + "\" not supported. Minimal \"3.5\"");
        }
    }

    private static int number(String part, String target) {
        try {
            return Integer.parseUnsignedInt(part);
        } catch (NumberFormatException e) {
            throw Exit.badArguments("failed to parse target version: " + target + " is no version");
        }
    }

    private static void confirm(Invocation call, String current, String target) {
        if (current.equals(target + ".0")) {
            new ConsoleLog(call.terminal(), Clock.systemUTC(), "etcdutl/migrate")
                    .accept("storage version up-to-date", Map.of("storage-version", target));
            return;
        }
        throw Etcdutl.failure(
                "the data is of version \""
                        + current
                        + "\" and has no form of its own for version \""
                        + target
                        + "\"; take a snapshot and restore it with the etcdutl of that version");
    }
}
