package io.quorate.launcher;

import io.quorate.api.tls.TlsFiles;
import io.quorate.api.tls.TlsRange;
import io.quorate.engine.node.TokenKind;
import io.quorate.engine.node.Upkeep;
import io.quorate.engine.node.Upkeep.AutoCompaction;
import io.quorate.engine.node.Upkeep.CompactionPace;
import io.quorate.engine.node.Upkeep.CorruptCheck;
import io.quorate.engine.server.ConfigException;
import io.quorate.engine.server.MemberUrl;
import io.quorate.engine.server.ServerConfig;
import io.quorate.engine.server.ServerConfig.Addresses;
import io.quorate.engine.server.ServerConfig.Auth;
import io.quorate.engine.server.ServerConfig.Bootstrap;
import io.quorate.engine.server.ServerConfig.Cluster;
import io.quorate.engine.server.ServerConfig.Limits;
import io.quorate.engine.server.ServerConfig.Machine;
import io.quorate.engine.server.ServerConfig.Mount;
import io.quorate.engine.server.ServerConfig.Raft;
import io.quorate.engine.server.ServerConfig.Security;
import io.quorate.engine.server.ServerConfig.Storage;
import io.quorate.engine.server.ServerConfig.Web;
import io.quorate.launcher.Flag.Support;
import io.quorate.launcher.GoValues.BadValue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * From flag values to the configuration of a server, with etcd's checks in etcd's order, so that of
 * several mistakes the same one is reported first.
 */
final class Configuration {
    private static final String DEFAULT_NAME = "default";
    private static final String DEFAULT_CLUSTER = "default=http://localhost:2380";

    private final Values values;
    private final boolean fromFile;
    private final Log log;

    private Configuration(Values values, boolean fromFile, Log log) {
        this.values = values;
        this.fromFile = fromFile;
        this.log = log;
    }

    /**
     * Sets the log up, checks everything and builds the configuration.
     *
     * @param fromFile whether a configuration file was read instead of flags and environment
     * @param home folder of the installation, whose {@code plugins} is the default for plugins
     * @throws ConfigException with the words for the operator
     */
    static ServerConfig build(Values values, boolean fromFile, Optional<Path> home, Log log) {
        return new Configuration(values, fromFile, log).build(home);
    }

    private ServerConfig build(Optional<Path> home) {
        if (values.text("discovery-fallback").equals("proxy")) {
            throw new ConfigException(
                    "v2 proxy is deprecated, and --discovery-fallback can't be configured as \"proxy\"");
        }
        logging();
        Addresses addresses = addresses();
        bootstrapChoices();
        Raft raft = raft();
        if (advertiseMissing()) {
            throw new ConfigException(
                    "--advertise-client-urls is required when --listen-client-urls is set explicitly");
        }
        checkModes();
        refuseLater();
        String name = values.text("name");
        warnOfName(name);
        TlsRange range = tlsRange();
        warnOfNoEffect();
        Addresses detected = detectHost(addresses);
        return new ServerConfig(
                name,
                dataDir(name),
                path("wal-dir"),
                detected,
                bootstrap(name, detected),
                raft,
                limits(),
                upkeep(),
                storage(home),
                values.text("grpc-mount").equals("helidon") ? Mount.HELIDON : Mount.CORE,
                cluster(),
                new Web(
                        new HashSet<>(values.list("cors")),
                        new HashSet<>(values.list("host-whitelist"))),
                security(range),
                auth(),
                new Machine(
                        values.bool("socket-reuse-port"),
                        values.bool("memory-mlock"),
                        values.number("bootstrap-defrag-threshold-megabytes")),
                FeatureGates.list(gates()));
    }

    private void logging() {
        switch (values.text("logger")) {
            case "zap" -> {}
            case "capnslog" -> throw new ConfigException("--logger=capnslog is removed in v3.5");
            default ->
                    throw new ConfigException(
                            "unknown logger option \"" + values.text("logger") + "\"");
        }
        Log.Settings settings =
                new Log.Settings(
                        Log.Level.parse(values.text("log-level")),
                        Log.Format.parse(values.text("log-format")));
        Optional<RotatingFile.Rules> rotation = Optional.empty();
        if (values.bool("enable-log-rotation")) {
            checkRotated(values.list("log-outputs"));
            rotation =
                    Optional.of(RotatingFile.Rules.parse(values.text("log-rotation-config-json")));
        }
        log.configure(settings, values.list("log-outputs"), rotation);
    }

