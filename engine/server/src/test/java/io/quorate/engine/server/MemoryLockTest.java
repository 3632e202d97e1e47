package io.quorate.engine.server;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.util.List;

@Tag("FL-13")
class MemoryLockTest {
    private static final String LIMIT =
            "Max locked memory         %s              %s     bytes     ";

    @Test
    void whoMayLockSomeMemoryOnlyIsRefusedWithWhatToDo() {
        ConfigException refused =
                assertThrows(ConfigException.class, () -> check("8388608", "00000000a80425fb"));
        assertTrue(refused.getMessage().contains("may lock 8388608 bytes only"));
        assertTrue(refused.getMessage().contains("LimitMEMLOCK=infinity"));
    }

    @Test
    void noLimitOrTheCapabilityWillDo() {
        check("unlimited", "0000000000000000");
        check("8388608", "0000000000004000");
    }

    private static void check(String limit, String capabilities) {
        MemoryLock.checkLimit(
                List.of("Max file size             1 1 bytes", LIMIT.formatted(limit, limit)),
                List.of("Name:\tjava", "CapEff:\t" + capabilities));
    }
}
