package io.quorate.engine.server;

import io.quorate.engine.server.PluginRegistry.Found;
import io.quorate.spi.storage.Applied;
import io.quorate.spi.storage.Cursor;
import io.quorate.spi.storage.HardState;
import io.quorate.spi.storage.Install;
import io.quorate.spi.storage.Keyspace;
import io.quorate.spi.storage.LogEntry;
import io.quorate.spi.storage.NioFileIo;
import io.quorate.spi.storage.RaftLog;
import io.quorate.spi.storage.ReadView;
import io.quorate.spi.storage.Stamp;
import io.quorate.spi.storage.StateStore;
import io.quorate.spi.storage.StorageException;
import io.quorate.spi.storage.StorageProvider.Part;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Copies the storage of a member that is not running into another data directory, held by other
 * plugins. The old directory keeps its content. When all is durable the copy is opened anew and
 * read back; both sides must have the same digest of every row and entry.
 */
public final class StorageMigration {
    /** Payload of the log that is in the heap at a time. */
    private static final long CHUNK_BYTES = 8 << 20;

    private static final int KEYSPACES = 256;

    private final Request request;
    private final PluginRegistry plugins;
    private final ExecutorService background =
            Executors.newCachedThreadPool(
                    Thread.ofPlatform().daemon().name("storage-background-", 0).factory());

    private StorageMigration(Request request) {
        this.request = request;
        this.plugins = PluginRegistry.load(request.to.plugins());
    }

    /**
     * What to copy where.
     *
     * @param from data directory of the member; the plugins that wrote it are found by its stamps
     * @param fromWalDir directory of its log when that has a disk of its own
     * @param into data directory to be made, empty or not there yet
     * @param to plugins of the new directory, and the settings of all plugins
     */
    public record Request(
            Path from, Optional<Path> fromWalDir, Path into, ServerConfig.Storage to) {}

    /**
     * What was copied.
     *
     * @param rows of the state
     * @param entries of the log
     * @param stateDigest SHA-256 of the position and all rows, in hexadecimal digits
     * @param logDigest SHA-256 of identity, hard state, base and all entries
     */
    public record Result(long rows, long entries, String stateDigest, String logDigest) {}

    /** A digest and over how many things it goes. */
    private record Digest(long count, String text) {}

    /**
     * Copies, and reads the copy back.
     *
     * @throws ConfigException for directories or plugins that do not fit; nothing was written
     * @throws StorageException.Locked when a member still runs
     * @throws StorageException for data that is damaged, a full disk, or a copy that differs
     */
    public static Result run(Request request) throws IOException {
        StorageMigration migration = new StorageMigration(request);
        try {
            return migration.run();
        } finally {
            migration.background.shutdown();
        }
    }

    private Result run() throws IOException {
        Path fromLog = request.fromWalDir.orElseGet(() -> ServerConfig.logDir(request.from));
        Path fromState = ServerConfig.stateDir(request.from);
        Found oldLog = writer(fromLog, Part.LOG);
        Found oldState = writer(fromState, Part.STATE);
        Found newLog = durable(request.to.log(), Part.LOG);
        Found newState = durable(request.to.state(), Part.STATE);
        if (!DataDirectory.names(request.into).isEmpty()) {
            throw new ConfigException(
                    request.into + " is not empty; name a directory that is, or is not there yet");
        }
        Path toLog = ServerConfig.logDir(request.into);
        Path toState = ServerConfig.stateDir(request.into);
        // Both halves of the old member stay locked until the end, so that it cannot start.
        try (RaftLog log = openLog(oldLog, fromLog);
                StateStore state = openState(oldState, fromState)) {
            DataDirectory.ofNewMember(request.into, toLog, toState).create();
            Digest logDigest;
            Digest stateDigest;
            try (RaftLog copy = openLog(newLog, toLog)) {
                logDigest = copyLog(log, copy);
            }
            try (StateStore copy = openState(newState, toState)) {
                stateDigest = copyState(state, copy);
            }
            try (RaftLog copy = openLog(newLog, toLog)) {
                requireSame("log", logDigest, digest(copy));
            }
            try (StateStore copy = openState(newState, toState)) {
                copy.verify();
                requireSame("state", stateDigest, digest(copy));
            }
            return new Result(stateDigest.count, logDigest.count, stateDigest.text, logDigest.text);
        }
    }

    /** The plugin that wrote a directory. */
    private Found writer(Path directory, Part part) throws IOException {
        Stamp stamp =
                Stamp.find(new NioFileIo(), directory)
                        .orElseThrow(() ->
                                new ConfigException(
                                        directory
                                                + " does not say which plugin wrote it; check"
                                                + " --data-dir, and --wal-dir if the log is"
                                                + " elsewhere"));
        return plugins.find(stamp.plugin(), part);
    }

    private Found durable(String name, Part part) {
        Found found = plugins.find(name, part);
        if (found.provider().capabilities().durable()) return found;
        throw new ConfigException(
                "plugin \"" + name + "\" keeps nothing when the process ends; choose another");
    }

