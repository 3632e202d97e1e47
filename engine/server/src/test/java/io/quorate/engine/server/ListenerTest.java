package io.quorate.engine.server;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.helidon.webserver.http.HttpRouting;

import org.junit.jupiter.api.Test;

final class ListenerTest {
    /** Without it ranges of a thousand keys took 20 ms each, of which the server worked for one. */
    @Test
    void theEndOfALongAnswerDoesNotWaitForAnAcknowledgement() {
        assertTrue(
                Listener.builder(HttpRouting.builder())
                        .buildPrototype()
                        .connectionOptions()
                        .tcpNoDelay());
    }
}
