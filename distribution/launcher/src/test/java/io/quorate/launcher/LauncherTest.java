package io.quorate.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.engine.node.Upkeep;
import io.quorate.engine.node.Upkeep.AutoCompaction;
import io.quorate.engine.node.Upkeep.CompactionPace;
import io.quorate.engine.node.Upkeep.CorruptCheck;
import io.quorate.engine.node.Version;
import io.quorate.engine.server.MemberUrl;
import io.quorate.engine.server.ServerConfig;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What a command line leads to, up to the point where a server would start. */
class LauncherTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final CapturedLog log = new CapturedLog();

    @Test
    @Tag("PK-04")
    @Tag("FL-31")
    void versionIsFourLinesForParsers() {
        assertEquals(0, run("--version"));
        List<String> lines = text(out).lines().toList();
        assertEquals(4, lines.size());
        assertEquals("etcd Version: " + Version.ETCD, lines.get(0));
        assertTrue(lines.get(1).startsWith("Git SHA: "));
        assertTrue(lines.get(2).startsWith("Go Version: "));
        assertTrue(lines.get(3).matches("Go OS/Arch: \\w+/\\w+"));
    }

    @Test
    @Tag("FL-31")
    void helpHasTheUsageOnErrAndEveryFlagOnOut() {
        assertEquals(0, run("--help"));
        assertTrue(text(err).startsWith("Usage:"));
        for (Flag flag : Flags.ALL) {
            assertTrue(text(out).contains("\n  --" + flag.name() + " '"), flag.name());
        }
    }

    @Test
    @Tag("EX-01")
    void aBadCommandLineEndsWith2AndShowsTheUsage() {
        assertEquals(2, run("--foo"));
        assertTrue(text(err).startsWith("flag provided but not defined: -foo\nUsage:"));
        assertEquals(1, run("gateway"));
        assertEquals(1, run("grpc-proxy start"));
    }

    @ParameterizedTest
    @Tag("EX-01")
    @CsvSource(
            delimiter = '|',
            value = {
                "foo | \\\"foo\\\" is not a valid flag",
                "--listen-client-urls http://127.0.0.1:1 | --advertise-client-urls is required when --listen-client-urls is set explicitly",
                "--listen-client-urls http://foo.example:1 --advertise-client-urls http://127.0.0.1:1 | expected IP in URL for binding (http://foo.example:1)",
                "--advertise-client-urls http://:1 | --advertise-client-urls \\\"http://:1\\\" must be in the format \\\"host:port\\\", \\\"unix:/path/to/socket\\\" or \\\"unixs:/path/to/socket\\\" (unexpected empty host (http://:1))",
                "--initial-advertise-peer-urls http://:1 | --initial-advertise-peer-urls \\\"http://:1\\\" must be \\\"host:port\\\" (unexpected empty host (http://:1))",
                "--heartbeat-interval 0 | --heartbeat-interval must be >0 (set to 0ms)",
                "--election-timeout 0 | --election-timeout must be >0 (set to 0ms)",
                "--heartbeat-interval 300 | --election-timeout[1000ms] should be at least as 5 times as --heartbeat-interval[300ms]",
                "--election-timeout 60000 | --election-timeout[60000ms] is too long, and should be set less than 50000ms",
                "--discovery-fallback proxy | v2 proxy is deprecated, and --discovery-fallback can't be configured as \\\"proxy\\\"",
                "--logger capnslog | --logger=capnslog is removed in v3.5",
                "--logger zzz | unknown logger option \\\"zzz\\\"",
                "--log-format zzz | unknown log format: zzz, supported values json, console",
                "--auto-compaction-mode zzz | unknown auto-compaction-mode \\\"zzz\\\"",
                "--auto-compaction-retention 5x | error parsing CompactionRetention: time: invalid duration \\\"5x\\\"",
                "--auto-compaction-retention -5m | --auto-compaction-retention must be >=0 (set to -5m)",
                "--discovery-token x | both --discovery-token and --discovery-endpoints must be set",
                "--discovery-srv x --initial-cluster a=http://b:1 | multiple discovery or bootstrap flags are set. Choose one of \\\"initial-cluster\\\", \\\"discovery-endpoints\\\" or \\\"discovery-srv\\\"",
                "--tls-min-version TLS1.3 --tls-max-version TLS1.2 | min version (TLS1.3) is greater than max version (TLS1.2)",
                "--tls-min-version TLS1.3 --cipher-suites TLS_AES_128_GCM_SHA256 | cipher suites cannot be configured when only TLS1.3 is enabled",
                "--transport-setting http2.idle-timeout=9s | --transport-setting is about the transport \\\"http2\\\", but --transport is \\\"tcp\\\"",
                "--tls-min-version TLS1.0 | unexpected TLS version \\\"TLS1.0\\\" (must be one of: TLS1.2, TLS1.3)",
                "--config-file /nonexistent | open /nonexistent: no such file or directory",
                "--auth-token jwt | auth: invalid auth options",
                "--auth-token jwt,sign-method=HS256 | auth: missing key data",
                "--auth-token jwt,sign-method=HS256,ttl=x | auth: invalid auth options",
                "--auth-token jwt,sign-method=HS256,priv-key=/nonexistent | auth: invalid auth options: cannot read /nonexistent",
                "--enable-pprof=true | flag --enable-pprof is not supported by this release yet; remove it or keep its default (false)",
                "--feature-gates PriorityRequest=true | feature gate PriorityRequest is not supported by this release yet; remove it or keep its default (false)",
                "--feature-gates LeaseCheckpointPersist=true | enabling feature gate LeaseCheckpointPersist requires enabling feature gate LeaseCheckpoint",
            })
    @Tag("SD-03")
    void aRefusedConfigurationEndsWith1AndSaysWhy(String line, String message) {
        assertEquals(1, run(line));
        assertTrue(
                log.has(
                        "\"level\":\"warn\"",
                        "\"msg\":\"failed to verify flags\"",
                        "\"error\":\"" + message + "\"}"),
                log.text());
        assertTrue(log.has("\"msg\":\"Running: \"", "\"args\":[\"etcd\","));
    }

    @Test
    @Tag("EN-02")
    void aShadowedVariableIsFatal() {
        assertEquals(1, run(Map.of("ETCD_NAME", "a"), "--name a"));
        assertTrue(log.has("\"level\":\"fatal\"", "\"environment-variable\":\"ETCD_NAME\""));
    }

    @Test
    @Tag("EN-04")
    @Tag("EN-05")
    void theVariableForTheFileCountsUnlessTheFlagIsThere() {
        Map<String, String> environment = Map.of("ETCD_CONFIG_FILE", "/nonexistent1");
        assertEquals(1, run(environment, "--name=a"));
        assertTrue(log.has("open /nonexistent1: no such file"));
        assertEquals(1, run(environment, "--config-file=/nonexistent2"));
        assertTrue(log.has("open /nonexistent2: no such file"));
    }

    @Test
    @Tag("FL-63")
    @Tag("FL-67")
    @Tag("FL-68")
    @Tag("FL-60")
    @Tag("FL-95")
    void flagsOfTlsReachTheirSide() {
        ServerConfig.Security security =
                configure(
                                "--cert-file c --key-file k --client-cert-allowed-hostname a,b"
                                        + " --peer-cert-file pc --peer-key-file pk"
                                        + " --peer-trusted-ca-file pt --peer-cert-allowed-cn x,y"
                                        + " --peer-skip-client-san-verification"
                                        + " --peer-auto-tls --self-signed-cert-validity 4")
                        .orElseThrow()
                        .security();
        assertEquals(
                "cert = c, key = k, client-cert=, client-key=, trusted-ca = ,"
                        + " client-cert-auth = false, crl-file = ",
                security.client().toString());
        assertEquals(List.of("a", "b"), security.client().allowedHosts());
        assertEquals(
                "cert = pc, key = pk, client-cert=, client-key=, trusted-ca = pt,"
                        + " client-cert-auth = false, crl-file = ",
                security.peer().toString());
        assertEquals(List.of("x", "y"), security.peer().allowedNames());
        assertTrue(security.peer().skipClientSan());
        assertTrue(security.peerAuto());
        assertFalse(security.clientAuto());
        assertEquals(4, security.selfSignedYears());
    }

    @Test
    @Tag("FL-33")
    void aNameAloneIsAClusterOfItself() {
        ServerConfig config = configure("--name a").orElseThrow();
        assertEquals("a=http://localhost:2380", config.bootstrap().initialCluster());
        assertEquals(Path.of("a.etcd"), config.dataDir());
        assertTrue(log.has("'data-dir' was empty; using default", "\"data-dir\":\"a.etcd\""));
    }

    @Test
    @Tag("FL-09")
    @Tag("SD-07")
    void severalUrlsAreSortedAndUnique() {
        ServerConfig config =
                configure(
                                "--listen-client-urls"
                                        + " http://127.0.0.1:2,http://127.0.0.1:1,http://127.0.0.1:2"
                                        + " --advertise-client-urls http://a:1")
                        .orElseThrow();
        assertEquals(
                List.of("http://127.0.0.1:1", "http://127.0.0.1:2"),
                MemberUrl.texts(config.addresses().listenClient()));
    }

    @Test
    @Tag("FL-14")
    @Tag("FL-92")
    @Tag("FL-93")
    @Tag("FL-94")
    @Tag("FL-97")
    void theUpkeepIsAsTheFlagsSay() {
        assertEquals(Upkeep.DEFAULT, configure("--name a").orElseThrow().upkeep());
        Upkeep upkeep =
                configure(
                                "--quota-backend-bytes=-1 --corrupt-check-time=1h"
                                        + " --compact-hash-check-time=2m"
                                        + " --compaction-batch-limit=7 --compaction-sleep-interval=2ms"
                                        + " --warning-apply-duration=1s"
                                        + " --feature-gates=CompactHashCheck=true,InitialCorruptCheck=true")
                        .orElseThrow()
                        .upkeep();
        assertEquals(
                new Upkeep(
                        -1,
                        new AutoCompaction.Off(),
                        new CorruptCheck(true, Duration.ofHours(1), Duration.ofMinutes(2)),
                        new CompactionPace(7, Duration.ofMillis(2)),
                        Duration.ofSeconds(1)),
                upkeep);
    }

    @ParameterizedTest
    @Tag("FL-53")
    @Tag("FL-54")
    @Tag("SE-60")
    @Tag("SE-61")
    @Tag("SE-62")
    @CsvSource({
        "--auto-compaction-retention=0, Off[]",
        "--auto-compaction-retention=0s, Off[]",
        "--auto-compaction-retention=2, Periodic[period=PT2H]",
        "--auto-compaction-retention=30m, Periodic[period=PT30M]",
        "--auto-compaction-mode=revision, Off[]",
        "--auto-compaction-mode=revision --auto-compaction-retention=1000, Revisions[retained=1000]",
        "--auto-compaction-mode=revision --auto-compaction-retention=1s, Revisions[retained=1000000000]",
    })
    void retentionIsHoursOrADurationOrRevisions(String line, String compaction) {
        assertEquals(
                compaction, configure(line).orElseThrow().upkeep().autoCompaction().toString());
    }

    @Test
    void laterFlagsAreTakenAtTheirDefaultHoweverItIsWritten() {
        assertTrue(
                configure(
                                "--auth-token simple --corrupt-check-time=0 --quota-backend-bytes"
                                        + " 0x0 --watch-progress-notify-interval=600s --cors=*"
                                        + " --feature-gates FastLeaseKeepAlive=true")
                        .isPresent());
    }

    @Test
    void flagsWithoutEffectSayWhy() {
        assertTrue(configure("--v2-deprecation gone --force").isPresent());
        assertTrue(
                log.has(
                        "flag has no effect in this release",
                        "\"flag-name\":\"v2-deprecation\"",
                        "etcd 3.7 ignores it too"));
        assertTrue(log.has("flag is no longer supported - ignoring", "\"flag-name\":\"force\""));
    }

    @Test
    void pluginsAreListed() {
        assertEquals(0, run("plugins"));
        assertTrue(text(out).contains("memory\tstorage (log, state)\t"), text(out));
        assertTrue(text(out).contains("file\tstorage (log, state)\t"), text(out));
    }

    private int run(String line) {
        return run(Map.of(), line);
    }

    private int run(Map<String, String> environment, String line) {
        return launcher(environment).run(Arrays.asList(line.split(" ")));
    }

    private Optional<ServerConfig> configure(String line) {
        List<String> arguments = Arrays.asList(line.split(" "));
        return launcher(Map.of()).configure(arguments, CommandLine.parse(arguments));
    }

    private Launcher launcher(Map<String, String> environment) {
        return new Launcher(
                environment,
                Optional.empty(),
                log.log(),
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8));
    }

    private static String text(ByteArrayOutputStream bytes) {
        return bytes.toString(StandardCharsets.UTF_8);
    }
}
