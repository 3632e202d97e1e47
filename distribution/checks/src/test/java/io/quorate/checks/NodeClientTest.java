package io.quorate.checks;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * The npm package {@code etcd3} with its keys, transactions, watches, leases, locks, elections and
 * maintenance calls, against our server and a real etcd: it sees the same. Skipped where there is
 * no Node.js with npm, or where npm cannot install the package.
 */
final class NodeClientTest {
    private static final Path SCRIPTS = Path.of("src", "test", "node").toAbsolutePath();

    @RegisterExtension final Members members = Members.perTest();

    @Test
    @Tag("GS-18")
    @Tag("KV-32")
    @Tag("TX-01")
    @Tag("WA-01")
    @Tag("WA-14")
    @Tag("WA-15")
    @Tag("LE-01")
    @Tag("LE-07")
    @Tag("LE-10")
    @Tag("MA-10")
    @Tag("MA-14")
    void aClientInJavaScriptSeesTheSame() {
        Path folder = installed();
        String real = session(folder, members.start("real", Binaries.etcd37()));
        assertEquals(real, session(folder, members.start("ours", Binaries.ours())));
    }

    /** The script beside its packages. */
    private static Path installed() {
        requireTool("node");
        requireTool("npm");
        Path folder = Path.of("target", "node").toAbsolutePath();
        try {
            Files.createDirectories(folder);
            for (String name : List.of("package.json", "session.js")) {
                Files.write(folder.resolve(name), Files.readAllBytes(SCRIPTS.resolve(name)));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Exec.Outcome install =
                Exec.run(
                        List.of(
                                "npm",
                                "install",
                                "--prefix",
                                folder.toString(),
                                "--no-audit",
                                "--prefer-offline",
                                "--fetch-retries=1",
                                "--fetch-timeout=20000",
                                "--no-fund",
                                "--ignore-scripts"),
                        Map.of(),
                        "");
        Assumptions.assumeTrue(
                install.exit() == 0, () -> "npm cannot install etcd3: " + install.err());
        return folder;
    }

    private static void requireTool(String name) {
        boolean found;
        try {
            found = Exec.run(List.of(name, "--version"), Map.of(), "").exit() == 0;
        } catch (UncheckedIOException e) {
            found = false;
        }
        Assumptions.assumeTrue(found, "no " + name + " on the path; install Node.js with npm");
    }

    private static String session(Path folder, Member member) {
        Exec.Outcome outcome =
                Exec.run(
                        List.of(
                                "node",
                                folder.resolve("session.js").toString(),
                                "http://" + member.endpoint()),
                        Map.of(),
                        "");
        assertEquals(0, outcome.exit(), outcome.out() + outcome.err());
        return outcome.out();
    }
}
