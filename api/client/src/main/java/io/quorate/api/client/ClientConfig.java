package io.quorate.api.client;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ThreadFactory;
import java.util.function.Consumer;

/**
 * How a {@link Client} reaches its cluster.
 *
 * @param endpoints {@code http://host:port}, {@code https://host:port} or {@code host:port}; at
 *     least one. Calls go round them; one that does not answer is left out for a while
 * @param tls for https endpoints and those without a scheme; without it https uses the JVM's trust
 * @param credentials user and password, exchanged for a token before the first call
 * @param connectTimeout for one endpoint: name look-up, connection and TLS handshake
 * @param callTimeout deadline of each unary call, with its retries; zero for none
 * @param keepAliveInterval quiet time after which open calls are checked with a PING; zero for
 *     never. Below 10 s counts as 10 s, because servers punish more
 * @param keepAliveTimeout how long to wait for an answer to it
 * @param maxSendBytes largest request
 * @param maxReceiveBytes largest response message
 * @param requireLeader whether a member without a leader shall refuse calls and end watches, rather
 *     than serve what it has
 * @param retries attempts after the first, for calls that may be repeated
 * @param retryBackoff mean wait before another attempt, from the second round over all endpoints
 * @param threads makes the threads that connect and read, one for each connection and for each
 *     short task; virtual ones unless told otherwise
 */
public record ClientConfig(
        List<String> endpoints,
        Optional<Tls> tls,
        Optional<Credentials> credentials,
        Duration connectTimeout,
        Duration callTimeout,
        Duration keepAliveInterval,
        Duration keepAliveTimeout,
        int maxSendBytes,
        int maxReceiveBytes,
        boolean requireLeader,
        int retries,
        Duration retryBackoff,
        ThreadFactory threads) {

    /**
     * A user of the cluster.
     *
     * @param user name
     * @param password may be empty
     */
    public record Credentials(String user, String password) {
        public Credentials {
            Objects.requireNonNull(user, "user");
            Objects.requireNonNull(password, "password");
        }

        @Override
        public String toString() {
            return "Credentials[" + user + "]";
        }
    }

    public ClientConfig {
        endpoints = List.copyOf(endpoints);
        Objects.requireNonNull(tls, "tls");
        Objects.requireNonNull(credentials, "credentials");
        Objects.requireNonNull(threads, "threads");
        if (endpoints.isEmpty()) {
            throw new IllegalArgumentException("no endpoints");
        }
        for (String endpoint : endpoints) {
            Endpoint.parse(endpoint, tls.isPresent());
        }
        if (connectTimeout.isNegative() || connectTimeout.isZero()) {
            throw new IllegalArgumentException("connectTimeout must be positive");
        }
        if (callTimeout.isNegative()
                || keepAliveInterval.isNegative()
                || keepAliveTimeout.isNegative()
                || retryBackoff.isNegative()) {
            throw new IllegalArgumentException("a duration is negative");
        }
        if (maxSendBytes < 1 || maxReceiveBytes < 1 || retries < 0) {
            throw new IllegalArgumentException("a limit is out of range");
        }
    }

    /** clientv3's defaults: 2 MiB to send, no limit to receive, no call timeout, no PINGs. */
    public static ClientConfig of(String... endpoints) {
        return new ClientConfig(
                List.of(endpoints),
                Optional.empty(),
                Optional.empty(),
                Duration.ofSeconds(5),
                Duration.ZERO,
                Duration.ZERO,
                Duration.ofSeconds(20),
                2 << 20,
                Integer.MAX_VALUE,
                false,
                100,
                Duration.ofMillis(25),
                Thread.ofVirtual().name("quorate-client-", 0).factory());
    }

    public ClientConfig withEndpoints(List<String> to) {
        return with(copy -> copy.endpoints = to);
    }

    public ClientConfig withTls(Tls settings) {
        return with(copy -> copy.tls = Optional.of(settings));
    }

    public ClientConfig withCredentials(String user, String password) {
        return with(copy -> copy.credentials = Optional.of(new Credentials(user, password)));
    }

    public ClientConfig withTimeouts(Duration connect, Duration call) {
        return with(copy -> {
            copy.connectTimeout = connect;
            copy.callTimeout = call;
        });
    }

    public ClientConfig withKeepAlive(Duration interval, Duration timeout) {
        return with(copy -> {
            copy.keepAliveInterval = interval;
            copy.keepAliveTimeout = timeout;
        });
    }

    public ClientConfig withLimits(int sendBytes, int receiveBytes) {
        return with(copy -> {
            copy.maxSendBytes = sendBytes;
            copy.maxReceiveBytes = receiveBytes;
        });
    }

    public ClientConfig withRequireLeader(boolean require) {
        return with(copy -> copy.requireLeader = require);
    }

    public ClientConfig withRetries(int attempts, Duration backoff) {
        return with(copy -> {
            copy.retries = attempts;
            copy.retryBackoff = backoff;
        });
    }

    public ClientConfig withThreads(ThreadFactory factory) {
        return with(copy -> copy.threads = factory);
    }

    private ClientConfig with(Consumer<Copy> change) {
        Copy copy = new Copy(this);
        change.accept(copy);
        return copy.toConfig();
    }

    /** A configuration while it is changed. */
    private static final class Copy {
        private List<String> endpoints;
        private Optional<Tls> tls;
        private Optional<Credentials> credentials;
        private Duration connectTimeout;
        private Duration callTimeout;
        private Duration keepAliveInterval;
        private Duration keepAliveTimeout;
        private int maxSendBytes;
        private int maxReceiveBytes;
        private boolean requireLeader;
        private int retries;
        private Duration retryBackoff;
        private ThreadFactory threads;

        private Copy(ClientConfig from) {
            endpoints = from.endpoints;
            tls = from.tls;
            credentials = from.credentials;
            connectTimeout = from.connectTimeout;
            callTimeout = from.callTimeout;
            keepAliveInterval = from.keepAliveInterval;
            keepAliveTimeout = from.keepAliveTimeout;
            maxSendBytes = from.maxSendBytes;
            maxReceiveBytes = from.maxReceiveBytes;
            requireLeader = from.requireLeader;
            retries = from.retries;
            retryBackoff = from.retryBackoff;
            threads = from.threads;
        }

        private ClientConfig toConfig() {
            return new ClientConfig(
                    endpoints,
                    tls,
                    credentials,
                    connectTimeout,
                    callTimeout,
                    keepAliveInterval,
                    keepAliveTimeout,
                    maxSendBytes,
                    maxReceiveBytes,
                    requireLeader,
                    retries,
                    retryBackoff,
                    threads);
        }
    }
}
