package io.quorate.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.launcher.CommandLine.UsageException;
import io.quorate.launcher.Flag.Section;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * Each flag of etcd 3.7 has its name, type, default and variable here too, and does what {@code
 * flags.tsv} says: it works, is taken without effect, or is refused by name.
 */
class FlagTableTest {
    private final CapturedLog log = new CapturedLog();

    private record Row(String flag, String type, String fallback, String fate, String other) {
        static Row of(String line) {
            String[] cells = line.split("\t", -1);
            return new Row(cells[1], cells[2], cells[3], cells[4], cells[5]);
        }

        /** A value of the type that is not the default. */
        String another() {
            if (!other.isEmpty()) return other;
            return switch (type) {
                case "bool" -> fallback.equals("true") ? "false" : "true";
                case "uint", "uint32", "int" -> "7";
                case "duration" -> "7s";
                case "urls", "origins" -> "http://127.0.0.1:7";
                default -> "x";
            };
        }

        /** A value that is none of the type, and what Go says to it; empty where all texts are. */
        Optional<String[]> bad() {
            String invalid = "invalid value \"?\" for flag -" + flag + ": ";
            return switch (type) {
                case "bool" ->
                        refusal("invalid boolean value \"?\" for -" + flag + ": parse error");
                case "uint", "int", "duration" -> refusal(invalid + "parse error");
                case "uint32" ->
                        refusal(invalid + "strconv.ParseUint: parsing \"?\": invalid syntax");
                case "urls", "origins" ->
                        refusal(invalid + "URL scheme must be http, https, unix, or unixs: ?");
                case "gates" -> refusal(invalid + "missing bool value for ?");
                case "level" -> refusal(invalid + "unrecognized level: \"?\"");
                case "choice" -> refusal(invalid + "invalid value");
                default -> Optional.empty();
            };
        }

        private static Optional<String[]> refusal(String words) {
            return Optional.of(new String[] {"?", words});
        }
    }

    static Stream<Arguments> rows() throws IOException {
        try (InputStream file = FlagTableTest.class.getResourceAsStream("flags.tsv")) {
            String table = new String(file.readAllBytes(), StandardCharsets.UTF_8);
            return table
                    .lines()
                    .filter(line -> !line.startsWith("#"))
                    .map(Row::of)
                    .map(row -> Arguments.of(row.flag, row))
                    .toList()
                    .stream();
        }
    }

    @ParameterizedTest(name = "--{0}")
    @MethodSource("rows")
    void aFlagHasItsTypeAndItsDefault(String name, Row row) {
        Flag flag = Flags.get(name);
        assertTrue(flag.isDefault(row.fallback), name + " is " + flag.fallback());
        assertEquals("ETCD_" + name.toUpperCase().replace('-', '_'), flag.variable());
        assertEquals(row.type.equals("bool"), flag.type().isSwitch());
        assertFalse(
                row.type.matches("bool|u?int.*|duration") && flag.isDefault(row.another()), name);
        row.bad()
                .ifPresent(bad -> {
                    String said =
                            assertThrows(
                                            UsageException.class,
                                            () ->
                                                    CommandLine.parse(
                                                            List.of("--" + name + "=" + bad[0])))
                                    .getMessage();
                    assertTrue(said.startsWith(bad[1]), said);
                });
    }

    @ParameterizedTest(name = "--{0}")
    @MethodSource("rows")
    void anotherValueWorksOrIsTakenOrIsRefusedByName(String name, Row row) {
        Flag.Support support =
                switch (row.fate) {
                    case "works" -> Flag.Support.WORKS;
                    case "harmless" -> Flag.Support.HARMLESS;
                    case "refused" -> Flag.Support.LATER;
                    default -> throw new IllegalArgumentException(row.fate);
                };
        assertEquals(support, Flags.get(name).support(), name);
        List<String> line = List.of("--" + name + "=" + row.another());
        switch (support) {
            case WORKS -> {
                // What each of them changes has tests of its own.
            }
            case HARMLESS -> {
                assertTrue(launcher().configure(line, CommandLine.parse(line)).isPresent(), name);
                assertTrue(log.has("\"flag-name\":\"" + name + "\""), log.text());
            }
            case LATER -> {
                assertEquals(1, launcher().run(line), name);
                assertTrue(log.has("failed to verify flags", "--" + name), log.text());
            }
        }
    }

    @Test
    void noFlagOfEtcdIsMissingAndNoneIsMadeUp() throws IOException {
        Set<String> listed = new TreeSet<>();
        rows().forEach(row -> listed.add((String) row.get()[0]));
        List<String> ours = new ArrayList<>();
        for (Flag flag : Flags.ALL) {
            boolean own = flag.section() == Section.STORAGE || flag.name().equals("version");
            if (!own) ours.add(flag.name());
        }
        assertEquals(String.join("\n", listed), String.join("\n", ours.stream().sorted().toList()));
    }

    /** They are in etcd's help, and yet it does not know them. */
    @ParameterizedTest
    @Tag("FL-48")
    @ValueSource(strings = {"discovery", "discovery-proxy"})
    void flagsOfTheOldDiscoveryAreUnknown(String name) {
        String said =
                assertThrows(
                                UsageException.class,
                                () -> CommandLine.parse(List.of("--" + name + "=http://x:1")))
                        .getMessage();
        assertTrue(said.startsWith("flag provided but not defined: -" + name), said);
    }

    @Test
    @Tag("FL-100")
    void eachGateOfEtcdHasItsDefault() {
        assertEquals(
                "AllAlpha ALPHA false, AllBeta BETA false, CompactHashCheck ALPHA false,"
                        + " FastLeaseKeepAlive BETA true, InitialCorruptCheck ALPHA false,"
                        + " LeaseCheckpoint ALPHA false, LeaseCheckpointPersist ALPHA false,"
                        + " PriorityRequest ALPHA false, SetMemberLocalAddr ALPHA false,"
                        + " StopGRPCServiceOnDefrag ALPHA false, TxnModeWriteWithSharedBuffer BETA"
                        + " true",
                String.join(
                        ", ",
                        FeatureGates.list("").stream()
                                .map(gate ->
                                        gate.name() + " " + gate.stage() + " " + gate.enabled())
                                .toList()));
    }

    private Launcher launcher() {
        PrintStream nowhere = new PrintStream(new ByteArrayOutputStream());
        return new Launcher(Map.of(), Optional.empty(), log.log(), nowhere, nowhere);
    }
}
