package io.quorate.engine.server;

import io.quorate.engine.server.PluginRegistry.Found;
import io.quorate.spi.plugin.Settings;
import io.quorate.spi.storage.FileIo;
import io.quorate.spi.storage.HardState;
import io.quorate.spi.storage.NioFileIo;
import io.quorate.spi.storage.RaftLog;
import io.quorate.spi.storage.StateStore;
import io.quorate.spi.storage.StorageEnv;
import io.quorate.spi.storage.StorageException;
import io.quorate.spi.storage.StorageProvider.Part;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.ObjLongConsumer;
import java.util.function.Supplier;

/** The two halves of a member's storage, open, and what their plugins get from the server. */
final class Stores implements AutoCloseable {
    private static final System.Logger LOGGER = System.getLogger("io.quorate.engine.server");
    private static final Duration LOCK_PAUSE = Duration.ofMillis(100);
    private static final Duration LOCK_WARNING = Duration.ofSeconds(10);
    private static final long CLOSE_SECONDS = 60;

    private final RaftLog log;
    private final StateStore state;
    private final ExecutorService background;

    private Stores(RaftLog log, StateStore state, ExecutorService background) {
        this.log = log;
        this.state = state;
        this.background = background;
    }

    /**
     * Opens both halves, side by side, and waits for a directory that another process still holds
     * (DD-08).
     *
     * @param timings receives what backends time
     * @param failures receives what backends find outside a call
     * @throws ConfigException for a plugin that is not there, or a setting that it refuses
     * @throws StorageException for a directory that cannot be opened; nothing stays open then
     */
    static Stores open(
            ServerConfig.Storage config,
            DataDirectory directory,
            PluginRegistry plugins,
            ObjLongConsumer<StorageEnv.Timing> timings,
            Consumer<StorageException> failures) {
        Found logPlugin = plugins.find(config.log(), Part.LOG);
        Found statePlugin = plugins.find(config.state(), Part.STATE);
        refuseSettingsOfOthers(config, plugins);
        checkVolatile(logPlugin, Part.LOG, directory.log());
        checkVolatile(statePlugin, Part.STATE, directory.state());
        directory.create();
        ExecutorService background =
                Executors.newCachedThreadPool(
                        Thread.ofPlatform().daemon().name("storage-background-", 0).factory());
        Env logEnv =
                new Env(
                        directory.log(),
                        settings(config, logPlugin, Part.LOG),
                        background,
                        timings,
                        failures);
        Env stateEnv =
                new Env(
                        directory.state(),
                        settings(config, statePlugin, Part.STATE),
                        background,
                        timings,
                        failures);
        CompletableFuture<StateStore> state =
                CompletableFuture.supplyAsync(
                        () ->
                                unlocked(
                                        directory.state(),
                                        () -> statePlugin.provider().openState(stateEnv)),
                        background);
        RaftLog log;
        try {
            log = unlocked(directory.log(), () -> logPlugin.provider().openLog(logEnv));
        } catch (RuntimeException e) {
            state.handle((store, failure) -> close(store)).join();
            background.shutdown();
            throw translated(e);
        }
        try {
            Stores stores = new Stores(log, state.join(), background);
            logOpened(logPlugin, Part.LOG, directory.log());
            logOpened(statePlugin, Part.STATE, directory.state());
            return stores;
        } catch (CompletionException e) {
            log.close();
            background.shutdown();
            throw e.getCause() instanceof RuntimeException cause ? translated(cause) : e;
        }
    }

    RaftLog log() {
        return log;
    }

    /** Whether nothing was ever written but, perhaps, whose log it is. */
    boolean untouched() {
        return log.lastIndex() == 0
                && log.hardState().equals(HardState.EMPTY)
                && state.applied().index() == 0;
    }

    StateStore state() {
        return state;
    }

    /** Closes log and state too, whether somebody has done so or not. */
    void abandon() {
        try (state) {
            log.close();
        } finally {
            close();
        }
    }

    /** To be called after log and state have been closed, which is up to the replica. */
    @Override
    public void close() {
        background.shutdown();
        awaitBackground();
    }

