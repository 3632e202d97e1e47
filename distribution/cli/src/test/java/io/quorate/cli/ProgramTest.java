package io.quorate.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A small tool with the habits of etcd's; the expected texts have cobra's layout. */
final class ProgramTest {
    private static final String AFTER_HELP = "That was all.";

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final List<Invocation> calls = new ArrayList<>();

    private int run(Map<String, String> environment, String... words) {
        out.reset();
        err.reset();
        Terminal terminal = new Terminal(new ByteArrayInputStream(new byte[0]), out, err);
        Command put =
                Command.leaf(
                                "put [options] <key>",
                                "Puts a key",
                                calls::add,
                                Flag.number("limit", "How many").withLetter("l"),
                                Flag.toggle("prefix", "All that begin so"),
                                Flag.text("order", "ASCEND or DESCEND")
                                        .withChoices("ASCEND", "DESCEND"))
                        .withGroup("Keys");
        Command member =
                Command.parent(
                                "member <subcommand>",
                                "Member commands",
                                "Commands of members",
                                Command.leaf(
                                        "list",
                                        "Lists members",
                                        call -> {
                                            throw new Exit(Exit.BAD_FEATURE, "no list");
                                        }))
                        .withGroup("Cluster");
        Command shell =
                Command.leaf("shell [a|b]", "Says a or b", calls::add)
                        .withChoices("a", "b")
                        .withGroup("Cluster");
        Command root =
                Command.parent("tool", "A tool.", "", put, member, shell)
                        .withInheritable(
                                Flag.of("endpoints", FlagType.STRINGS, "here", "Where")
                                        .withHidden(true),
                                Flag.toggle("hex", "In hex").withHidden(true),
                                Flag.of("timeout", FlagType.DURATION, "5s", "How long")
                                        .withHidden(true));
        return new Program(root, List.of("Keys", "Cluster"), AFTER_HELP, terminal, environment)
                .run(List.of(words));
    }

    private int run(String... words) {
        return run(Map.of(), words);
    }

    private String out() {
        return Bytes.of(out.toByteArray());
    }

    private String err() {
        return Bytes.of(err.toByteArray());
    }

    @Test
    @Tag("CT-01")
    void flagsStandAnywhereAndInAllForms() {
        assertEquals(
                0, run("--hex", "--endpoints=a,b", "put", "k", "-l5", "--endpoints", "c", "v"));
        FlagValues flags = calls.getLast().flags();
        assertTrue(flags.on("hex"));
        assertEquals(List.of("a", "b", "c"), flags.list("endpoints"));
        assertEquals(5, flags.number("limit"));
        assertEquals(List.of("k", "v"), calls.getLast().arguments());
        assertEquals(0, run("put", "-l=0x10", "--", "--hex", "-x"));
        assertEquals(16, calls.getLast().flags().number("limit"));
        assertEquals(List.of("--hex", "-x"), calls.getLast().arguments());
    }

    @Test
    @Tag("CT-05")
    void mistakenFlagsEndWithUsageAndCodeOne() {
        assertEquals(1, run("put", "--foo"));
        assertEquals(
                """
                Error: unknown flag: --foo
                Usage:
                  tool put [options] <key> [flags]

                Flags:
                  -h, --help           help for put
                  -l, --limit int      How many
                      --order string   ASCEND or DESCEND
                      --prefix         All that begin so

                """,
                err());
        assertEquals("", out());
        Map.of(
                        "put -q", "unknown shorthand flag: 'q' in -q",
                        "put --order", "flag needs an argument: --order",
                        "put -l", "flag needs an argument: 'l' in -l",
                        "put ---x", "bad flag syntax: ---x",
                        "put -lx",
                                "invalid argument \"x\" for \"-l, --limit\" flag:"
                                        + " strconv.ParseInt: parsing \"x\": invalid syntax",
                        "put --prefix=maybe",
                                "invalid argument \"maybe\" for \"--prefix\" flag:"
                                        + " strconv.ParseBool: parsing \"maybe\": invalid syntax",
                        "put --timeout 5",
                                "invalid argument \"5\" for \"--timeout\" flag: time: missing unit"
                                        + " in duration \"5\"")
                .forEach((line, message) -> {
                    assertEquals(1, run(line.split(" ")));
                    assertEquals("Error: " + message, err().lines().findFirst().orElseThrow());
                });
    }

