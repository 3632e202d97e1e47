package io.quorate.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

final class AllRunTest {
    private static final AllRun.Order ORDER =
            new AllRun.Order(
                    Path.of("ours"),
                    Path.of("theirs"),
                    Path.of("out"),
                    Path.of("page"),
                    AllRun.USUAL_TIME,
                    Optional.empty());

    private static double seconds(double factor) {
        return AllRun.plan(ORDER, factor).stream()
                .mapToDouble(options -> options.rounds() * 2 * options.unitSeconds())
                .sum();
    }

    @Test
    void everythingFitsIntoItsTime() {
        assertTrue(seconds(1) < AllRun.USUAL_TIME.toSeconds(), seconds(1) + " s");
        assertTrue(seconds(0.2) < 0.6 * seconds(1), seconds(0.2) + " s");
    }

    @Test
    void lessTimeMakesWindowsShorterButNotClientsFewer() {
        Options whole = AllRun.plan(ORDER, 1).get(1);
        Options short1 = AllRun.plan(ORDER, 0.01).get(1);
        assertEquals(Duration.ofSeconds(4), whole.duration());
        assertEquals(Duration.ofSeconds(1), short1.duration());
        assertEquals(100, short1.setup().clients());
        assertEquals(List.of("ours", "etcd"), short1.serverNames());
        assertEquals(Optional.of(Duration.ofSeconds(7)), short1.within(7.2).budget());
    }

    @Test
    void aProgramThatIsNotThereIsNamed() {
        Path home = Path.of("/nowhere/benchmarks");
        assertTrue(message(List.of(), home).contains("--etcd FILE"));
        assertTrue(message(List.of("--etcd", "/bin/sh"), home).contains("--ours: no program"));
        assertTrue(
                message(List.of("--etcd", "/no/etcd", "--ours", "/bin/sh"), home)
                        .contains("--etcd: no program /no/etcd"));
    }

    private static String message(List<String> args, Path home) {
        return assertThrows(IllegalArgumentException.class, () -> AllRun.Order.parse(args, home))
                .getMessage();
    }
}
