package io.quorate.ctl;

import io.quorate.api.client.ClientConfig;
import io.quorate.api.client.Tls;
import io.quorate.cli.Bytes;
import io.quorate.cli.Environment;
import io.quorate.cli.Exit;
import io.quorate.cli.Flag;
import io.quorate.cli.FlagValues;
import io.quorate.cli.GoText;
import io.quorate.cli.Invocation;
import io.quorate.cli.Terminal;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * One run of a command against a cluster: global flags and variables, where to connect, how to
 * print.
 */
final class Session {
    static final String LOGGER = "etcd-client";
    private static final String HEALTH_LOGGER = "client";

    private static final int SEND_BYTES = 2 << 20;
    private static final Duration RETRY_BACKOFF = Duration.ofMillis(50);

    /** What the command reads itself, so that it is not warned of. */
    private static final Set<String> WATCH_VARIABLES =
            Set.of("ETCDCTL_WATCH_KEY", "ETCDCTL_WATCH_RANGE_END");

    private final Invocation call;
    private final FlagValues flags;
    private final ClientConfig config;
    private final Printer printer;

    private Session(Invocation call, FlagValues flags, ClientConfig config, Printer printer) {
        this.call = call;
        this.flags = flags;
        this.config = config;
        this.printer = printer;
    }

    /**
     * Reads the variables and checks all global flags; connects to nothing.
     *
     * @throws Exit for what the tool refuses
     */
    static Session open(Invocation call) {
        boolean watch = call.command().name().equals("watch");
        FlagValues flags =
                Environment.apply(
                        call, GlobalFlags.VARIABLE_PREFIX, watch ? WATCH_VARIABLES : Set.of());
        if (flags.on("debug")) printVariables(call, flags);
        ClientConfig config = config(flags, call.terminal());
        Printer printer = Printer.of(flags.text("write-out"), flags.on("hex"), call.terminal());
        return new Session(call, flags, config, printer);
    }

    private static void printVariables(Invocation call, FlagValues flags) {
        call.inherited().stream()
                .map(Flag::name)
                .sorted(Comparator.naturalOrder())
                .forEach(name ->
                        call.terminal()
                                .error(
                                        Environment.variable(GlobalFlags.VARIABLE_PREFIX, name)
                                                + "="
                                                + flags.text(name)));
    }

    Printer printer() {
        return printer;
    }

    Terminal terminal() {
        return call.terminal();
    }

    FlagValues flags() {
        return flags;
    }

    ClientConfig config() {
        return config;
    }

    List<String> endpoints() {
        return config.endpoints();
    }

    /** Above zero: to the client zero would be no limit, to etcdctl it is one that has passed. */
    Duration timeout() {
        Duration given = flags.duration("command-timeout");
        return given.isPositive() ? given : Duration.ofNanos(1);
    }

    /** The cluster, with {@code --command-timeout} for each call. */
    Cluster cluster() {
        return cluster(config, timeout());
    }

    /** The cluster, with all the time it takes. */
    Cluster patientCluster() {
        return cluster(config, Duration.ZERO);
    }

    /** The cluster for watches: a member that has lost its leader shall say so. */
    Cluster watchingCluster() {
        return cluster(config.withRequireLeader(true), Duration.ZERO);
    }

    /** Another cluster, with all the time it takes. */
    Cluster patientCluster(ClientConfig other) {
        return cluster(other, Duration.ZERO);
    }

    /** One member alone. */
    Cluster member(String endpoint) {
        return cluster(config.withEndpoints(List.of(endpoint)), timeout());
    }

    /** As {@link #member}, for a question about its health, which etcdctl logs by another name. */
    Cluster memberForHealth(String endpoint) {
        return cluster(config.withEndpoints(List.of(endpoint)), timeout(), HEALTH_LOGGER);
    }

    private Cluster cluster(ClientConfig where, Duration timeout) {
        return cluster(where, timeout, LOGGER);
    }

    private Cluster cluster(ClientConfig where, Duration timeout, String logger) {
        return new Cluster(
                where.withTimeouts(where.connectTimeout(), timeout), call.terminal(), logger);
    }

    // ---- from flags to a configuration

    private static ClientConfig config(FlagValues flags, Terminal terminal) {
        List<String> endpoints = endpoints(flags, terminal);
        TlsFiles files = TlsFiles.of(flags);
        Optional<ClientConfig.Credentials> credentials =
                Credentials.of(flags.text("user"), flags.text("password"), "Password: ", terminal);
        ClientConfig config =
                ClientConfig.of("127.0.0.1:2379")
                        .withTimeouts(flags.duration("dial-timeout"), Duration.ZERO)
                        .withKeepAlive(
                                flags.duration("keepalive-time"),
                                flags.duration("keepalive-timeout"))
                        .withLimits(
                                limit(flags.number("max-request-bytes"), SEND_BYTES),
                                limit(flags.number("max-recv-bytes"), Integer.MAX_VALUE))
                        .withRetries(Integer.MAX_VALUE, RETRY_BACKOFF)
                        .withThreads(ClientThreads::create);
        return complete(config, endpoints, files, credentials);
    }

