package io.quorate.engine.server;

import io.quorate.engine.bolt.BoltFile;
import io.quorate.engine.bolt.SnapshotStatus;
import io.quorate.engine.bolt.StateRestore;
import io.quorate.engine.node.MemberIds;
import io.quorate.engine.server.PluginRegistry.Found;
import io.quorate.engine.state.Member;
import io.quorate.spi.discovery.Founders;
import io.quorate.spi.storage.Applied;
import io.quorate.spi.storage.HardState;
import io.quorate.spi.storage.Identity;
import io.quorate.spi.storage.Install;
import io.quorate.spi.storage.RaftLog;
import io.quorate.spi.storage.StateStore;
import io.quorate.spi.storage.StorageException;
import io.quorate.spi.storage.StorageProvider.Part;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Makes the data directory of a member of a new cluster from a snapshot file (UT-03 to UT-05), with
 * any storage plugin. Each member of the new cluster is made so from the same file.
 *
 * <p>Everything is checked before anything is written: configuration, directories, the digest of
 * the file, every page and row of it. What fails later, such as a full disk, takes away again what
 * was written.
 */
public final class SnapshotRestore {
    /**
     * Term of the membership that the members begin with, as if each had been added by an entry.
     */
    private static final long FIRST_TERM = 1;

    private final Request request;
    private final BiConsumer<String, Map<String, Object>> log;
    private final Path logDir;
    private final Path stateDir;

    /** Whether the log has a directory outside of the data directory. */
    private final boolean ownLogDir;

    private SnapshotRestore(Request request, BiConsumer<String, Map<String, Object>> log) {
        this.request = request;
        this.log = log;
        this.ownLogDir = request.walDir.isPresent();
        this.logDir = request.walDir.orElseGet(() -> ServerConfig.logDir(request.dataDir));
        this.stateDir = ServerConfig.stateDir(request.dataDir);
    }

    /**
     * What to restore, and whose.
     *
     * @param snapshot the file
     * @param skipHashCheck whether a digest that is missing or wrong is of no matter
     * @param revisionBump how far the revision is raised beyond that of the snapshot, 0 or more; if
     *     raised, all before it counts as compacted
     * @param name of the member
     * @param peerUrls of the member, separated by commas
     * @param initialCluster all members of the new cluster (FL-33)
     * @param token tells clusters with the same URLs apart
     * @param dataDir empty or not there yet
     * @param walDir directory of the log when it has a disk of its own; not there yet
     * @param storage the plugins that hold the two halves
     */
    public record Request(
            Path snapshot,
            boolean skipHashCheck,
            long revisionBump,
            String name,
            String peerUrls,
            String initialCluster,
            String token,
            Path dataDir,
            Optional<Path> walDir,
            ServerConfig.Storage storage) {}

    /**
     * Restores.
     *
     * @param log hears what is done, in etcd's words, each with its fields
     * @throws ConfigException for a request that does not fit itself or the directories; nothing
     *     was written
     * @throws StorageException for a file that is foreign or damaged, with nothing written; or for
     *     a store that cannot be written
     * @throws IOException for a file that cannot be read
     */
    public static void run(Request request, BiConsumer<String, Map<String, Object>> log)
            throws IOException {
        new SnapshotRestore(request, log).run();
    }

    private void run() throws IOException {
        InitialCluster cluster =
                InitialCluster.of(Founders.parse(request.initialCluster, request.token));
        cluster.check(request.name, MemberUrl.parseList(request.peerUrls));
        List<Member> members = members(cluster);
        checkDirectories();
        PluginRegistry plugins = plugins();
        try (BoltFile file = BoltFile.open(request.snapshot)) {
            checkDigest(file);
            SnapshotStatus status = SnapshotStatus.of(file);
            tell("restoring snapshot");
            write(plugins, new StateRestore(file, members, newest(status)), members);
            tell("restored snapshot");
        }
    }

    private List<Member> members(InitialCluster cluster) {
        List<Member> members = MemberIds.founders(cluster.urls(), request.token);
        for (int i = 1; i < members.size(); i++) {
            long id = members.get(i).id();
            if (id == members.get(i - 1).id()) {
                throw new ConfigException(
                        "member exists with identical ID " + Long.toHexString(id));
            }
        }
        return members;
    }

