package io.quorate.utl;

import io.quorate.cli.Program;
import io.quorate.cli.Terminal;

import java.nio.file.Path;
import java.util.Optional;

/** The process. */
public final class Main {
    private Main() {}

    /**
     * Runs one command line and ends the process with its exit code.
     *
     * @param arguments what was typed after the tool's name
     */
    public static void main(String[] arguments) {
        Optional<Path> plugins =
                Optional.ofNullable(System.getProperty("quorate.home"))
                        .map(home -> Path.of(home, "plugins"));
        Etcdutl tool = new Etcdutl(Terminal.ofProcess(), System.getenv(), plugins);
        System.exit(tool.run(Program.words(arguments)));
    }
}
