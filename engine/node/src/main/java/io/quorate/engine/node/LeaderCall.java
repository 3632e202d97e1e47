package io.quorate.engine.node;

import io.quorate.engine.state.EtcdError;
import io.quorate.engine.state.EtcdException;
import io.quorate.engine.state.Member;

import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLSocketFactory;

/**
 * Asks the leader for what only it can do, by the pages of its peer addresses (PE-02). Blocks; to
 * be used on a virtual thread.
 */
final class LeaderCall {
    private static final int TEXT_BYTES_MAX = 64 << 10;
    private static final List<EtcdError> REFUSALS =
            List.of(
                    EtcdError.MEMBER_NOT_FOUND,
                    EtcdError.MEMBER_NOT_LEARNER,
                    EtcdError.LEARNER_NOT_READY,
                    EtcdError.NOT_ENOUGH_STARTED);

    private final Duration timeout;
    private final Optional<SSLSocketFactory> secure;

    /**
     * @param secure for peer URLs with https; empty for the JVM's own
     */
    LeaderCall(Duration timeout, Optional<SSLSocketFactory> secure) {
        this.timeout = timeout;
        this.secure = secure;
    }

    /**
     * Promotes a learner.
     *
     * @throws EtcdException what the leader refused it with
     * @throws IOException when it is not known whether the leader did it
     */
    void promote(Member leader, long learner) throws IOException {
        IOException last = new IOException("the leader has no peer URL");
        for (String url : leader.peerUrls()) {
            try {
                post(url + "/members/promote/" + Long.toUnsignedString(learner));
                return;
            } catch (IOException e) {
                last = e;
            }
        }
        throw last;
    }

    private void post(String address) throws IOException {
        HttpURLConnection connection =
                (HttpURLConnection) URI.create(address).toURL().openConnection();
        if (connection instanceof HttpsURLConnection https) {
            secure.ifPresent(https::setSSLSocketFactory);
        }
        connection.setConnectTimeout((int) timeout.toMillis());
        connection.setReadTimeout((int) timeout.toMillis());
        connection.setInstanceFollowRedirects(false);
        connection.setRequestProperty("Connection", "close");
        connection.setRequestMethod("POST");
        connection.setFixedLengthStreamingMode(0);
        connection.setDoOutput(true);
        try {
            connection.getOutputStream().close();
            int status = connection.getResponseCode();
            if (status != HttpURLConnection.HTTP_OK) {
                throw refusal(status, connection.getErrorStream());
            }
        } finally {
            connection.disconnect();
        }
    }

    private static EtcdException refusal(int status, InputStream body) throws IOException {
        String text =
                body == null
                        ? ""
                        : new String(body.readNBytes(TEXT_BYTES_MAX), StandardCharsets.UTF_8);
        for (EtcdError error : REFUSALS) {
            if (text.strip().equals(error.text())) {
                return error.exception();
            }
        }
        throw new IOException("the leader answered " + status + ": " + text.strip());
    }
}
