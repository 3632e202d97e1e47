package io.quorate.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

final class OptionsTest {
    private static Options parse(String line) {
        return Options.parse(List.of(line.split(" ")));
    }

    @Test
    void everythingHasADefaultButTheServer() {
        Options options = parse("load --server ours=bin/etcd");
        assertEquals(List.of(new Options.Server("ours", Path.of("bin/etcd"))), options.servers());
        assertEquals(List.of(new Setup(4, 64, 16, 256, 10_000, 0, 1)), options.setups());
        assertEquals(Duration.ofSeconds(5), options.warmUp());
        assertEquals(Duration.ofSeconds(10), options.duration());
        assertEquals(3, options.rounds());
        assertEquals(Optional.empty(), options.json());
    }

    @Test
    void listsAreCombinedAndNobodyHasMoreConnectionsThanClients() {
        Options options =
                parse("load --server a=b --clients 1,100 --value-bytes 256,1024 --connections 10");
        assertEquals(
                List.of(
                        "1 client",
                        "100 clients",
                        "1 client, values of 1,024 B",
                        "100 clients, values of 1,024 B"),
                options.setups().stream().map(Setup::title).toList());
        assertEquals(1, options.setup().connections());
    }

    @Test
    void everyCommandHasATimeForTheProgressBar() {
        for (Options.Mode mode : Options.Mode.values()) {
            Options options = parse(mode.command() + " --server a=b");
            assertEquals(mode, options.mode());
            assertTrue(options.unitSeconds() > 0 && options.unitSeconds() < 600, mode.command());
        }
    }

    @Test
    void everyOtherRoundBeginsWithTheSecondServer() {
        Options options = parse("load --server a=1 --server b=2");
        assertEquals("a", options.inRound(0).getFirst().name());
        assertEquals("b", options.inRound(1).getFirst().name());
    }

    @Test
    void theCommandLineIsToldWithoutPathsOfTheMachine() {
        Options options = parse("load --server a=/x/etcd --dir /fast --clients 7 --json y.json");
        assertEquals("load --server a=… --clients 7", options.commandLine());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "lode                                            | no command lode",
                "load                                            | one --server or two",
                "load --server x                                 | NAME=FILE",
                "load --server a=1 --server a=2                  | both servers are named a",
                "load --server a=1 --clients                     | --clients needs a value",
                "load --server a=1 --clients many                | --clients needs a number",
                "load --server a=1 --clients 0                   | --clients must be at least 1",
                "load --server a=1 --client 1                    | no option --client",
                "load --server a=1 --keys 1000000 --key-bytes 6  | --key-bytes is too small",
                "load --server a=1 --workloads put,get           | no workload get; there are put",
                "load --server a=1 --workloads prefix --keys 999 | --keys 1000 or more",
                "load --server a=1 --target some                 | --target is all or leader",
                "failover --server a=1 --members 2               | 3 members or more",
            })
    void aMistakeIsNamed(String line, String message) {
        Exception thrown = assertThrows(IllegalArgumentException.class, () -> parse(line.trim()));
        assertTrue(thrown.getMessage().contains(message), thrown.getMessage());
    }

    @Test
    void aStoragePluginThatIsNotThereIsNamedWithThoseThatAre() {
        StorageOptions options = StorageOptions.parse(List.of("--backend", "fiel"));
        Exception thrown =
                assertThrows(IllegalArgumentException.class, () -> StateRun.run(options));
        String message = thrown.getMessage();
        assertTrue(message.startsWith("no storage plugin \"fiel\"; found: file, "), message);
    }
}
