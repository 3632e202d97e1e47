package io.quorate.engine.node;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLSocketFactory;

/** Requests to the pages of other members' peer addresses. They block. Any thread. */
final class PeerRequests {
    private static final int TEXT_BYTES_MAX = 64 << 10;

    /** The keys of a lease may be in it. */
    private static final int ANSWER_BYTES_MAX = 100 << 20;

    private final Duration timeout;
    private final Optional<SSLSocketFactory> secure;

    /**
     * @param timeout for a connection and for each part of an answer
     * @param secure for URLs with https; empty for the JVM's own
     */
    PeerRequests(Duration timeout, Optional<SSLSocketFactory> secure) {
        this.timeout = timeout;
        this.secure = secure;
    }

    /** An answer other than 200. */
    static final class Refused extends IOException {
        private static final long serialVersionUID = 1;

        private final String text;

        private Refused(int status, String text) {
            super("the member answered " + status + ": " + text);
            this.text = text;
        }

        /** What it says, without white space around it. */
        String text() {
            return text;
        }
    }

    /**
     * @throws Refused for any answer but 200
     * @throws IOException when there is none
     */
    byte[] get(String address, Map<String, String> headers) throws IOException {
        HttpURLConnection connection = connection(address, headers);
        try {
            return answer(connection);
        } finally {
            connection.disconnect();
        }
    }

    /**
     * @throws Refused for any answer but 200
     * @throws IOException when there is none
     */
    byte[] post(String address, byte[] body, Map<String, String> headers) throws IOException {
        HttpURLConnection connection = connection(address, headers);
        connection.setRequestProperty("Content-Type", "application/protobuf");
        connection.setRequestMethod("POST");
        connection.setFixedLengthStreamingMode(body.length);
        connection.setDoOutput(true);
        try {
            try (OutputStream out = connection.getOutputStream()) {
                out.write(body);
            }
            return answer(connection);
        } finally {
            connection.disconnect();
        }
    }

    private HttpURLConnection connection(String address, Map<String, String> headers)
            throws IOException {
        HttpURLConnection connection =
                (HttpURLConnection) URI.create(address).toURL().openConnection();
        if (connection instanceof HttpsURLConnection https) {
            secure.ifPresent(https::setSSLSocketFactory);
        }
        connection.setConnectTimeout((int) timeout.toMillis());
        connection.setReadTimeout((int) timeout.toMillis());
        connection.setInstanceFollowRedirects(false);
        connection.setRequestProperty("Connection", "close");
        headers.forEach(connection::setRequestProperty);
        return connection;
    }

    private static byte[] answer(HttpURLConnection connection) throws IOException {
        int status = connection.getResponseCode();
        if (status != HttpURLConnection.HTTP_OK) {
            throw new Refused(status, text(connection.getErrorStream()));
        }
        try (InputStream in = connection.getInputStream()) {
            return in.readNBytes(ANSWER_BYTES_MAX);
        }
    }

    private static String text(InputStream body) throws IOException {
        return body == null
                ? ""
                : new String(body.readNBytes(TEXT_BYTES_MAX), StandardCharsets.UTF_8).strip();
    }
}
