package io.quorate.utl;

import io.quorate.cli.Bytes;
import io.quorate.cli.Command;
import io.quorate.cli.Exit;
import io.quorate.cli.Flag;
import io.quorate.cli.FlagType;
import io.quorate.cli.FlagValues;
import io.quorate.cli.Invocation;
import io.quorate.engine.bolt.BoltFile;
import io.quorate.engine.bolt.SnapshotStatus;
import io.quorate.engine.server.SnapshotRestore;

import java.nio.file.Path;
import java.time.Clock;
import java.util.Optional;

/** {@code snapshot status} and {@code snapshot restore} (UT-02 to UT-05). */
final class SnapshotCommands {
    private static final String DATA_DIR = "data-dir";
    private static final String WAL_DIR = "wal-dir";
    private static final String CLUSTER = "initial-cluster";
    private static final String TOKEN = "initial-cluster-token";
    private static final String PEER_URLS = "initial-advertise-peer-urls";
    private static final String NAME = "name";
    private static final String SKIP_HASH_CHECK = "skip-hash-check";
    private static final String MEMORY_MAP_SIZE = "initial-memory-map-size";
    private static final String BUMP_REVISION = "bump-revision";
    private static final String MARK_COMPACTED = "mark-compacted";

    private static final String DEFAULT_URL = "http://localhost:2380";

    private SnapshotCommands() {}

    static Command command(Optional<Path> plugins) {
        return Command.parent(
                "snapshot <subcommand>",
                "Manages etcd node snapshots",
                "",
                restoreCommand(plugins),
                Command.leaf(
                        "status <filename>",
                        "Gets backend snapshot status of a given file",
                        SnapshotCommands::status));
    }

    private static Command restoreCommand(Optional<Path> plugins) {
        return Command.leaf(
                "restore <filename> --data-dir {output dir} [options]",
                "Restores an etcd member snapshot to an etcd directory",
                call -> restore(call, plugins),
                Flag.text(DATA_DIR, "Path to the output data directory"),
                Flag.text(WAL_DIR, "Path to the WAL directory (use --data-dir if none given)"),
                Flag.of(
                        CLUSTER,
                        FlagType.STRING,
                        "default=" + DEFAULT_URL,
                        "Initial cluster configuration for restore bootstrap"),
                Flag.of(
                        TOKEN,
                        FlagType.STRING,
                        "etcd-cluster",
                        "Initial cluster token for the etcd cluster during restore bootstrap"),
                Flag.of(
                        PEER_URLS,
                        FlagType.STRING,
                        DEFAULT_URL,
                        "List of this member's peer URLs to advertise to the rest of the cluster"),
                Flag.of(NAME, FlagType.STRING, "default", "Human-readable name for this member"),
                Flag.toggle(
                        SKIP_HASH_CHECK,
                        "Ignore snapshot integrity hash value (required if copied from data"
                                + " directory)"),
                Flag.of(
                        MEMORY_MAP_SIZE,
                        FlagType.UINT,
                        "10737418240",
                        "Initial memory map size of the database in bytes. It uses the default"
                                + " value if not defined or defined to 0"),
                Flag.of(
                        BUMP_REVISION,
                        FlagType.UINT,
                        "0",
                        "How much to increase the latest revision after restore"),
                Flag.toggle(
                        MARK_COMPACTED,
                        "Mark the latest revision after restore as the point of scheduled"
                                + " compaction (required if --bump-revision > 0, disallowed"
                                + " otherwise)"),
                StorageFlags.LOG,
                StorageFlags.STATE,
                StorageFlags.SETTING,
                StorageFlags.PLUGINS);
    }

    private static void status(Invocation call) {
        if (call.arguments().size() != 1) {
            throw Exit.badArguments("snapshot status requires exactly one argument");
        }
        Failures.told(() -> {
            try (BoltFile file = BoltFile.open(path(call.arguments().getFirst()))) {
                Printer printer = Printer.of(call);
                printer.print(SnapshotStatus.of(file), call.terminal());
            }
        });
    }

    private static void restore(Invocation call, Optional<Path> plugins) {
        FlagValues flags = call.flags();
        if (call.arguments().size() != 1) {
            throw Exit.badArguments("snapshot restore requires exactly one argument");
        }
        long bump = flags.number(BUMP_REVISION);
        if ((bump != 0) != flags.on(MARK_COMPACTED)) {
            throw Exit.badArguments("--mark-compacted required if --revision-bump > 0");
        }
        if (bump < 0) {
            throw Exit.badArguments(
                    "--bump-revision must be at most " + Long.MAX_VALUE + ", as revisions are");
        }
        String name = text(flags, NAME);
        String dataDir = text(flags, DATA_DIR);
        SnapshotRestore.Request request =
                new SnapshotRestore.Request(
                        path(call.arguments().getFirst()),
                        flags.on(SKIP_HASH_CHECK),
                        bump,
                        name,
                        text(flags, PEER_URLS),
                        text(flags, CLUSTER),
                        text(flags, TOKEN),
                        Path.of(dataDir.isEmpty() ? name + ".etcd" : dataDir),
                        Optional.of(text(flags, WAL_DIR))
                                .filter(dir -> !dir.isEmpty())
                                .map(Path::of),
                        StorageFlags.storage(flags, plugins));
        ConsoleLog log = new ConsoleLog(call.terminal(), Clock.systemUTC(), "snapshot/restore");
        Failures.told("open", () -> SnapshotRestore.run(request, log));
    }

    private static String text(FlagValues flags, String name) {
        return Bytes.toText(flags.text(name));
    }

    static Path path(String bytes) {
        return Path.of(Bytes.toText(bytes));
    }
}