    private OptionalLong newest(SnapshotStatus status) {
        if (request.revisionBump == 0) return OptionalLong.empty();
        long revision = status.revision() + request.revisionBump;
        if (revision < status.revision()) {
            throw new ConfigException(
                    "--bump-revision " + request.revisionBump + " is more than revisions can be");
        }
        log.accept(
                "bumping latest revision",
                Fields.of(
                        "latest-revision",
                        status.revision(),
                        "bump-amount",
                        request.revisionBump,
                        "new-latest-revision",
                        revision));
        log.accept("marking revision compacted", Fields.of("revision", revision));
        return OptionalLong.of(revision);
    }

    // ---- checks

    private void checkDirectories() {
        if (Files.exists(request.dataDir) && !isEmptyFolder(request.dataDir)) {
            throw new ConfigException(
                    "data-dir \"" + request.dataDir + "\" not empty or could not be read");
        }
        if (ownLogDir && Files.exists(logDir)) {
            throw new ConfigException("wal-dir \"" + logDir + "\" exists");
        }
    }

    private static boolean isEmptyFolder(Path folder) {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.findAny().isEmpty();
        } catch (IOException e) {
            return false;
        }
    }

    private PluginRegistry plugins() {
        PluginRegistry plugins = PluginRegistry.load(request.storage.plugins());
        checkDurable(plugins.find(request.storage.log(), Part.LOG));
        checkDurable(plugins.find(request.storage.state(), Part.STATE));
        return plugins;
    }

    private static void checkDurable(Found plugin) {
        if (plugin.provider().capabilities().durable()) return;
        throw new ConfigException(
                "storage plugin \""
                        + plugin.name()
                        + "\" keeps nothing when the process ends; choose another one to restore"
                        + " into");
    }

    private void checkDigest(BoltFile file) {
        if (request.skipHashCheck) return;
        Optional<byte[]> expected = file.digest();
        if (expected.isEmpty()) {
            throw new ConfigException("snapshot missing hash but --skip-hash-check=false");
        }
        byte[] found = file.computeDigest();
        if (Arrays.equals(expected.get(), found)) return;
        throw new StorageException.Corruption(
                "expected sha256 "
                        + decimal(expected.get())
                        + ", got "
                        + decimal(found)
                        + ": "
                        + file.path()
                        + " is not what was saved; take another copy of the snapshot",
                null);
    }

    /** As Go prints bytes. */
    private static String decimal(byte[] bytes) {
        Integer[] numbers = new Integer[bytes.length];
        for (int i = 0; i < bytes.length; i++) numbers[i] = bytes[i] & 0xFF;
        return Arrays.stream(numbers)
                .map(String::valueOf)
                .collect(Collectors.joining(" ", "[", "]"));
    }

    // ---- writing

    private void write(PluginRegistry plugins, StateRestore content, List<Member> members)
            throws IOException {
        boolean existed = Files.exists(request.dataDir);
        boolean written = false;
        try {
            store(plugins, content, members);
            written = true;
        } finally {
            if (!written) takeAway(existed);
        }
    }

    private void store(PluginRegistry plugins, StateRestore content, List<Member> members) {
        DataDirectory directory = DataDirectory.ofNewMember(request.dataDir, logDir, stateDir);
        try (Stores stores =
                        Stores.open(
                                request.storage,
                                directory,
                                plugins,
                                (timing, nanos) -> {},
                                failure -> {});
                StateStore state = stores.state();
                RaftLog log = stores.log()) {
            long index = members.size();
            // The log first: a state that is missing behind it is noticed at the start, while a
            // log that is missing before an empty state would look like a new member.
            log.initialize(identity(members));
            log.append(List.of(), new HardState(FIRST_TERM, 0, 0)).join();
            log.reset(index, FIRST_TERM);
            try (Install install = state.beginInstall(new Applied(index, FIRST_TERM))) {
                content.feed(install);
                install.commit();
            }
        }
    }

    private Identity identity(List<Member> members) {
        Member self =
                members.stream()
                        .filter(member -> member.name().equals(request.name))
                        .findFirst()
                        .orElseThrow();
        return new Identity(
                MemberIds.cluster(members.stream().map(Member::id).toList()), self.id());
    }

    private void takeAway(boolean dataDirExisted) throws IOException {
        if (ownLogDir) delete(logDir);
        delete(dataDirExisted ? request.dataDir.resolve("member") : request.dataDir);
    }

    private static void delete(Path tree) throws IOException {
        if (!Files.exists(tree)) return;
        try (Stream<Path> all = Files.walk(tree)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) Files.delete(path);
        }
    }

    private void tell(String message) {
        log.accept(
                message,
                Fields.of(
                        "path",
                        request.snapshot,
                        "wal-dir",
                        logDir,
                        "data-dir",
                        request.dataDir,
                        "snap-dir",
                        stateDir));
    }
}
