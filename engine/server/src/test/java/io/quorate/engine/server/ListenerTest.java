package io.quorate.engine.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.helidon.webserver.http.HttpRouting;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;

final class ListenerTest {
    /** With Nagle's algorithm one answer in some hundred came 40 ms late. */
    @Test
    void answersDoNotWaitForAcknowledgements() {
        var config = Listener.builder(HttpRouting.builder()).buildPrototype();
        assertTrue(config.connectionOptions().tcpNoDelay());
    }

    /** The web server only logs that; a member went on and said that it serves its clients. */
    @Test
    @Tag("EX-10")
    void anAddressThatWasTakenMeanwhileIsRefusedInEtcdsWords() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            String address = "127.0.0.1:" + taken.getLocalPort();
            MemberUrl url = MemberUrl.parse("http://" + address);
            ConfigException refused =
                    assertThrows(
                            ConfigException.class,
                            () ->
                                    Listener.start(
                                            url,
                                            HttpRouting.builder(),
                                            Optional.empty(),
                                            false,
                                            config -> {}));
            assertEquals(
                    "listen tcp " + address + ": bind: address already in use",
                    refused.getMessage());
        }
    }

    @Test
    @Tag("HT-23")
    @Timeout(60)
    void whoDoesNotComeToTheEndOfAHeadIsHungUpOn() throws Exception {
        assertEquals(Duration.ofMinutes(5), Listener.READ_HEAD);
        MemberUrl any = MemberUrl.parse("http://127.0.0.1:0");
        try (Listener listener =
                        Listener.start(
                                any,
                                HttpRouting.builder().get("/", (to, answer) -> answer.send("ok")),
                                Optional.empty(),
                                false,
                                Duration.ofMillis(1500),
                                config -> {});
                Socket slow = new Socket("127.0.0.1", listener.bound().port());
                Socket quick = new Socket("127.0.0.1", listener.bound().port())) {
            slow.setSoTimeout(50_000);
            quick.setSoTimeout(50_000);
            for (int request = 0; request < 2; request++) {
                // Between two requests one may wait.
                if (request == 1) assertEquals(-1, slow.getInputStream().read());
                write(quick, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
                if (request == 0) write(slow, "GET / HTTP/1.1\r\nHost: x\r\n");
                assertEquals("HTTP/1.1 200 OK\r\n", firstLine(quick));
            }
        }
    }

    /** The first line of an answer, of which the rest is read too. */
    private static String firstLine(Socket socket) throws IOException {
        StringBuilder answer = new StringBuilder();
        while (!answer.toString().endsWith("\r\n\r\nok")) {
            int next = socket.getInputStream().read();
            if (next < 0) return answer + " and the end";
            answer.append((char) next);
        }
        return answer.substring(0, answer.indexOf("\n") + 1);
    }

    private static void write(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
    }
}
