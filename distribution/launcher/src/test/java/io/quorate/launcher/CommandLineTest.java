package io.quorate.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.launcher.CommandLine.Arguments;
import io.quorate.launcher.CommandLine.UsageException;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Every message here was read off etcd 3.7.3 given the same arguments. */
class CommandLineTest {
    @ParameterizedTest
    @Tag("FX-05")
    @ValueSource(strings = {"--name=a", "-name=a", "--name a", "-name a"})
    void oneDashOrTwoAndEqualsOrSpace(String line) {
        assertEquals("a", parse(line).values().text("name"));
    }

    @ParameterizedTest
    @Tag("EX-01")
    @CsvSource(
            delimiter = '|',
            value = {
                "--foo | flag provided but not defined: -foo",
                "-foo=1 | flag provided but not defined: -foo",
                "---foo | bad flag syntax: ---foo",
                "-=x | bad flag syntax: -=x",
                "--name | flag needs an argument: -name",
                "--heartbeat-interval abc | invalid value \"abc\" for flag -heartbeat-interval: parse error",
                "--heartbeat-interval=-1 | invalid value \"-1\" for flag -heartbeat-interval: parse error",
                "--heartbeat-interval 99999999999999999999 | invalid value \"99999999999999999999\" for flag -heartbeat-interval: value out of range",
                "--pre-vote=maybe | invalid boolean value \"maybe\" for -pre-vote: parse error",
                "--quota-backend-bytes x | invalid value \"x\" for flag -quota-backend-bytes: parse error",
                "--grpc-keepalive-timeout 5 | invalid value \"5\" for flag -grpc-keepalive-timeout: parse error",
                "--max-concurrent-streams x | invalid value \"x\" for flag -max-concurrent-streams: strconv.ParseUint: parsing \"x\": invalid syntax",
                "--initial-cluster-state=foo | invalid value \"foo\" for flag -initial-cluster-state: invalid value",
                "--discovery-fallback zzz | invalid value \"zzz\" for flag -discovery-fallback: invalid value",
                "--v2-deprecation zzz | invalid value \"zzz\" for flag -v2-deprecation: invalid value \"zzz\"",
                "--feature-gates zzz | invalid value \"zzz\" for flag -feature-gates: missing bool value for zzz",
                "--feature-gates Foo=true | invalid value \"Foo=true\" for flag -feature-gates: unrecognized feature gate: Foo",
                "--cors zzz | invalid value \"zzz\" for flag -cors: URL scheme must be http, https, unix, or unixs: zzz",
                "--listen-client-urls foo | invalid value \"foo\" for flag -listen-client-urls: URL scheme must be http, https, unix, or unixs: foo",
                "--listen-client-urls http://127.0.0.1 | invalid value \"http://127.0.0.1\" for flag -listen-client-urls: URL address does not have the form \"host:port\": http://127.0.0.1",
                "--listen-client-urls http://127.0.0.1:1/path | invalid value \"http://127.0.0.1:1/path\" for flag -listen-client-urls: URL must not contain a path: http://127.0.0.1:1/path",
                "--listen-client-urls http://127.0.0.1:abc | invalid value \"http://127.0.0.1:abc\" for flag -listen-client-urls: parse \"http://127.0.0.1:abc\": invalid port \":abc\" after host",
                "--listen-client-urls http://[::1 | invalid value \"http://[::1\" for flag -listen-client-urls: parse \"http://[::1\": missing ']' in host",
                "--log-level zzz | invalid value \"zzz\" for flag -log-level: unrecognized level: \"zzz\"",
            })
    void aBadFlagIsRefusedInGosWords(String line, String message) {
        String first = refused(line).lines().findFirst().orElseThrow();
        assertEquals(message, first);
    }

    @ParameterizedTest
    @Tag("FX-09")
    @Tag("FX-12")
    @CsvSource(
            delimiter = '|',
            value = {
                "--eletion-timeout=5 | did you mean --election-timeout?",
                "--enable-v2 | the v2 API ended with etcd 3.5",
                "--experimental-corrupt-check-time=1h | use --corrupt-check-time",
                "--experimental-initial-corrupt-check | use --feature-gates=InitialCorruptCheck=true",
                "--debug | use --log-level=debug",
                "--ca-file=x | use --trusted-ca-file and --client-cert-auth",
            })
    @Tag("SD-66")
    void aFlagOfOtherReleasesOrASlipGetsAHint(String line, String hint) {
        List<String> lines = refused(line).lines().toList();
        assertTrue(lines.getFirst().startsWith("flag provided but not defined: -"));
        assertEquals(hint, lines.getLast());
    }

    @Test
    @Tag("EX-02")
    void flagsEndAtTheFirstArgumentWithoutDash() {
        Arguments parsed = parse("--name a foo --bar");
        assertEquals(Optional.of("foo"), parsed.positional());
        assertEquals("a", parsed.values().text("name"));
        assertEquals(Optional.of("-"), parse("-").positional());
    }

    @Test
    void aSwitchTakesNoNextArgument() {
        Arguments parsed = parse("--pre-vote maybe");
        assertTrue(parsed.values().bool("pre-vote"));
        assertEquals(Optional.of("maybe"), parsed.positional());
    }

    @Test
    void twoDashesEndTheFlags() {
        assertEquals(Optional.empty(), parse("--").positional());
        assertEquals(Optional.of("--name"), parse("-- --name").positional());
    }

    @Test
    void theLastOfSeveralValuesCountsAndSettingsAddUp() {
        Values values =
                parse("--name a --name b --storage-setting x.k=1 --storage-setting x.l=2").values();
        assertEquals("b", values.text("name"));
        assertEquals("{x={k=1, l=2}}", values.settings("storage-setting").toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"-h", "--help", "-help", "--h", "-h=false"})
    void helpWinsOverEverything(String flag) {
        assertTrue(parse("--name a " + flag + " --nonsense").help());
    }

    @Test
    @Tag("FX-07")
    void flagsOfLongAgoAreTaken() {
        Values values = parse("--force --vv --snapshot=3").values();
        assertTrue(values.isSet("vv") && values.isSet("snapshot"));
    }

    private static Arguments parse(String line) {
        return CommandLine.parse(Arrays.asList(line.split(" ")));
    }

    private static String refused(String line) {
        return assertThrows(UsageException.class, () -> parse(line)).getMessage();
    }
}