    /** The same limits for another cluster: where {@code make-mirror} writes to. */
    ClientConfig configOf(
            String endpoint, TlsFiles files, Optional<ClientConfig.Credentials> credentials) {
        ClientConfig bare =
                ClientConfig.of("127.0.0.1:2379")
                        .withTimeouts(config.connectTimeout(), Duration.ZERO)
                        .withKeepAlive(config.keepAliveInterval(), config.keepAliveTimeout())
                        .withLimits(config.maxSendBytes(), config.maxReceiveBytes())
                        .withRetries(config.retries(), config.retryBackoff())
                        .withThreads(ClientThreads::create);
        return complete(bare, List.of(endpoint), files, credentials);
    }

    private static ClientConfig complete(
            ClientConfig config,
            List<String> endpoints,
            TlsFiles files,
            Optional<ClientConfig.Credentials> credentials) {
        ClientConfig whole = config;
        Optional<Tls> tls = files.tls();
        if (tls.isPresent()) whole = whole.withTls(tls.get());
        if (credentials.isPresent()) {
            whole = whole.withCredentials(credentials.get().user(), credentials.get().password());
        }
        try {
            return whole.withEndpoints(endpoints);
        } catch (IllegalArgumentException badEndpoint) {
            throw new Exit(Exit.BAD_CONNECTION, Bytes.ofText(badEndpoint.getMessage()));
        }
    }

    private static int limit(long given, int otherwise) {
        return given <= 0 ? otherwise : (int) Math.min(given, Integer.MAX_VALUE);
    }

    private static List<String> endpoints(FlagValues flags, Terminal terminal) {
        String domain = flags.text("discovery-srv");
        if (!domain.isEmpty()) {
            List<String> found = ServiceRecords.endpoints(domain, flags.text("discovery-srv-name"));
            if (flags.on("insecure-discovery")) return found;
            List<String> secure = new ArrayList<>();
            for (String endpoint : found) {
                if (endpoint.startsWith("http://")) {
                    terminal.error(
                            "ignoring discovered insecure endpoint " + GoText.quote(endpoint));
                } else {
                    secure.add(endpoint);
                }
            }
            if (!secure.isEmpty()) return secure;
        }
        return flags.list("endpoints").stream().map(String::strip).toList();
    }

    /**
     * The files of a TLS connection.
     *
     * @param wanted whether the connection is secure even without files
     * @param serverName the name the server's certificate must have; may be empty
     */
    record TlsFiles(
            String cert,
            String key,
            String cacert,
            boolean wanted,
            boolean skipVerify,
            String serverName) {

        static TlsFiles of(FlagValues flags) {
            for (String name : List.of("cert", "key", "cacert")) {
                if (flags.given(name) && flags.text(name).isEmpty()) {
                    throw Exit.badArguments("empty string is passed to --" + name + " option");
                }
            }
            // The name of the SRV domain is checked only where SRV records must be secure.
            String name = flags.on("insecure-discovery") ? "" : flags.text("discovery-srv");
            return new TlsFiles(
                    flags.text("cert"),
                    flags.text("key"),
                    flags.text("cacert"),
                    !flags.on("insecure-transport"),
                    flags.on("insecure-skip-tls-verify"),
                    name);
        }

        Optional<Tls> tls() {
            boolean files = !(cert.isEmpty() && key.isEmpty() && cacert.isEmpty());
            if (!files && serverName.isEmpty() && !wanted) return Optional.empty();
            if (cert.isEmpty() != key.isEmpty()) {
                throw Exit.badArguments(
                        "KeyFile and CertFile must both be present[key: "
                                + key
                                + ", cert: "
                                + cert
                                + "]");
            }
            return Optional.of(
                    new Tls(
                            file(cacert),
                            file(cert),
                            file(key),
                            skipVerify,
                            serverName.isEmpty() ? Optional.empty() : Optional.of(serverName)));
        }

        private static Optional<Path> file(String name) {
            if (name.isEmpty()) return Optional.empty();
            Path path = Path.of(Bytes.toText(name));
            if (!Files.exists(path)) {
                throw Exit.badArguments("open " + name + ": no such file or directory");
            }
            if (!Files.isReadable(path)) {
                throw Exit.badArguments("open " + name + ": permission denied");
            }
            return Optional.of(path);
        }
    }
}
