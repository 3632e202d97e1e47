package io.quorate.utl;

import io.quorate.cli.Bytes;
import io.quorate.cli.CheckedAction;
import io.quorate.cli.Command;
import io.quorate.cli.Exit;
import io.quorate.cli.Flag;
import io.quorate.cli.FlagValues;
import io.quorate.cli.Invocation;
import io.quorate.cli.UsageException;
import io.quorate.engine.bolt.StateSnapshot;
import io.quorate.engine.server.OfflineState;
import io.quorate.engine.server.StorageMigration;
import io.quorate.spi.storage.ReadView;

import java.nio.file.Path;
import java.time.Clock;
import java.util.Map;
import java.util.Optional;

/**
 * {@code migrate} (UT-08), and with {@code --into} our own: a copy of the data for other storage
 * plugins.
 *
 * <p>The form of our data follows from the plugin, not from a release of etcd, so there is nothing
 * to rewrite: the version that is there already is confirmed, any other is refused with the way
 * that leads there.
 */
final class MigrateCommand {
    private static final String DATA_DIR = "data-dir";
    private static final String TARGET = "target-version";
    private static final String FORCE = "force";
    private static final String INTO = "into";
    private static final String WAL_DIR = "wal-dir";

    private MigrateCommand() {}

    static Command command(Optional<Path> plugins) {
        return Command.leaf(
                "migrate",
                "Migrates schema of etcd data dir files to make them compatible with different etcd"
                        + " version",
                new Either(
                        Required.flags(call -> copy(call, plugins), DATA_DIR, INTO),
                        Required.flags(call -> migrate(call, plugins), DATA_DIR, TARGET)),
                Flag.text(DATA_DIR, "Path to the etcd data dir"),
                Flag.text(
                        TARGET,
                        "Target etcd version to migrate contents of data dir. Minimal value 3.5."
                                + " Format \"X.Y\" for example 3.6."),
                Flag.toggle(
                        FORCE,
                        "Ignore migration failure and forcefully override storage version. Not"
                                + " recommended."),
                Flag.text(
                        INTO,
                        "Copies the data into this empty data directory, held by the plugins of"
                                + " --storage-log and --storage-state, and compares"),
                Flag.text(WAL_DIR, "Path to the log if it is not in the data dir; with --into"),
                StorageFlags.LOG,
                StorageFlags.STATE,
                StorageFlags.SETTING,
                StorageFlags.PLUGINS);
    }

    /** Which of the two is meant depends on {@code --into}. */
    private record Either(Required copy, Required migrate) implements CheckedAction {
        @Override
        public void check(FlagValues typed) throws UsageException {
            (typed.given(INTO) ? copy : migrate).check(typed);
        }

        @Override
        public void run(Invocation call) {
            (call.flags().given(INTO) ? copy : migrate).run(call);
        }
    }

    private static void copy(Invocation call, Optional<Path> plugins) {
        String walDir = call.flags().text(WAL_DIR);
        StorageMigration.Request request =
                new StorageMigration.Request(
                        SnapshotCommands.path(call.flags().text(DATA_DIR)),
                        walDir.isEmpty()
                                ? Optional.empty()
                                : Optional.of(SnapshotCommands.path(walDir)),
                        SnapshotCommands.path(call.flags().text(INTO)),
                        StorageFlags.storage(call.flags(), plugins));
        Failures.told(() -> {
            StorageMigration.Result copied = StorageMigration.run(request);
            new ConsoleLog(call.terminal(), Clock.systemUTC(), "etcdutl/migrate")
                    .accept(
                            "copied and compared",
                            Map.of(
                                    "rows",
                                    copied.rows(),
                                    "entries",
                                    copied.entries(),
                                    "state-sha256",
                                    copied.stateDigest(),
                                    "log-sha256",
                                    copied.logDigest()));
        });
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