    /** One file can be rotated, perhaps beside outputs that are no files. */
    private static void checkRotated(List<String> outputs) {
        Set<String> streams = Set.of("default", "stderr", "stdout");
        long files = outputs.stream().filter(output -> !streams.contains(output)).count();
        if (files == 1 || files == 0 && outputs.size() > 1) return;
        throw new ConfigException(
                "--log-outputs requires a single file path when --log-rotate-config-json is"
                        + " defined");
    }

    private Addresses addresses() {
        Addresses addresses =
                new Addresses(
                        urls("listen-peer-urls"),
                        urls("listen-client-urls"),
                        urls("listen-client-http-urls"),
                        urls("listen-metrics-urls"),
                        urls("initial-advertise-peer-urls"),
                        advertiseMissing() ? List.of() : urls("advertise-client-urls"));
        if (addresses.listenClientHttp().isEmpty()) {
            log.warn(
                    "Running http and grpc server on single port. This is not recommended for"
                            + " production.");
        }
        return addresses;
    }

    /** The URLs of a flag; an empty text stands for the default. */
    private List<MemberUrl> urls(String flag) {
        String text = values.text(flag);
        return MemberUrl.parseList(text.isEmpty() ? Flags.get(flag).fallback() : text);
    }

    /** On the command line, who listens must also say where clients find it. */
    private boolean advertiseMissing() {
        return !fromFile
                && values.isSet("listen-client-urls")
                && !values.isSet("advertise-client-urls");
    }

    private void bootstrapChoices() {
        boolean endpoints = !values.text("discovery-endpoints").isEmpty();
        boolean srv = !values.text("discovery-srv").isEmpty();
        boolean fixed =
                values.isSet("initial-cluster") && !values.text("initial-cluster").isEmpty();
        if ((endpoints ? 1 : 0) + (srv ? 1 : 0) + (fixed ? 1 : 0) > 1) {
            throw new ConfigException(
                    "multiple discovery or bootstrap flags are set. Choose one of"
                            + " \"initial-cluster\", \"discovery-endpoints\" or \"discovery-srv\"");
        }
        if (endpoints == values.text("discovery-token").isEmpty()) {
            throw new ConfigException(
                    "both --discovery-token and --discovery-endpoints must be set");
        }
    }

    private Raft raft() {
        return new Raft(
                values.number("snapshot-count"),
                values.number("snapshot-catchup-entries"),
                Duration.ofMillis(values.number("heartbeat-interval")),
                Duration.ofMillis(values.number("election-timeout")),
                values.bool("pre-vote"),
                FeatureGates.isOn("LeaseCheckpoint", gates()));
    }

    private String gates() {
        return FeatureGates.parse(values.text("feature-gates"));
    }

    private void checkModes() {
        String mode = values.text("auto-compaction-mode");
        if (mode.isEmpty()) throw new ConfigException("undefined auto-compaction-mode");
        if (!mode.equals("periodic") && !mode.equals("revision")) {
            throw new ConfigException("unknown auto-compaction-mode \"" + mode + "\"");
        }
        if (values.duration("compact-hash-check-time").compareTo(Duration.ZERO) <= 0) {
            throw new ConfigException(
                    "--compact-hash-check-time must be >0 (set to "
                            + GoValues.print(values.duration("compact-hash-check-time"))
                            + ")");
        }
    }

    /** Flags of etcd that this release does not have yet keep their default, or the start fails. */
    private void refuseLater() {
        FeatureGates.check(gates());
        for (String name : values.names()) {
            Flag flag = Flags.get(name);
            if (flag.support() != Support.LATER || flag.isDefault(values.text(name))) continue;
            String fallback = flag.shown().isEmpty() ? "empty" : flag.shown();
            throw new ConfigException(
                    "flag --"
                            + name
                            + " is not supported by this release yet; remove it or keep its default ("
                            + fallback
                            + ")");
        }
    }

    private void warnOfNoEffect() {
        if (values.isSet("max-snapshots")) {
            log.warn("--max-snapshots is deprecated in 3.6 and will be decommissioned in 3.8.");
        }
        if (values.isSet("v2-deprecation")) {
            log.warn(
                    "--v2-deprecation is deprecated and scheduled for removal in v3.8. The default"
                            + " value is enforced, ignoring user input.");
        }
        for (String name : values.names()) {
            Flag flag = Flags.get(name);
            if (flag.type() == Flag.Type.IGNORED) {
                log.warn("flag is no longer supported - ignoring", "flag-name", name);
            } else if (flag.support() == Support.HARMLESS && !flag.isDefault(values.text(name))) {
                log.warn(
                        "flag has no effect in this release",
                        "flag-name",
                        name,
                        "reason",
                        flag.note());
            }
        }
    }