    private Stores.Env env(Found plugin, Path directory, Part part) {
        return new Stores.Env(
                directory,
                Stores.settings(request.to, plugin, part),
                background,
                (timing, nanos) -> {},
                failure -> {});
    }

    private RaftLog openLog(Found plugin, Path directory) {
        try {
            return plugin.provider().openLog(env(plugin, directory, Part.LOG));
        } catch (IllegalArgumentException e) {
            throw new ConfigException(e.getMessage(), e);
        }
    }

    private StateStore openState(Found plugin, Path directory) {
        try {
            return plugin.provider().openState(env(plugin, directory, Part.STATE));
        } catch (IllegalArgumentException e) {
            throw new ConfigException(e.getMessage(), e);
        }
    }

    private static void requireSame(String half, Digest written, Digest found) {
        if (written.equals(found)) return;
        throw new StorageException.Corruption(
                "the copy of the %s has %d items of digest %s, and should have %d of digest %s; remove it, check the disk, and copy again"
                        .formatted(half, found.count, found.text, written.count, written.text),
                null);
    }

    // ---- the log ----

    private static Digest copyLog(RaftLog from, RaftLog to) {
        if (from.identity() != null) to.initialize(from.identity());
        if (from.baseIndex() > 0) to.reset(from.baseIndex(), from.baseTerm());
        Sha digest = header(from);
        long next = from.baseIndex() + 1;
        while (next <= from.lastIndex()) {
            List<LogEntry> chunk = from.read(next, from.lastIndex() + 1, CHUNK_BYTES);
            for (LogEntry entry : chunk) add(digest, entry);
            await(to.append(chunk, null));
            next += chunk.size();
        }
        await(to.append(List.of(), from.hardState()));
        return new Digest(from.lastIndex() - from.baseIndex(), digest.text());
    }

    private static void await(java.util.concurrent.CompletableFuture<Void> future) {
        try {
            future.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof StorageException cause ? cause : e;
        }
    }

    private static Digest digest(RaftLog log) {
        Sha digest = header(log);
        long next = log.baseIndex() + 1;
        while (next <= log.lastIndex()) {
            List<LogEntry> chunk = log.read(next, log.lastIndex() + 1, CHUNK_BYTES);
            for (LogEntry entry : chunk) add(digest, entry);
            next += chunk.size();
        }
        return new Digest(log.lastIndex() - log.baseIndex(), digest.text());
    }

    private static Sha header(RaftLog log) {
        Sha digest = new Sha();
        if (log.identity() != null) {
            digest.add(log.identity().clusterId(), log.identity().memberId());
        }
        HardState state = log.hardState();
        digest.add(state.term(), state.vote(), state.commit());
        digest.add(log.baseIndex(), log.baseTerm());
        return digest;
    }

    private static void add(Sha digest, LogEntry entry) {
        digest.add(entry.index(), entry.term(), entry.type());
        digest.add(entry.data());
    }

    // ---- the state ----

    private static Digest copyState(StateStore from, StateStore to) {
        try (ReadView view = from.view();
                Install install = to.beginInstall(view.applied())) {
            Digest digest = rows(view, install::put);
            install.commit();
            return digest;
        }
    }

    private static Digest digest(StateStore store) {
        try (ReadView view = store.view()) {
            return rows(view, (keyspace, key, value) -> {});
        }
    }

    private interface Row {
        void take(Keyspace keyspace, byte[] key, byte[] value);
    }

    private static Digest rows(ReadView view, Row row) {
        Sha digest = new Sha();
        Applied applied = view.applied();
        digest.add(applied.index(), applied.term());
        long rows = 0;
        for (int id = 0; id < KEYSPACES; id++) {
            Keyspace keyspace = new Keyspace(id, "keyspace " + id);
            try (Cursor cursor = view.cursor(keyspace, null, null, false)) {
                while (cursor.next()) {
                    digest.add(id);
                    digest.add(cursor.key());
                    digest.add(cursor.value());
                    row.take(keyspace, cursor.key(), cursor.value());
                    rows++;
                }
            }
        }
        return new Digest(rows, digest.text());
    }

    /** SHA-256 over numbers and over arrays with their lengths. */
    private static final class Sha {
        private final MessageDigest digest;
        private final ByteBuffer number = ByteBuffer.allocate(8);

        Sha() {
            try {
                digest = MessageDigest.getInstance("SHA-256");
            } catch (NoSuchAlgorithmException e) {
                throw new AssertionError("every JDK has SHA-256", e);
            }
        }

        void add(long... numbers) {
            for (long value : numbers) digest.update(number.putLong(0, value).array());
        }

        void add(byte[] bytes) {
            add(bytes.length);
            digest.update(bytes);
        }

        String text() {
            return HexFormat.of().formatHex(digest.digest());
        }
    }
}