    @Test
    @Tag("CT-05")
    void unknownCommandsAreAnsweredWithNearOnes() {
        assertEquals(1, run("pot", "k"));
        assertEquals(
                """
                Error: unknown command "pot" for "tool"

                Did you mean this?
                \tput

                Run 'tool --help' for usage.
                """,
                err());
        assertEquals(1, run("xxxxxxx"));
        assertEquals(
                "Error: unknown command \"xxxxxxx\" for \"tool\"\n"
                        + "Run 'tool --help' for usage.\n",
                err());
    }

    @Test
    @Tag("CT-18")
    void anEnDashIsNoFlag() {
        assertEquals(1, run(Bytes.ofText("–endpoints"), "put", "k"));
        assertTrue(err().startsWith(Bytes.ofText("Error: unknown command \"–endpoints\"")));
    }

    @Test
    @Tag("CT-15")
    void uniqueBeginningsNameCommands() {
        assertEquals(4, run("mem", "li"));
        assertEquals("Error: no list\n", err());
    }

    @Test
    @Tag("CT-16")
    @Tag("CT-62")
    void helpIsGroupedAndLeavesGlobalFlagsOut() {
        String expected =
                """
                A tool.

                Usage:
                  tool [command]

                Keys
                  put         Puts a key

                Cluster
                  help        Help about any command
                  member      Member commands
                  shell       Says a or b

                Use "tool [command] --help" for more information about a command.
                That was all.
                """;
        for (String[] words : new String[][] {{}, {"help"}, {"-h"}, {"--help"}}) {
            assertEquals(0, run(words));
            assertEquals(expected, out());
        }
        assertEquals(0, run("member"));
        assertEquals(
                """
                Commands of members

                Usage:
                  tool member [command]

                Available Commands:
                  list        Lists members

                Flags:
                  -h, --help   help for member

                Use "tool member [command] --help" for more information about a command.
                That was all.
                """,
                out());
        assertEquals(0, run("help", "foo"));
        assertTrue(err().startsWith("Unknown help topic [`foo`]\nUsage:\n  tool [command]\n"));
    }

    @Test
    @Tag("CT-60")
    void choicesAreTheOnlyArguments() {
        assertEquals(0, run("shell", "a"));
        assertEquals(1, run("shell", "c"));
        assertTrue(err().startsWith("Error: invalid argument \"c\" for \"tool shell\"\n"));
        assertEquals(1, run("shell"));
        assertTrue(err().startsWith("Error: accepts 1 arg(s), received 0\n"));
    }

    @Test
    @Tag("CT-60")
    void completionAnswersByCobrasProtocol() {
        Map.of(
                        List.of("__complete", "pu"), "put\tPuts a key\n:4\n",
                        List.of("__complete", "member", ""), "list\tLists members\n:4\n",
                        List.of("__complete", "put", "--p"), "--prefix\tAll that begin so\n:4\n",
                        List.of("__complete", "put", "--order", ""), "ASCEND\nDESCEND\n:0\n",
                        List.of("__complete", "put", "--order="), "ASCEND\nDESCEND\n:0\n",
                        List.of("__complete", "put", "k", ""), ":0\n",
                        List.of("__completeNoDesc", "shell", ""), "a\nb\n:4\n",
                        List.of("__complete", "foo", ""), ":0\n")
                .forEach((words, answer) -> {
                    assertEquals(0, run(words.toArray(String[]::new)));
                    assertEquals(answer, out(), words::toString);
                });
    }

    @Test
    @Tag("CT-03")
    void variablesSetTheFlagsThatTheCommandLineLeavesAlone() {
        Map<String, String> environment =
                Map.of("TOOL_HEX", "true", "TOOL_TIMEOUT", "no duration", "TOOL_FOO", "1");
        assertEquals(0, run(environment, "put", "k"));
        FlagValues flags = Environment.apply(calls.getLast(), "TOOL", Set.of());
        assertTrue(flags.on("hex"));
        assertEquals("5s", flags.text("timeout"), "a bad value is passed over");
        assertTrue(
                err().endsWith(
                                "\"msg\":\"unrecognized environment variable\","
                                        + "\"environment-variable\":\"TOOL_FOO=1\"}\n"),
                err());
    }

    @Test
    @Tag("CT-03")
    void aFlagAndItsVariableInOneCallAreAConflict() {
        assertEquals(0, run(Map.of("TOOL_HEX", "true"), "put", "k", "--hex"));
        Exit exit =
                assertThrows(
                        Exit.class, () -> Environment.apply(calls.getLast(), "TOOL", Set.of()));
        assertEquals(1, exit.code());
        assertTrue(
                err().contains("conflicting environment variable is shadowed by corresponding")
                        && err().contains("\"environment-variable\":\"TOOL_HEX\""),
                err());
    }
}
