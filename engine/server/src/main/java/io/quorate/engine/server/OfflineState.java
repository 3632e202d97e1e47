package io.quorate.engine.server;

import io.quorate.engine.server.PluginRegistry.Found;
import io.quorate.spi.storage.NioFileIo;
import io.quorate.spi.storage.Stamp;
import io.quorate.spi.storage.StateStore;
import io.quorate.spi.storage.StorageException;
import io.quorate.spi.storage.StorageProvider.Part;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * The state of a member that is not running, opened by the plugin that wrote it. Used by one
 * thread.
 */
public final class OfflineState implements AutoCloseable {
    private static final long LOCK_PAUSE_MILLIS = 50;

    private final StateStore store;
    private final ExecutorService background;

    private OfflineState(StateStore store, ExecutorService background) {
        this.store = store;
        this.background = background;
    }

    /** Where the state of a member lies in its data directory. */
    public static Path directory(Path dataDir) {
        return ServerConfig.stateDir(dataDir);
    }

    /**
     * Opens the state in a data directory.
     *
     * @param plugins directory with further plugins
     * @param settings of the plugin
     * @param lockTimeout how long to wait for a member that still runs; zero waits for ever
     * @throws ConfigException for a directory without a state, or a plugin that is not there
     * @throws StorageException.Locked when a member still runs
     * @throws StorageException for a store that cannot be opened
     */
    public static OfflineState open(
            Path dataDir,
            Optional<Path> plugins,
            Map<String, String> settings,
            Duration lockTimeout)
            throws IOException {
        Path directory = directory(dataDir);
        if (DataDirectory.isOfEtcd(dataDir.resolve("member"))) {
            throw new ConfigException(
                    dataDir
                            + " was written by etcd; use the etcdutl of that etcd, or restore a"
                            + " snapshot of it into a directory of this server");
        }
        if (!Files.isDirectory(directory)) {
            throw new ConfigException("stat " + directory + ": no such file or directory");
        }
        Stamp stamp =
                Stamp.find(new NioFileIo(), directory)
                        .orElseThrow(() ->
                                new ConfigException(
                                        directory
                                                + " does not say which plugin wrote it; start the"
                                                + " member once, or restore it from a snapshot"));
        Found plugin = PluginRegistry.load(plugins).find(stamp.plugin(), Part.STATE);
        ServerConfig.Storage storage =
                new ServerConfig.Storage(
                        stamp.plugin(), stamp.plugin(), Map.of(stamp.plugin(), settings), plugins);
        ExecutorService background =
                Executors.newCachedThreadPool(
                        Thread.ofPlatform().daemon().name("storage-background-", 0).factory());
        Stores.Env env =
                new Stores.Env(
                        directory,
                        Stores.settings(storage, plugin, Part.STATE),
                        background,
                        (timing, nanos) -> {},
                        failure -> {});
        boolean opened = false;
        try {
            OfflineState state = new OfflineState(open(plugin, env, lockTimeout), background);
            opened = true;
            return state;
        } finally {
            if (!opened) background.shutdown();
        }
    }

    private static StateStore open(Found plugin, Stores.Env env, Duration timeout) {
        long start = System.nanoTime();
        while (true) {
            try {
                return plugin.provider().openState(env);
            } catch (StorageException.Locked e) {
                boolean forever = timeout.isZero();
                if (!forever && System.nanoTime() - start > timeout.toNanos()) throw e;
                pause(e);
            } catch (IllegalArgumentException e) {
                throw new ConfigException(e.getMessage(), e);
            }
        }
    }

    private static void pause(StorageException.Locked locked) {
        try {
            Thread.sleep(LOCK_PAUSE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw locked;
        }
    }

    /** The state itself; it is closed with this. */
    public StateStore store() {
        return store;
    }

    @Override
    public void close() {
        try (background) {
            store.close();
        }
    }
}
