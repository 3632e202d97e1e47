package io.quorate.engine.server;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * The folders of a member: {@code member/log} and {@code member/state} in the data directory, for
 * its owner alone (DD-03). Looks first and writes later, so that a directory that is refused is
 * left as it was.
 */
final class DataDirectory {
    private static final System.Logger LOG = System.getLogger("io.quorate.engine.server");
    private static final Set<PosixFilePermission> OWNER_ONLY =
            PosixFilePermissions.fromString("rwx------");
    private static final String MEMBER = "member";
    private static final String PROXY = "proxy";

    private final Path dataDir;
    private final Path log;
    private final Path state;
    private final boolean fresh;

    private DataDirectory(Path dataDir, Path log, Path state, boolean fresh) {
        this.dataDir = dataDir;
        this.log = log;
        this.state = state;
        this.fresh = fresh;
    }

    /** The folders of a member that does not exist yet; nothing is looked at. */
    static DataDirectory ofNewMember(Path dataDir, Path log, Path state) {
        return new DataDirectory(dataDir, log, state, true);
    }

    /**
     * Looks at what is there.
     *
     * @throws ConfigException for a directory that this server must not touch
     */
    static DataDirectory inspect(ServerConfig config) {
        Path dataDir = config.dataDir();
        Set<String> names = names(dataDir);
        boolean member = names.contains(MEMBER);
        for (String name : names) {
            if (name.equals(MEMBER) || name.equals(PROXY)) continue;
            LOG.log(
                    System.Logger.Level.WARNING,
                    "found invalid file under data directory",
                    Fields.of("filename", name, "data-dir", dataDir));
        }
        if (names.contains(PROXY)) {
            throw new ConfigException(
                    member
                            ? "invalid datadir; both member and proxy directories exist"
                            : "v2 http proxy has already been deprecated in 3.6 (" + dataDir + ")");
        }
        refuseEtcd(config.memberDir());
        boolean fresh = names(config.logDir()).isEmpty() && names(config.stateDir()).isEmpty();
        Map<String, Object> fields =
                Fields.of("data-dir", dataDir, "dir-type", member ? MEMBER : "empty");
        LOG.log(
                System.Logger.Level.INFO,
                member ? "server has already been initialized" : "Initialize and start etcd server",
                fields);
        return new DataDirectory(dataDir, config.logDir(), config.stateDir(), fresh);
    }

    /** Whether neither the log nor the state has ever been written. */
    boolean fresh() {
        return fresh;
    }

    Path log() {
        return log;
    }

    Path state() {
        return state;
    }

    /** Makes the folders that are missing, and warns of those that others may enter. */
    void create() {
        for (Path folder : List.of(dataDir, log, state)) {
            try {
                if (Files.isDirectory(folder)) {
                    warnOfPermissions(folder);
                } else {
                    Files.createDirectories(
                            folder, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
                }
            } catch (IOException e) {
                throw new ConfigException(
                        "cannot access data directory: mkdir " + folder + ": " + reason(e), e);
            }
        }
        if (!Files.isWritable(dataDir)) {
            throw new ConfigException(
                    "cannot access data directory: open "
                            + dataDir.resolve(".touch")
                            + ": permission denied");
        }
    }

    private static void warnOfPermissions(Path folder) throws IOException {
        String found = PosixFilePermissions.toString(Files.getPosixFilePermissions(folder));
        if (found.endsWith("------")) return;
        LOG.log(
                System.Logger.Level.WARNING,
                "check file permission",
                Fields.of(
                        "error",
                        "directory \"%s\" exist, but the permission is \"d%s\". The recommended permission is \"-rwx------\" to prevent possible unprivileged access to the data"
                                .formatted(folder, found)));
    }

    /** Data of etcd itself is not ours to open, and far too good to be overwritten. */
    private static void refuseEtcd(Path memberDir) {
        if (!isOfEtcd(memberDir)) return;
        throw new ConfigException(
                memberDir
                        + " was written by etcd; this server has a format of its own. Start it with"
                        + " another --data-dir, made by \"etcdutl snapshot restore\" from a snapshot of"
                        + " that etcd");
    }

    /** Whether a member directory has the folders of etcd's own. */
    static boolean isOfEtcd(Path memberDir) {
        Set<String> names = names(memberDir);
        return names.contains("snap") || names.contains("wal");
    }

    /** The names in a folder, none for a folder that is not there. */
    static Set<String> names(Path folder) {
        try (Stream<Path> entries = Files.list(folder)) {
            Set<String> names = new TreeSet<>();
            entries.forEach(entry -> names.add(entry.getFileName().toString()));
            return names;
        } catch (NoSuchFileException e) {
            return Set.of();
        } catch (IOException e) {
            throw new ConfigException(
                    "failed to list data directory " + folder + ": " + reason(e), e);
        }
    }

    private static String reason(IOException failure) {
        return switch (failure) {
            case NoSuchFileException e -> "no such file or directory";
            case NotDirectoryException e -> "not a directory";
            case FileAlreadyExistsException e -> "not a directory";
            case AccessDeniedException e -> "permission denied";
            case FileSystemException e when e.getReason() != null ->
                    e.getReason().substring(0, 1).toLowerCase(java.util.Locale.ROOT)
                            + e.getReason().substring(1);
            default -> failure.toString();
        };
    }
}
