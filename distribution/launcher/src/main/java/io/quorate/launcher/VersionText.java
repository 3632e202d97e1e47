package io.quorate.launcher;

import io.quorate.engine.node.Version;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Locale;
import java.util.Properties;

/** What {@code etcd --version} prints (PK-04): four lines that tools take apart at the colon. */
final class VersionText {
    private VersionText() {}

    static String lines() {
        return """
        etcd Version: %s
        Git SHA: %s
        Go Version: none (Java %s)
        Go OS/Arch: %s/%s
        """
                .formatted(
                        Version.ETCD,
                        gitSha(),
                        System.getProperty("java.version"),
                        os(),
                        architecture());
    }

    /** The commit that was built, {@code unknown} for a build that was not told. */
    static String gitSha() {
        Properties build = new Properties();
        try (InputStream input = VersionText.class.getResourceAsStream("build.properties")) {
            if (input != null) build.load(input);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return build.getProperty("git.sha", "unknown");
    }

    private static String os() {
        String name = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        if (name.startsWith("mac")) return "darwin";
        return name.startsWith("windows") ? "windows" : name;
    }

    private static String architecture() {
        return switch (System.getProperty("os.arch")) {
            case "x86_64", "amd64" -> "amd64";
            case "aarch64" -> "arm64";
            case String other -> other;
        };
    }
}
