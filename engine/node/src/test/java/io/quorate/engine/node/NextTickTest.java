package io.quorate.engine.node;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

final class NextTickTest {
    private int attempts;
    private boolean fails;
    private final NextTick retry = new NextTick(this::attempt);

    private void attempt() {
        attempts++;
        if (fails) {
            retry.again();
        }
    }

    @Test
    void oneAttemptForEachTickUntilItSucceeds() {
        retry.tick();
        assertEquals(0, attempts, "nobody asked");
        fails = true;
        retry.again();
        retry.again();
        assertEquals(0, attempts, "not at once");
        retry.tick();
        assertEquals(1, attempts, "one for two that asked");
        retry.tick();
        assertEquals(2, attempts, "an attempt that fails asks for the next");
        fails = false;
        retry.tick();
        retry.tick();
        assertEquals(3, attempts);
    }
}
