package io.quorate.utl;

import io.quorate.cli.Command;
import io.quorate.cli.Flag;
import io.quorate.cli.Invocation;
import io.quorate.engine.bolt.BoltFile;
import io.quorate.engine.bolt.BoltState;
import io.quorate.engine.server.OfflineState;
import io.quorate.engine.state.StateMachine;
import io.quorate.spi.storage.StateStore;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** {@code hashkv}: of a snapshot file, or of the data directory of a member (UT-07). */
final class HashKvCommand {
    private static final String REVISION = "rev";

    private HashKvCommand() {}

    static Command command(Optional<Path> plugins) {
        return Command.leaf(
                "hashkv <filename>",
                "Prints the KV history hash of a given file",
                Required.arguments(1, call -> hash(call, plugins)),
                Flag.number(REVISION, "maximum revision to hash (default: latest revision)"));
    }

    private static void hash(Invocation call, Optional<Path> plugins) {
        Printer printer = Printer.of(call);
        Path path = SnapshotCommands.path(call.arguments().getFirst());
        Failures.told(() -> {
            if (Files.isDirectory(path)) hashDirectory(path, plugins, call, printer);
            else hashFile(path, call, printer);
        });
    }

    private static void hashFile(Path path, Invocation call, Printer printer) throws IOException {
        try (BoltFile file = BoltFile.open(path)) {
            hash(new BoltState(file), call, printer);
        }
    }

    private static void hashDirectory(
            Path dataDir, Optional<Path> plugins, Invocation call, Printer printer)
            throws IOException {
        try (OfflineState state =
                OfflineState.open(
                        dataDir, plugins, Map.of(), call.flags().duration(Etcdutl.TIMEOUT))) {
            hash(state.store(), call, printer);
        }
    }

    private static void hash(StateStore store, Invocation call, Printer printer) {
        try (StateMachine state = StateMachine.open(store)) {
            printer.print(state.hashKv(call.flags().number(REVISION)), call.terminal());
        }
    }
}
