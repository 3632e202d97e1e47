package io.quorate.engine.node;

import io.quorate.engine.state.EtcdError;
import io.quorate.engine.state.EtcdException;
import io.quorate.engine.state.Member;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
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

    /** The keys of a lease may be in it. */
    private static final int ANSWER_BYTES_MAX = 100 << 20;

    private static final byte[] NOTHING = {};

    /** What the pages of leases say in place of etcd's usual text. */
    private static final String LEASE_NOT_FOUND = "lease not found";

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
        String page = "/members/promote/" + Long.toUnsignedString(learner);
        ask(leader, url -> post(url + page, NOTHING));
    }

    /**
     * Renews a lease; the seconds that it lives on, 0 when there is none.
     *
     * @throws IOException when the leader did not answer, or leads no more
     */
    long renew(Member leader, long lease) throws IOException {
        try {
            byte[] request = LeaseMessages.renewal(lease);
            return LeaseMessages.ttl(ask(leader, url -> post(url + "/leases", request)));
        } catch (FileNotFoundException e) {
            return 0;
        }
    }

    /**
     * How long a lease still lives, empty when there is none.
     *
     * @throws IOException when the leader did not answer, or leads no more
     */
    Optional<LeaseTime> timeToLive(Member leader, long lease) throws IOException {
        try {
            byte[] request = LeaseMessages.question(lease);
            return Optional.of(
                    LeaseMessages.time(
                            ask(leader, url -> post(url + "/leases/internal", request))));
        } catch (FileNotFoundException e) {
            return Optional.empty();
        }
    }

    private interface Asking {
        byte[] at(String url) throws IOException;
    }

    /** The answer at the first peer URL that gives one. */
    private static byte[] ask(Member leader, Asking asking) throws IOException {
        IOException last = new IOException("the leader has no peer URL");
        for (String url : leader.peerUrls()) {
            try {
                return asking.at(url);
            } catch (FileNotFoundException e) {
                throw e;
            } catch (IOException e) {
                last = e;
            }
        }
        throw last;
    }

    private byte[] post(String address, byte[] body) throws IOException {
        HttpURLConnection connection =
                (HttpURLConnection) URI.create(address).toURL().openConnection();
        if (connection instanceof HttpsURLConnection https) {
            secure.ifPresent(https::setSSLSocketFactory);
        }
        connection.setConnectTimeout((int) timeout.toMillis());
        connection.setReadTimeout((int) timeout.toMillis());
        connection.setInstanceFollowRedirects(false);
        connection.setRequestProperty("Connection", "close");
        connection.setRequestProperty("Content-Type", "application/protobuf");
        connection.setRequestMethod("POST");
        connection.setFixedLengthStreamingMode(body.length);
        connection.setDoOutput(true);
        try {
            try (OutputStream out = connection.getOutputStream()) {
                out.write(body);
            }
            int status = connection.getResponseCode();
            if (status != HttpURLConnection.HTTP_OK) {
                throw refusal(status, connection.getErrorStream());
            }
            try (InputStream in = connection.getInputStream()) {
                return in.readNBytes(ANSWER_BYTES_MAX);
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
        if (text.strip().equals(LEASE_NOT_FOUND)) {
            throw new FileNotFoundException(LEASE_NOT_FOUND);
        }
        for (EtcdError error : REFUSALS) {
            if (text.strip().equals(error.text())) {
                return error.exception();
            }
        }
        throw new IOException("the leader answered " + status + ": " + text.strip());
    }
}
