package io.quorate.utl;

import io.quorate.cli.Command;
import io.quorate.cli.Flag;
import io.quorate.cli.Invocation;
import io.quorate.engine.server.OfflineState;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** {@code defrag} (UT-06). */
final class DefragCommand {
    private static final String DATA_DIR = "data-dir";

    private DefragCommand() {}

    static Command command(Optional<Path> plugins) {
        return Command.leaf(
                "defrag",
                "Defragments the storage of the etcd",
                Required.flags(call -> defrag(call, plugins), DATA_DIR),
                Flag.text(DATA_DIR, "Required. Defragments a data directory not in use by etcd."));
    }

    private static void defrag(Invocation call, Optional<Path> plugins) {
        String dataDir = call.flags().text(DATA_DIR);
        Failures.told(
                "Failed to defragment etcd data[" + dataDir + "] (",
                ")",
                () -> {
                    try (OfflineState state =
                            OfflineState.open(
                                    SnapshotCommands.path(dataDir),
                                    plugins,
                                    Map.of(),
                                    call.flags().duration(Etcdutl.TIMEOUT))) {
                        state.store().defragment();
                    }
                });
    }
}
