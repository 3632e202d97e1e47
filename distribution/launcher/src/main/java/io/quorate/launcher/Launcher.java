package io.quorate.launcher;

import io.quorate.engine.server.ConfigException;
import io.quorate.engine.server.EtcdServer;
import io.quorate.engine.server.MemberUrl;
import io.quorate.engine.server.PluginRegistry;
import io.quorate.engine.server.ServerConfig;
import io.quorate.engine.server.SystemdNotify;
import io.quorate.launcher.CommandLine.Arguments;
import io.quorate.launcher.CommandLine.UsageException;
import io.quorate.launcher.Environment.Shadowed;
import io.quorate.spi.storage.StorageException;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;

/** Everything between {@code main} and a running server. */
final class Launcher {
    private static final int OK = 0;
    private static final int FAILED = 1;
    private static final int USAGE = 2;

    private final Map<String, String> environment;
    private final Optional<Path> home;
    private final Log log;
    private final PrintStream out;
    private final PrintStream err;

    Launcher(
            Map<String, String> environment,
            Optional<Path> home,
            Log log,
            PrintStream out,
            PrintStream err) {
        this.environment = environment;
        this.home = home;
        this.log = log;
        this.out = out;
        this.err = err;
    }

    /**
     * Runs until the server ends.
     *
     * @return the exit code (EX-01)
     */
    int run(List<String> arguments) {
        if (!arguments.isEmpty()) {
            switch (arguments.getFirst()) {
                case "gateway", "grpc-proxy" -> {
                    err.println(arguments.getFirst() + " is not supported by this release yet");
                    return FAILED;
                }
                case "plugins" -> {
                    return plugins(arguments.subList(1, arguments.size()));
                }
                default -> {}
            }
        }
        Arguments parsed;
        try {
            parsed = CommandLine.parse(arguments);
        } catch (UsageException e) {
            err.println(e.getMessage());
            err.println(Help.USAGE);
            return USAGE;
        }
        if (parsed.help()) {
            err.println(Help.USAGE);
            out.print(Help.flags());
            out.flush();
            return OK;
        }
        if (parsed.positional().isEmpty() && parsed.values().bool("version")) {
            out.print(VersionText.lines());
            out.flush();
            return OK;
        }
        return configure(arguments, parsed).map(this::serve).orElse(FAILED);
    }

    /** The configuration, or empty when it is refused, which has then been logged. */
    Optional<ServerConfig> configure(List<String> arguments, Arguments parsed) {
        try {
            ServerConfig config = configuration(parsed);
            logArguments(arguments);
            return Optional.of(config);
        } catch (Shadowed e) {
            log.fatal(e.getMessage(), "environment-variable", e.variable);
        } catch (ConfigException e) {
            logArguments(arguments);
            log.warn("failed to verify flags", "error", e);
            if (e.getMessage().startsWith("--advertise-client-urls is required")) {
                log.warn("advertise client URLs are not set", "error", e);
            }
        }
        return Optional.empty();
    }

    private ServerConfig configuration(Arguments parsed) {
        if (parsed.positional().isPresent()) {
            throw new ConfigException("\"" + parsed.positional().get() + "\" is not a valid flag");
        }
        String file = parsed.values().text("config-file");
        if (file.isEmpty()) file = environment.getOrDefault("ETCD_CONFIG_FILE", "");
        if (file.isEmpty()) {
            Environment.apply(environment, parsed.values(), log);
            return Configuration.build(parsed.values(), false, home, log);
        }
        Values values = ConfigFile.read(Path.of(file), log);
        try {
            return Configuration.build(values, true, home, log);
        } finally {
            log.info(
                    "loaded server configuration, other configuration command line flags and"
                            + " environment variables will be ignored if provided",
                    "path",
                    file);
        }
    }

    private void logArguments(List<String> arguments) {
        List<String> all = new ArrayList<>();
        all.add("etcd");
        all.addAll(arguments);
        log.info("Running: ", "args", all);
    }

    private int serve(ServerConfig config) {
        EtcdServer server;
        try {
            server = EtcdServer.start(config);
        } catch (ConfigException | StorageException e) {
            hint(config, e);
            log.fatal("discovery failed", "error", e);
            return FAILED;
        }
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(server), "shutdown"));
        try {
            server.ready().thenRun(this::notifySystemd);
            server.terminated().join();
            return OK;
        } catch (CancellationException | CompletionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            try {
                log.fatal("the member failed", "error", cause);
            } finally {
                // Whatever is broken must not be asked to close in order.
                Runtime.getRuntime().halt(FAILED);
            }
            return FAILED;
        }
    }

    /** The JVM runs this when a signal comes; it then ends with 128 and the signal's number. */
    private void stop(EtcdServer server) {
        if (server.terminated().isDone()) return;
        log.info("received signal; shutting down");
        server.close();
        // The kernel ignores signals that process 1 would die of, and so tools expect 0 (EX-14).
        if (ProcessHandle.current().pid() == 1) Runtime.getRuntime().halt(OK);
    }

    /** EX-04: most who see these have left a flag at its default. */
    private void hint(ServerConfig config, RuntimeException failure) {
        String message = String.valueOf(failure.getMessage());
        boolean cluster =
                message.startsWith("couldn't find local name")
                        || message.startsWith("--initial-cluster has");
        if (!cluster) return;
        log.error("bootstrap failed", "error", failure);
        String peers = String.join(",", MemberUrl.texts(config.addresses().advertisePeer()));
        if (config.bootstrap().initialCluster().equals(Flags.get("initial-cluster").fallback())) {
            log.warn("forgot to set --initial-cluster?");
        }
        if (peers.equals(Flags.get("initial-advertise-peer-urls").fallback())) {
            log.warn("forgot to set --initial-advertise-peer-urls?");
        }
    }

    private int plugins(List<String> arguments) {
        Optional<Path> folder = home.map(path -> path.resolve("plugins"));
        if (!arguments.isEmpty()) {
            Arguments parsed;
            try {
                parsed = CommandLine.parse(arguments);
            } catch (UsageException e) {
                err.println(e.getMessage());
                return USAGE;
            }
            String given = parsed.values().text("plugins-dir");
            if (!given.isEmpty()) folder = Optional.of(Path.of(given));
        }
        try {
            for (PluginRegistry.Found plugin : PluginRegistry.load(folder).all()) {
                out.println(
                        "%s\tstorage (%s)\t%s\t%s\t%s"
                                .formatted(
                                        plugin.name(),
                                        plugin.halves(),
                                        plugin.version(),
                                        plugin.provider().description(),
                                        plugin.location()));
            }
            out.flush();
            return OK;
        } catch (ConfigException e) {
            err.println(e.getMessage());
            return FAILED;
        }
    }

    /** PK-11: systemd hears of it once the member has joined and serves. */
    private void notifySystemd() {
        log.info("notifying init daemon");
        String socket = environment.getOrDefault("NOTIFY_SOCKET", "");
        try {
            if (!socket.isEmpty()) SystemdNotify.ready(socket);
            log.info("successfully notified init daemon");
        } catch (IOException e) {
            log.error("failed to notify systemd for readiness", "error", e);
        }
    }
}
