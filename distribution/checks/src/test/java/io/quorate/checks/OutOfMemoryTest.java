package io.quorate.checks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A member that finds no memory ends at once; with more of it, it has all that it promised. */
@Timeout(300)
final class OutOfMemoryTest {
    private static final String OPTIONS = "QUORATE_JAVA_OPTS";

    /** What the JVM ends with by -XX:+ExitOnOutOfMemoryError. */
    private static final int EXIT_NO_HEAP = 3;

    @RegisterExtension final Members members = Members.perTest();

    @Test
    @Tag("T31")
    void heapThatRunsOutInAnApplyEndsTheProcess() {
        Member member =
                members.create("small", Binaries.ours(), "--storage-state=memory")
                        .with(OPTIONS, "-Xms32m -Xmx64m");
        member.start();
        List<String> acknowledged = new ArrayList<>();
        String value = "x".repeat(1_000_000);
        // A member that is short of heap may be too slow for one put and take the next.
        for (int i = 0; member.isAlive() && i < 200; i++) {
            if (put(member, "key" + i, value).exit() == 0) acknowledged.add("key" + i);
        }
        assertEquals(EXIT_NO_HEAP, member.awaitExit(), member::report);
        assertTrue(member.log().contains("java.lang.OutOfMemoryError: Java heap space"));
        assertTrue(acknowledged.size() > 3, acknowledged::toString);
        member.with(OPTIONS, "-Xmx1g").start();
        // Applied anew from its log.
        for (String key : acknowledged) assertEquals(value, get(member, key));
    }

    @Test
    @Tag("T31")
    void directMemoryThatRunsOutInTheLogEndsTheProcess() {
        Member member =
                members.create("small", Binaries.ours())
                        .with(OPTIONS, "-XX:MaxDirectMemorySize=1100k");
        member.start();
        assertEquals(0, put(member, "small", "value").exit());
        assertNotEquals(0, put(member, "large", "x".repeat(1_400_000)).exit());
        assertEquals(1, member.awaitExit(), member::report);
        assertTrue(member.log().contains("bytes of direct buffer memory"), member::report);
        member.with(OPTIONS, "-Xmx1g").start();
        assertEquals("value", get(member, "small"));
        assertEquals(0, put(member, "large", "x".repeat(1_400_000)).exit());
    }

    private static Exec.Outcome put(Member member, String key, String value) {
        return ctl(member, value, "put", key, "--command-timeout=20s");
    }

    private static String get(Member member, String key) {
        return ctl(member, "", "get", key, "--print-value-only", "--command-timeout=20s")
                .out()
                .strip();
    }

    private static Exec.Outcome ctl(Member member, String stdin, String... words) {
        List<String> command = new ArrayList<>();
        command.add(Binaries.etcdctl37().toString());
        command.add("--endpoints=" + member.endpoint());
        command.addAll(List.of(words));
        return Exec.run(command, Map.of(), stdin);
    }
}
