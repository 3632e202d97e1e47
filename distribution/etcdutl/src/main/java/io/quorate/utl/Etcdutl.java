package io.quorate.utl;

import io.quorate.cli.Command;
import io.quorate.cli.Exit;
import io.quorate.cli.Flag;
import io.quorate.cli.FlagType;
import io.quorate.cli.Manners;
import io.quorate.cli.Program;
import io.quorate.cli.Terminal;
import io.quorate.engine.node.Version;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The tool with all its commands (UT-*). */
final class Etcdutl {
    /** The flag for the output format. */
    static final String WRITE_OUT = "write-out";

    /** The flag for how long to wait for a lock. */
    static final String TIMEOUT = "timeout";

    private final Program program;

    /**
     * @param plugins directory with further storage plugins, unless a flag names another
     */
    Etcdutl(Terminal terminal, Map<String, String> environment, Optional<Path> plugins) {
        Command root =
                Command.parent(
                                "etcdutl",
                                "An administrative command line tool for etcd3.",
                                "",
                                CompletionCommand.command(),
                                DefragCommand.command(plugins),
                                HashKvCommand.command(plugins),
                                MigrateCommand.command(plugins),
                                SnapshotCommands.command(plugins),
                                Command.leaf(
                                        "version",
                                        "Prints the version of etcdutl",
                                        call -> version(call.terminal())))
                        .withInheritable(
                                Flag.of(
                                        TIMEOUT,
                                        FlagType.DURATION,
                                        "10s",
                                        "time to wait to obtain a file lock on db file, 0 to block"
                                                + " indefinitely"),
                                Flag.of(
                                                WRITE_OUT,
                                                FlagType.STRING,
                                                "simple",
                                                "set the output format (fields, json, protobuf,"
                                                        + " simple, table)")
                                        .withLetter("w")
                                        .withChoices(
                                                "fields", "json", "protobuf", "simple", "table"));
        program = new Program(root, List.of(), "", Manners.ETCDUTL, terminal, environment);
    }

    /**
     * Runs one command line.
     *
     * @param words what was typed after the tool's name, byte strings
     * @return the exit code
     */
    int run(List<String> words) {
        return program.run(words);
    }

    private static void version(Terminal terminal) {
        terminal.line("etcdutl version: " + Version.ETCD);
        int end = Version.ETCD.lastIndexOf('.');
        terminal.line("API version: " + Version.ETCD.substring(0, end));
    }

    /** A failure that ends the tool with exit code 1. */
    static Exit failure(String message) {
        return new Exit(Exit.ERROR, message);
    }
}
