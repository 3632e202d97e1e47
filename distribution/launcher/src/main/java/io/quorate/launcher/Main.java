package io.quorate.launcher;

import io.quorate.engine.server.EtcdServer;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** {@code bin/etcd}. */
public final class Main {
    private Main() {}

    /** Ends the process with etcd's exit codes (EX-01, EX-14). */
    public static void main(String[] arguments) {
        JulConfig.install();
        // Flags are read and storage opens meanwhile; other commands have a word before the flags.
        if (arguments.length == 0 || arguments[0].startsWith("-")) EtcdServer.preload();
        Launcher launcher =
                new Launcher(
                        System.getenv(),
                        Optional.ofNullable(System.getProperty("quorate.home")).map(Path::of),
                        Log.process(),
                        System.out,
                        System.err);
        System.exit(launcher.run(List.of(arguments)));
    }
}
