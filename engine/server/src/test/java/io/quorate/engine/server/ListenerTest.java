package io.quorate.engine.server;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.helidon.webserver.http.HttpRouting;

import org.junit.jupiter.api.Test;

final class ListenerTest {
    /** With Nagle's algorithm one answer in some hundred came 40 ms late. */
    @Test
    void answersDoNotWaitForAcknowledgements() {
        var config = Listener.builder(HttpRouting.builder()).buildPrototype();
        assertTrue(config.connectionOptions().tcpNoDelay());
    }
}