    private void awaitBackground() {
        try {
            background.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static boolean close(StateStore store) {
        if (store != null) store.close();
        return store != null;
    }

    /** The settings of a plugin for one half. */
    static Settings settings(ServerConfig.Storage config, Found plugin, Part part) {
        Map<String, String> values = config.settings().getOrDefault(plugin.name(), Map.of());
        return new Settings(PluginRegistry.noun(part) + " " + plugin.name(), ofPart(values, part));
    }

    /**
     * The settings meant for one half: {@code log.x} and {@code state.x} are for the log and for
     * the state, which know them as {@code x}; others are for both.
     */
    static Map<String, String> ofPart(Map<String, String> values, Part part) {
        Map<String, String> own = new TreeMap<>();
        values.forEach((key, value) -> {
            boolean log = key.startsWith("log.");
            boolean state = key.startsWith("state.");
            boolean meant = log ? part == Part.LOG : !state || part == Part.STATE;
            if (meant) own.put(log || state ? key.substring(key.indexOf('.') + 1) : key, value);
        });
        return own;
    }

    /** A setting for a plugin that is not used is a slip, most likely in the plugin's name. */
    private static void refuseSettingsOfOthers(
            ServerConfig.Storage config, PluginRegistry plugins) {
        for (String name : config.settings().keySet()) {
            if (name.equals(config.log()) || name.equals(config.state())) continue;
            boolean installed = plugins.all().stream().anyMatch(p -> p.name().equals(name));
            throw new ConfigException(
                    "--storage-setting names plugin \""
                            + name
                            + "\", which "
                            + (installed ? "holds neither the log nor the state" : "is not there")
                            + "; the log is in \""
                            + config.log()
                            + "\" and the state in \""
                            + config.state()
                            + "\"");
        }
    }

    /** A plugin that keeps nothing would not even notice the data of another. */
    private static void checkVolatile(Found plugin, Part part, Path directory) {
        if (plugin.provider().capabilities().durable()) return;
        if (!DataDirectory.names(directory).isEmpty()) {
            throw new ConfigException(
                    directory
                            + " holds data, which plugin \""
                            + plugin.name()
                            + "\" cannot read: it keeps nothing when the process ends. Choose the"
                            + " plugin that wrote the data, or another --data-dir");
        }
        LOGGER.log(
                System.Logger.Level.WARNING,
                "this storage plugin keeps nothing when the process ends; use it for tests only",
                Fields.of("plugin", plugin.name(), "part", PluginRegistry.noun(part)));
    }

    private static void logOpened(Found plugin, Part part, Path directory) {
        LOGGER.log(
                System.Logger.Level.INFO,
                "opened " + PluginRegistry.noun(part),
                Fields.of(
                        "plugin",
                        plugin.name(),
                        "version",
                        plugin.version(),
                        "location",
                        plugin.location(),
                        "path",
                        directory));
    }

    /** An IllegalArgumentException of a plugin is about its settings. */
    private static RuntimeException translated(RuntimeException failure) {
        return failure instanceof IllegalArgumentException
                ? new ConfigException(failure.getMessage(), failure)
                : failure;
    }

    /**
     * Opens once nobody else holds the directory. An older process of a member often still runs
     * when systemd or an operator starts the next, so this waits, and says for what.
     */
    private static <T> T unlocked(Path directory, Supplier<T> opening) {
        long start = System.nanoTime();
        boolean warned = false;
        while (true) {
            try {
                return opening.get();
            } catch (StorageException.Locked e) {
                if (!warned && System.nanoTime() - start > LOCK_WARNING.toNanos()) {
                    warned = true;
                    LOGGER.log(
                            System.Logger.Level.WARNING,
                            "db file is flocked by another process, or taking too long",
                            Fields.of("path", directory, "took", LOCK_WARNING, "error", e));
                }
                pause(e);
            }
        }
    }

    private static void pause(StorageException.Locked locked) {
        try {
            Thread.sleep(LOCK_PAUSE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw locked;
        }
    }

    /** What a plugin gets from the server. */
    record Env(
            Path directory,
            Settings settings,
            Executor background,
            ObjLongConsumer<Timing> timings,
            Consumer<StorageException> failures)
            implements StorageEnv {
        private static final FileIo FILES = new NioFileIo();

        @Override
        public FileIo io() {
            return FILES;
        }

        @Override
        public void report(StorageException failure) {
            failures.accept(failure);
        }

        @Override
        public void observe(Timing timing, long nanos) {
            timings.accept(timing, nanos);
        }
    }
}