    private void warnOfName(String name) {
        if (!name.equals(DEFAULT_NAME)) return;
        log.warn(
                "it isn't recommended to use default name, please set a value for --name. Note that"
                        + " etcd might run into issue when multiple members have the same default"
                        + " name",
                "name",
                name);
    }

    private TlsRange tlsRange() {
        try {
            return new TlsRange(
                    values.text("tls-min-version"),
                    values.text("tls-max-version"),
                    values.list("cipher-suites"));
        } catch (IllegalArgumentException e) {
            throw new ConfigException(e.getMessage(), e);
        }
    }

    private Security security(TlsRange range) {
        long years = values.number("self-signed-cert-validity");
        return new Security(
                tlsFiles("", "client-crl-file", List.of(), "client-cert-allowed-hostname", false),
                values.bool("auto-tls"),
                tlsFiles(
                        "peer-",
                        "peer-crl-file",
                        values.list("peer-cert-allowed-cn"),
                        "peer-cert-allowed-hostname",
                        values.bool("peer-skip-client-san-verification")),
                values.bool("peer-auto-tls"),
                fromFile && years == 0 ? 1 : years,
                range);
    }

    private TlsFiles tlsFiles(
            String prefix, String crl, List<String> names, String hosts, boolean skipClientSan) {
        return new TlsFiles(
                path(prefix + "cert-file"),
                path(prefix + "key-file"),
                path(prefix + "client-cert-file"),
                path(prefix + "client-key-file"),
                path(prefix + "trusted-ca-file"),
                values.bool(prefix + "client-cert-auth"),
                path(crl),
                names,
                values.list(hosts),
                skipClientSan,
                false);
    }

    /** CF-11: default advertised URLs are useless to others when all addresses are listened on. */
    private Addresses detectHost(Addresses addresses) {
        boolean peer =
                isDefault(addresses.advertisePeer(), "initial-advertise-peer-urls")
                        && listensEverywhere(addresses.listenPeer());
        boolean client =
                isDefault(addresses.advertiseClient(), "advertise-client-urls")
                        && listensEverywhere(addresses.listenClient());
        if (!peer && !client) return addresses;
        Optional<String> host = DefaultHost.find();
        if (host.isEmpty()) {
            log.info("failed to detect default host");
            return addresses;
        }
        log.info("detected default host for advertise", "host", host.get());
        return new Addresses(
                addresses.listenPeer(),
                addresses.listenClient(),
                addresses.listenClientHttp(),
                addresses.listenMetrics(),
                peer ? at(host.get(), addresses.listenPeer()) : addresses.advertisePeer(),
                client ? at(host.get(), addresses.listenClient()) : addresses.advertiseClient());
    }

    private static boolean isDefault(List<MemberUrl> urls, String flag) {
        return MemberUrl.texts(urls).equals(List.of(Flags.get(flag).fallback()));
    }

    private static boolean listensEverywhere(List<MemberUrl> urls) {
        return urls.getFirst().host().equals("0.0.0.0");
    }

    private static List<MemberUrl> at(String host, List<MemberUrl> listen) {
        return List.of(MemberUrl.parse("http://" + host + ":" + listen.getFirst().port()));
    }

    /** A member that is given a name alone is a cluster of itself. */
    private Bootstrap bootstrap(String name, Addresses addresses) {
        String cluster = values.text("initial-cluster");
        if (!name.equals(DEFAULT_NAME) && cluster.equals(DEFAULT_CLUSTER)) {
            String member = name.isEmpty() ? DEFAULT_NAME : name;
            StringBuilder pairs = new StringBuilder();
            for (MemberUrl url : addresses.advertisePeer()) {
                pairs.append(pairs.isEmpty() ? "" : ",").append(member).append('=').append(url);
            }
            cluster = pairs.toString();
        }
        return new Bootstrap(
                cluster,
                values.text("initial-cluster-state").equals("existing"),
                values.text("initial-cluster-token"));
    }

    private Cluster cluster() {
        String transport = values.text("transport");
        Map<String, Map<String, String>> settings = values.settings("transport-setting");
        for (String plugin : settings.keySet()) {
            if (plugin.equals(transport)) continue;
            throw new ConfigException(
                    "--transport-setting is about the transport \"%s\", but --transport is \"%s\""
                            .formatted(plugin, transport));
        }
        return new Cluster(
                transport,
                settings.getOrDefault(transport, Map.of()),
                values.bool("strict-reconfig-check"),
                count("max-learners"),
                values.bool("force-new-cluster"),
                values.bool("initial-election-tick-advance"));
    }

