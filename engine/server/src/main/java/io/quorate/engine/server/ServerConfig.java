package io.quorate.engine.server;

import io.quorate.api.tls.TlsFiles;
import io.quorate.api.tls.TlsRange;
import io.quorate.engine.grpc.ServiceSettings;
import io.quorate.engine.node.ClusterSettings;
import io.quorate.engine.node.NodeConfig;
import io.quorate.engine.node.TokenKind;
import io.quorate.engine.node.Upkeep;
import io.quorate.engine.rest.Rest;

import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Everything a member is told when it starts. Immutable, and valid in itself: the constructors
 * refuse what can be refused without looking at the machine or at the data directory.
 *
 * @param name of the member (FL-01)
 * @param dataDir everything of the member lies below it (FL-02)
 * @param walDir directory of the Raft log when it has a disk of its own (FL-03)
 * @param upkeep quota, compaction by itself and corruption checks (FL-14, FL-53, FL-54, FL-92 to
 *     FL-94, FL-97)
 * @param features shown in the metrics; what they change stands in the other parts
 */
public record ServerConfig(
        String name,
        Path dataDir,
        Optional<Path> walDir,
        Addresses addresses,
        Bootstrap bootstrap,
        Raft raft,
        Limits limits,
        Upkeep upkeep,
        Storage storage,
        Mount mount,
        Cluster cluster,
        Web web,
        Security security,
        Auth auth,
        Machine machine,
        List<Feature> features) {
    public ServerConfig {
        features = List.copyOf(features);
    }

    /** A member that any browser and any host name may call. */
    public ServerConfig(
            String name,
            Path dataDir,
            Optional<Path> walDir,
            Addresses addresses,
            Bootstrap bootstrap,
            Raft raft,
            Limits limits,
            Upkeep upkeep,
            Storage storage,
            Mount mount,
            Cluster cluster) {
        this(
                name,
                dataDir,
                walDir,
                addresses,
                bootstrap,
                raft,
                limits,
                upkeep,
                storage,
                mount,
                cluster,
                Web.ANYBODY,
                Security.NONE,
                Auth.DEFAULT,
                Machine.DEFAULT,
                List.of());
    }

    /** A member with etcd's defaults for its upkeep and for all that concerns other members. */
    public ServerConfig(
            String name,
            Path dataDir,
            Optional<Path> walDir,
            Addresses addresses,
            Bootstrap bootstrap,
            Raft raft,
            Limits limits,
            Storage storage,
            Mount mount) {
        this(
                name,
                dataDir,
                walDir,
                addresses,
                bootstrap,
                raft,
                limits,
                Upkeep.DEFAULT,
                storage,
                mount,
                Cluster.DEFAULT);
    }

    /** Where the state and the log of the member lie. */
    public Path memberDir() {
        return dataDir.resolve("member");
    }

    Path logDir() {
        return walDir.orElseGet(() -> logDir(dataDir));
    }

    Path stateDir() {
        return stateDir(dataDir);
    }

    /** Where the log lies in a data directory. */
    static Path logDir(Path dataDir) {
        return dataDir.resolve("member").resolve("log");
    }

    /** Where the state lies in a data directory. */
    static Path stateDir(Path dataDir) {
        return dataDir.resolve("member").resolve("state");
    }

    /**
     * How users are told apart.
     *
     * @param tokens what they get for their password (FL-76, FL-78)
     * @param bcryptCost strength of the hashes of passwords (FL-77)
     */
    public record Auth(TokenKind tokens, int bcryptCost) {
        /** etcd's defaults. */
        public static final Auth DEFAULT =
                new Auth(TokenKind.DEFAULT, ServiceSettings.DEFAULT_BCRYPT_COST);
    }

    /**
     * What the member asks of the machine it runs on.
     *
     * @param reusePort whether other processes may listen on the same ports (FL-24)
     * @param lockMemory whether its memory must not be swapped (FL-13)
     * @param startDefragMegabytes disk space, in MiB, that must be won for a defragmentation at the
     *     start; 0 for none (FL-98)
     */
    public record Machine(boolean reusePort, boolean lockMemory, long startDefragMegabytes) {
        /** etcd's defaults. */
        public static final Machine DEFAULT = new Machine(false, false, 0);
    }

    /**
     * Who may call by plain HTTP.
     *
     * @param corsOrigins origins that browsers may call from; {@code *} for all (FL-73)
     * @param hostWhitelist names that requests may have in their Host header; {@code *} for all
     *     (FL-74)
     */
    public record Web(Set<String> corsOrigins, Set<String> hostWhitelist) {
        /** etcd's defaults. */
        public static final Web ANYBODY = new Web(Rest.ANY_ORIGIN, Rest.ANY_HOST);

        public Web {
            corsOrigins = Set.copyOf(corsOrigins);
            hostWhitelist = Set.copyOf(hostWhitelist);
        }
    }

    /**
     * Encryption of the client and of the peer addresses whose URLs ask for it.
     *
     * @param client keys of the client addresses (FL-56 to FL-61)
     * @param clientAuto whether the member makes them when there are none (FL-62)
     * @param peer keys of the peer addresses (FL-63 to FL-68, FL-70, FL-95)
     * @param peerAuto whether the member makes them when there are none (FL-69)
     * @param selfSignedYears how long keys that it makes are valid (FL-71)
     * @param range versions and cipher suites of both (FL-72, FL-75)
     */
    public record Security(
            TlsFiles client,
            boolean clientAuto,
            TlsFiles peer,
            boolean peerAuto,
            long selfSignedYears,
            TlsRange range) {
        /** No encryption; etcd's defaults. */
        public static final Security NONE =
                new Security(TlsFiles.NONE, false, TlsFiles.NONE, false, 1, TlsRange.DEFAULT);
    }

    /**
     * A feature gate as the metrics show it (FL-100).
     *
     * @param stage ALPHA or BETA
     */
    public record Feature(String name, String stage, boolean enabled) {}

    /** Which code serves gRPC on the client listeners. */
    public enum Mount {
        /** Our HTTP/2 connection. */
        CORE,
        /** Helidon's own gRPC routing. */
        HELIDON
    }

    /**
     * URLs to bind and to tell others (FL-08 to FL-10, FL-32, FL-36, FL-81).
     *
     * @param listenPeer at least one, bound to an IP address or {@code localhost}
     * @param listenClient likewise, or sockets of the file system
     * @param listenClientHttp for HTTP alone; where there are any, the others have gRPC alone
     * @param listenMetrics may be empty
     * @param advertisePeer host names are allowed
     * @param advertiseClient host names are allowed; may be empty
     */
    public record Addresses(
            List<MemberUrl> listenPeer,
            List<MemberUrl> listenClient,
            List<MemberUrl> listenClientHttp,
            List<MemberUrl> listenMetrics,
            List<MemberUrl> advertisePeer,
            List<MemberUrl> advertiseClient) {
        private static final Pattern IPV4 =
                Pattern.compile("((25[0-5]|2[0-4]\\d|1?\\d?\\d)(\\.(?!$)|$)){4}");

        public Addresses {
            listenPeer = List.copyOf(listenPeer);
            listenClient = List.copyOf(listenClient);
            listenClientHttp = List.copyOf(listenClientHttp);
            listenMetrics = List.copyOf(listenMetrics);
            advertisePeer = List.copyOf(advertisePeer);
            advertiseClient = List.copyOf(advertiseClient);
            bindable(listenPeer);
            bindable(listenClient);
            bindable(listenClientHttp);
            bindable(listenMetrics);
            for (MemberUrl url : listenClientHttp) {
                if (listenClient.stream().noneMatch(other -> sameSocket(url, other))) continue;
                throw new ConfigException(
                        "cannot bind both --listen-client-urls and --listen-client-http-urls on the"
                                + " same url "
                                + url);
            }
            reachable(advertisePeer, "--initial-advertise-peer-urls \"%s\" must be \"host:port\"");
            reachable(
                    advertiseClient,
                    "--advertise-client-urls \"%s\" must be in the format \"host:port\","
                            + " \"unix:/path/to/socket\" or \"unixs:/path/to/socket\"");
        }

        /** gRPC and HTTP on the same ports. */
        public Addresses(
                List<MemberUrl> listenPeer,
                List<MemberUrl> listenClient,
                List<MemberUrl> listenMetrics,
                List<MemberUrl> advertisePeer,
                List<MemberUrl> advertiseClient) {
            this(
                    listenPeer,
                    listenClient,
                    List.of(),
                    listenMetrics,
                    advertisePeer,
                    advertiseClient);
        }

        /** Those for clients, be it for gRPC, HTTP or both. */
        List<MemberUrl> listenAllClient() {
            return Stream.concat(listenClient.stream(), listenClientHttp.stream()).toList();
        }

        /** CF-08: names are refused, because which address they stand for may change. */
        private static void bindable(List<MemberUrl> urls) {
            for (MemberUrl url : urls) {
                if (url.local() || url.host().equals("localhost") || isAddress(url.host())) {
                    continue;
                }
                throw new ConfigException("expected IP in URL for binding (" + url.text() + ")");
            }
        }

        private static boolean sameSocket(MemberUrl one, MemberUrl other) {
            boolean chosen = one.local() || one.port() != 0;
            return chosen
                    && one.local() == other.local()
                    && one.hostPort().equals(other.hostPort());
        }

        private static boolean isAddress(String host) {
            return host.indexOf(':') >= 0 || IPV4.matcher(host).matches();
        }

        private static void reachable(List<MemberUrl> urls, String sentence) {
            for (MemberUrl url : urls) {
                if (!url.host().isEmpty()) continue;
                throw new ConfigException(
                        sentence.formatted(String.join(",", MemberUrl.texts(urls)))
                                + " (unexpected empty host ("
                                + url.text()
                                + "))");
            }
        }
    }

    /**
     * How a new data directory comes to its cluster; not read for one that has been used.
     *
     * @param initialCluster {@code name=url} pairs separated by commas (FL-33)
     * @param existing whether the cluster runs already (FL-34)
     * @param token FL-35
     */
    public record Bootstrap(String initialCluster, boolean existing, String token) {}

    /**
     * @param snapshotCount applied entries between two checkpoints of the state (FL-04)
     * @param catchUpEntries entries kept behind a checkpoint (FL-99)
     * @param heartbeat FL-05, positive
     * @param election FL-06, from five heartbeats to 50 s
     * @param preVote FL-52
     */
    public record Raft(
            long snapshotCount,
            long catchUpEntries,
            Duration heartbeat,
            Duration election,
            boolean preVote,
            boolean leaseCheckpoint) {
        private static final long ELECTION_MILLIS_MAX = 50_000;

        /** etcd's defaults. */
        public static final Raft DEFAULT =
                new Raft(
                        NodeConfig.DEFAULT_SNAPSHOT_COUNT,
                        NodeConfig.DEFAULT_CATCH_UP_ENTRIES,
                        NodeConfig.DEFAULT_TICK,
                        NodeConfig.DEFAULT_TICK.multipliedBy(NodeConfig.DEFAULT_ELECTION_TICKS),
                        true,
                        false);

        public Raft {
            long heartbeatMillis = heartbeat.toMillis();
            long electionMillis = election.toMillis();
            positive("--heartbeat-interval", heartbeatMillis);
            positive("--election-timeout", electionMillis);
            if (electionMillis / 5 < heartbeatMillis) {
                throw new ConfigException(
                        "--election-timeout[%dms] should be at least as 5 times as --heartbeat-interval[%dms]"
                                .formatted(electionMillis, heartbeatMillis));
            }
            if (electionMillis > ELECTION_MILLIS_MAX) {
                throw new ConfigException(
                        "--election-timeout[%dms] is too long, and should be set less than %dms"
                                .formatted(electionMillis, ELECTION_MILLIS_MAX));
            }
            if (snapshotCount < 1) {
                throw new ConfigException("--snapshot-count must be >0 (set to 0)");
            }
        }

        /** Heartbeats that go by without a leader before an election. */
        int electionTicks() {
            return (int) (election.toMillis() / heartbeat.toMillis());
        }

        private static void positive(String flag, long millis) {
            if (millis > 0) return;
            throw new ConfigException(flag + " must be >0 (set to " + millis + "ms)");
        }
    }

    /**
     * How the member lives with others.
     *
     * @param transport name of the plugin that carries messages between members
     * @param settings of that plugin
     * @param strictReconfigCheck whether membership changes that endanger the quorum are refused
     *     (FL-51)
     * @param maxLearners FL-98
     * @param forceNewCluster whether to go on alone with the data that is there (FL-101)
     * @param electionTickAdvance whether the first wait for a leader is shortened once the others
     *     are reached (FL-07)
     */
    public record Cluster(
            String transport,
            Map<String, String> settings,
            boolean strictReconfigCheck,
            int maxLearners,
            boolean forceNewCluster,
            boolean electionTickAdvance) {
        public static final String DEFAULT_TRANSPORT = "tcp";

        /** etcd's defaults. */
        public static final Cluster DEFAULT =
                new Cluster(
                        DEFAULT_TRANSPORT,
                        Map.of(),
                        true,
                        ClusterSettings.DEFAULT_MAX_LEARNERS,
                        false,
                        true);

        public Cluster {
            settings = Map.copyOf(settings);
            if (maxLearners < 1) {
                throw new ConfigException("--max-learners must be >0 (set to " + maxLearners + ")");
            }
        }
    }

    /**
     * What a client may ask for.
     *
     * @param requestBytesMax FL-19
     * @param txnOpsMax FL-18
     * @param concurrentStreamsMax of one connection (FL-20)
     * @param keepaliveMinTime what a client must leave between two pings (FL-21); zero asks for
     *     nothing
     * @param keepaliveInterval silence of a client after which the server pings (FL-22); zero never
     *     pings
     * @param keepaliveTimeout what the server then waits for before it closes (FL-23)
     * @param slowCall calls that take longer are logged (FL-88)
     * @param watchProgressInterval between two progress notifications of a quiet watch (FL-96)
     * @param extensiveMetrics whether the duration of every call is observed (FL-80)
     */
    public record Limits(
            int requestBytesMax,
            int txnOpsMax,
            long concurrentStreamsMax,
            Duration keepaliveMinTime,
            Duration keepaliveInterval,
            Duration keepaliveTimeout,
            Duration slowCall,
            Duration watchProgressInterval,
            boolean extensiveMetrics) {
        /** etcd's defaults. */
        public static final Limits DEFAULT =
                new Limits(
                        NodeConfig.DEFAULT_MAX_REQUEST_BYTES,
                        128,
                        0xffff_ffffL,
                        Duration.ofSeconds(5),
                        Duration.ofHours(2),
                        Duration.ofSeconds(20),
                        Duration.ofMillis(300),
                        Duration.ofMinutes(10),
                        false);
    }

    /**
     * @param log name of the plugin that holds the Raft log
     * @param state name of the plugin that holds the state
     * @param settings of plugins, by their name
     * @param plugins directory with one directory for each further plugin
     */
    public record Storage(
            String log,
            String state,
            Map<String, Map<String, String>> settings,
            Optional<Path> plugins) {
        public Storage {
            Map<String, Map<String, String>> copy = new HashMap<>();
            settings.forEach((plugin, values) -> copy.put(plugin, Map.copyOf(values)));
            settings = Map.copyOf(copy);
        }

        /** Both halves in one plugin, with its own defaults. */
        public static Storage of(String plugin) {
            return new Storage(plugin, plugin, Map.of(), Optional.empty());
        }
    }
}
