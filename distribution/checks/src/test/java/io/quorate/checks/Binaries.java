package io.quorate.checks;

import org.junit.jupiter.api.Assumptions;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Where the programs under test and the programs they are compared with are.
 *
 * <p>A reference program is looked for in a system property, an environment variable and the places
 * where the scripts in {@code src/test/sh} put it. A missing one skips the test on a developer's
 * machine and fails it where {@code CI} is set, so that a comparison never silently stops.
 */
final class Binaries {
    private static final Path CACHE = Path.of(System.getProperty("user.home"), ".cache", "quorate");

    private Binaries() {}

    /** The folder of the unpacked tarball: {@code bin/ lib/ licenses/ …}. */
    static Path home() {
        Path home = Path.of(System.getProperty("quorate.home", ""));
        if (!Files.isDirectory(home)) {
            throw new IllegalStateException(
                    "no unpacked tarball in \""
                            + home
                            + "\"; build it with `mvn -pl distribution/tarball -am verify`"
                            + " or name it by -Dquorate.home=DIR");
        }
        return home;
    }

    /** Our server; {@code -Dquorate.etcd=FILE} puts another in its place, to try the tests. */
    static Path ours() {
        String other = System.getProperty("quorate.etcd", "");
        return other.isEmpty() ? home().resolve("bin").resolve("etcd") : Path.of(other);
    }

    /** Our client; {@code -Dquorate.etcdctl=FILE} puts another in its place, to try the tests. */
    static Path ownEtcdctl() {
        String other = System.getProperty("quorate.etcdctl", "");
        return other.isEmpty() ? home().resolve("bin").resolve("etcdctl") : Path.of(other);
    }

    /** The server we must equal: etcd 3.7. */
    static Path etcd37() {
        return reference("etcd 3.7", "real.etcd", "ETCD37", cached("etcd"));
    }

    /** The client of etcd 3.7. */
    static Path etcdctl37() {
        return reference("etcdctl 3.7", "real.etcdctl", "ETCDCTL37", cached("etcdctl"));
    }

    /** The offline tool of etcd 3.7. */
    static Path etcdutl37() {
        return reference("etcdutl 3.7", "real.etcdutl", "ETCDUTL37", cached("etcdutl"));
    }

    /** Our offline tool. */
    static Path ourEtcdutl() {
        return home().resolve("bin").resolve("etcdutl");
    }

    /** The server of the oldest line whose clients we must serve: etcd 3.4. */
    static Path etcd34() {
        return reference("etcd 3.4", "real.etcd34", "ETCD34", Path.of("/usr/bin/etcd"));
    }

    /** The client of etcd 3.4, as Debian packs it. */
    static Path etcdctl34() {
        return reference("etcdctl 3.4", "real.etcdctl34", "ETCDCTL34", Path.of("/usr/bin/etcdctl"));
    }

    /** Prometheus' own judge of pages of metrics. */
    static Path promtool() {
        return reference(
                "promtool",
                "promtool",
                "PROMTOOL",
                CACHE.resolve("prometheus").resolve("promtool"),
                "promtool.sh");
    }

    private static Path cached(String name) {
        return CACHE.resolve("etcd-3.7.3").resolve(name);
    }

    private static Path reference(String what, String property, String variable, Path usual) {
        return reference(what, property, variable, usual, "real-etcd.sh");
    }

    private static Path reference(
            String what, String property, String variable, Path usual, String script) {
        Optional<Path> found =
                List.of(
                                Optional.ofNullable(System.getProperty(property)),
                                Optional.ofNullable(System.getenv(variable)),
                                Optional.of(usual.toString()))
                        .stream()
                        .flatMap(Optional::stream)
                        .filter(name -> !name.isBlank())
                        .findFirst()
                        .map(Path::of)
                        .filter(Files::isExecutable);
        if (found.isEmpty()) {
            String message =
                    ("no %s: neither -D%s=FILE nor $%s nor %s names a program;"
                                    + " distribution/checks/src/test/sh/%s fetches it")
                            .formatted(what, property, variable, usual, script);
            if (System.getenv("CI") != null) throw new IllegalStateException(message);
            Assumptions.abort(message);
        }
        return found.orElseThrow();
    }

    /** A folder for what tests write: on a real disk, below the build directory. */
    static Path scratch() {
        return new File("target/members").getAbsoluteFile().toPath();
    }
}