    private Auth auth() {
        try {
            return new Auth(
                    TokenKind.parse(
                            values.text("auth-token"),
                            Duration.ofSeconds(values.number("auth-token-ttl")),
                            Configuration::tokenLife),
                    count("bcrypt-cost"));
        } catch (IllegalArgumentException e) {
            throw new ConfigException(e.getMessage());
        }
    }

    private static Duration tokenLife(String text) {
        try {
            return GoValues.duration(text);
        } catch (GoValues.BadValue e) {
            throw new IllegalArgumentException(TokenKind.INVALID, e);
        }
    }

    private Limits limits() {
        return new Limits(
                count("max-request-bytes"),
                count("max-txn-ops"),
                values.number("max-concurrent-streams"),
                values.duration("grpc-keepalive-min-time"),
                values.duration("grpc-keepalive-interval"),
                values.duration("grpc-keepalive-timeout"),
                values.duration("warning-unary-request-duration"),
                values.duration("watch-progress-notify-interval"),
                values.text("metrics").equals("extensive"));
    }

    private Upkeep upkeep() {
        boolean compactions = FeatureGates.isOn("CompactHashCheck", gates());
        return new Upkeep(
                values.number("quota-backend-bytes"),
                autoCompaction(),
                new CorruptCheck(
                        FeatureGates.isOn("InitialCorruptCheck", gates()),
                        notNegative(values.duration("corrupt-check-time")),
                        compactions ? values.duration("compact-hash-check-time") : Duration.ZERO),
                compactionPace(),
                values.duration("warning-apply-duration"));
    }

    /** As in etcd, 0 is not set, and a negative interval none. */
    private CompactionPace compactionPace() {
        int rows = count("compaction-batch-limit");
        Duration pause = values.duration("compaction-sleep-interval");
        return new CompactionPace(
                rows <= 0 ? CompactionPace.DEFAULT.rows() : rows,
                pause.isZero() ? CompactionPace.DEFAULT.pause() : notNegative(pause));
    }

    private static Duration notNegative(Duration duration) {
        return duration.isNegative() ? Duration.ZERO : duration;
    }

    /** SE-60 to SE-62: a whole number means hours, or revisions. */
    private AutoCompaction autoCompaction() {
        String retention = values.text("auto-compaction-retention");
        boolean revisions = values.text("auto-compaction-mode").equals("revision");
        boolean whole = retention.matches("\\+?\\d{1,18}");
        Duration period;
        try {
            period =
                    whole
                            ? Duration.ofHours(Long.parseLong(retention))
                            : GoValues.duration(retention);
        } catch (BadValue | ArithmeticException e) {
            throw new ConfigException(
                    "error parsing CompactionRetention: time: invalid duration \""
                            + retention
                            + "\"",
                    e);
        }
        if (period.isNegative()) {
            throw new ConfigException(
                    "--auto-compaction-retention must be >=0 (set to " + retention + ")");
        }
        if (period.isZero()) return new AutoCompaction.Off();
        if (!revisions) return new AutoCompaction.Periodic(period);
        // As in etcd, a duration in the place of a number is its nanoseconds.
        return new AutoCompaction.Revisions(whole ? Long.parseLong(retention) : period.toNanos());
    }

    private int count(String flag) {
        long number = values.number(flag);
        if (number <= Integer.MAX_VALUE) return (int) number;
        throw new ConfigException("--" + flag + " must be at most " + Integer.MAX_VALUE);
    }

    private Storage storage(Optional<Path> home) {
        Map<String, Map<String, String>> settings = values.settings("storage-setting");
        return new Storage(
                values.text("storage-log"),
                values.text("storage-state"),
                settings,
                path("plugins-dir").or(() -> home.map(folder -> folder.resolve("plugins"))));
    }

    private Path dataDir(String name) {
        Optional<Path> given = path("data-dir");
        if (given.isPresent()) return given.get();
        String derived = name + ".etcd";
        log.warn("'data-dir' was empty; using default", "data-dir", derived);
        return Path.of(derived);
    }

    private Optional<Path> path(String flag) {
        String text = values.text(flag);
        if (text.indexOf('\0') >= 0)
            throw new ConfigException("--" + flag + " has a NUL character");
        return text.isEmpty() ? Optional.empty() : Optional.of(Path.of(text));
    }
}
