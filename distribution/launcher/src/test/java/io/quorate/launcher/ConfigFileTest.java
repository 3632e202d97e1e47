package io.quorate.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.engine.server.ConfigException;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

class ConfigFileTest {
    private final CapturedLog log = new CapturedLog();
    @TempDir Path directory;

    @Test
    @Tag("CF-01")
    @Tag("CF-03")
    @Tag("CF-04")
    void keysAreFlagsWithoutDashes() throws IOException {
        Values values =
                read(
                        """
                        name: a
                        listen-client-urls: http://127.0.0.1:1,http://127.0.0.1:2
                        heartbeat-interval: 50
                        pre-vote: no
                        grpc-keepalive-interval: 5000000000
                        log-outputs: [stderr, /tmp/x]
                        wal-dir:
                        """);
        assertEquals("a", values.text("name"));
        assertEquals("http://127.0.0.1:1,http://127.0.0.1:2", values.text("listen-client-urls"));
        assertEquals(50, values.number("heartbeat-interval"));
        assertFalse(values.bool("pre-vote"));
        assertEquals(Duration.ofSeconds(5), values.duration("grpc-keepalive-interval"));
        assertEquals(List.of("stderr", "/tmp/x"), values.list("log-outputs"));
        assertFalse(values.isSet("wal-dir"));
    }

    @Test
    @Tag("FL-07")
    void theFirstWaitForALeaderIsShortenedUnlessTheFlagSaysNo() throws IOException {
        assertTrue(advances("name: a"));
        assertFalse(advances("initial-election-tick-advance: false"));
    }

    private boolean advances(String yaml) throws IOException {
        return Configuration.build(read(yaml), true, Optional.empty(), log.log())
                .cluster()
                .electionTickAdvance();
    }

    @Test
    @Tag("CF-01")
    void jsonIsYamlToo() throws IOException {
        assertEquals("a", read("{\"name\": \"a\", \"max-txn-ops\": 5}").text("name"));
    }

    @Test
    @Tag("CF-02")
    @Tag("CF-05")
    void blocksHoldTlsDiscoveryAndSockets() throws IOException {
        Values values =
                read(
                        """
                        client-transport-security:
                          cert-file: c.pem
                          client-cert-auth: true
                        peer-transport-security:
                          cert-file: p.pem
                          allowed-cn: [a, b]
                        discovery-config:
                          token: t
                          client:
                            endpoints: [http://d:1]
                            dial-timeout: 1000000000
                            secure:
                              insecure-transport: false
                        socket-options:
                          reuse-port: true
                        """);
        assertEquals("c.pem", values.text("cert-file"));
        assertTrue(values.bool("client-cert-auth"));
        assertEquals("p.pem", values.text("peer-cert-file"));
        assertEquals("a,b", values.text("peer-cert-allowed-cn"));
        assertEquals("t", values.text("discovery-token"));
        assertEquals("http://d:1", values.text("discovery-endpoints"));
        assertFalse(values.bool("discovery-insecure-transport"));
        assertTrue(values.bool("socket-reuse-port"));
    }

    @Test
    void transportAndItsSettingsStandInTheFile() throws IOException {
        Values values =
                read("transport: http2\ntransport-setting:\n  http2:\n    idle-timeout: 9s\n");
        assertEquals("http2", values.text("transport"));
        assertEquals("{http2={idle-timeout=9s}}", values.settings("transport-setting").toString());
        assertTrue(values.settings("storage-setting").isEmpty());
    }

    @Test
    void settingsOfPluginsAreAMapOfMaps() throws IOException {
        Values values = read("storage-setting:\n  file:\n    segment-bytes: 1\n    sync: x\n");
        assertEquals(
                "{file={segment-bytes=1, sync=x}}", values.settings("storage-setting").toString());
    }

    @Test
    @Tag("CF-06")
    void anUnknownKeyIsIgnoredAndToldWithTheNearest() throws IOException {
        Values values = read("nmae: a\ncert-file: x\nvendor-extension: 1\n");
        assertTrue(values.names().isEmpty());
        assertTrue(log.has("\"key\":\"nmae\"", "\"nearest-known-key\":\"name\"", "\"line\":1"));
        assertTrue(
                log.has(
                        "\"key\":\"cert-file\"",
                        "\"nearest-known-key\":\"client-transport-security.cert-file\""));
        assertTrue(log.has("\"key\":\"vendor-extension\"", "\"nearest-known-key\":\"\""));
    }

    @Test
    void ofADoubleKeyTheLastCounts() throws IOException {
        assertEquals("b", read("name: a\nname: b\n").text("name"));
        assertTrue(log.has("stands there twice", "\"line-that-counts\":2"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "name: [a] | array | name | text",
                "name: 5 | number 5 | name | text",
                "heartbeat-interval: '\"100\"' | string 100 | heartbeat-interval | a whole number",
                "heartbeat-interval: 1.5 | number 1.5 | heartbeat-interval | a whole number",
                "heartbeat-interval: -1 | number -1 | heartbeat-interval | not negative",
                "pre-vote: '\"yes\"' | string yes | pre-vote | true or false",
                "grpc-keepalive-interval: 5s | string 5s | grpc-keepalive-interval | nanoseconds",
                "log-outputs: stderr | string stderr | log-outputs | a list",
                "listen-client-urls: [http://a:1] | array | listen-client-urls | text",
                "client-transport-security: x | string x | client-transport-security | a block",
            })
    void aValueOfTheWrongTypeNamesKeyLineAndType(
            String yaml, String found, String key, String wanted) {
        String message = refused(yaml.replace("'", ""));
        assertTrue(
                message.contains("line 1: cannot unmarshal " + found + " into " + key + ","),
                message);
        assertTrue(message.contains(wanted), message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "listen-client-urls: foo | unexpected error setting up listen-client-urls: URL scheme must be http, https, unix, or unixs: foo",
                "initial-cluster-state: zzz | unexpected clusterState \"zzz\"",
            })
    void aBadValueHasEtcdsWords(String yaml, String message) {
        assertEquals(message, refused(yaml));
    }

    @Test
    @Tag("CF-07")
    void aFileForTheEnvironmentIsRefusedAsOne() {
        String message = refused("ETCD_NAME=\"x\"\nETCD_DATA_DIR=\"y\"\n");
        assertTrue(message.contains("unmarshal"), message);
        assertTrue(message.contains("EnvironmentFile"), message);
    }

    @Test
    void brokenYamlAndMissingFilesAreRefused() {
        assertTrue(refused("\tname: x").startsWith("error converting YAML to JSON: yaml: "));
        Path missing = directory.resolve("missing");
        assertEquals(
                "open " + missing + ": no such file or directory",
                assertThrows(ConfigException.class, () -> ConfigFile.read(missing, log.log()))
                        .getMessage());
    }

    @Test
    void anEmptyFileIsAllDefaults() throws IOException {
        assertTrue(read("").names().isEmpty());
        assertTrue(read("# nothing\n").names().isEmpty());
    }

    private Values read(String yaml) throws IOException {
        Path file = directory.resolve("etcd.conf.yml");
        java.nio.file.Files.writeString(file, yaml);
        return ConfigFile.read(file, log.log());
    }

    private String refused(String yaml) {
        return assertThrows(ConfigException.class, () -> read(yaml)).getMessage();
    }
}
