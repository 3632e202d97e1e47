package io.quorate.engine.server;

import static java.lang.System.Logger.Level.ERROR;
import static java.lang.System.Logger.Level.INFO;
import static java.lang.System.Logger.Level.WARNING;

import io.helidon.webserver.WebServerConfig;
import io.helidon.webserver.http.HttpRouting;
import io.quorate.api.grpc.ConnectionSettings;
import io.quorate.api.grpc.Traffic;
import io.quorate.api.tls.CommonName;
import io.quorate.engine.grpc.GrpcMount;
import io.quorate.engine.grpc.GrpcSettings;
import io.quorate.engine.grpc.ServiceSettings;
import io.quorate.engine.grpc.Services;
import io.quorate.engine.metrics.Counter;
import io.quorate.engine.metrics.MetricRegistry;
import io.quorate.engine.node.ClusterSettings;
import io.quorate.engine.node.Node;
import io.quorate.engine.node.NodeConfig;
import io.quorate.engine.node.NodeListener;
import io.quorate.engine.node.RunningCluster;
import io.quorate.engine.node.StorageMetrics;
import io.quorate.engine.node.Version;
import io.quorate.engine.rest.Rest;
import io.quorate.engine.server.PluginRegistry.Found;
import io.quorate.spi.discovery.DiscoveryEnv;
import io.quorate.spi.discovery.DiscoveryException;
import io.quorate.spi.discovery.Founders;
import io.quorate.spi.plugin.Settings;
import io.quorate.spi.storage.StorageException;
import io.quorate.spi.transport.TransportException;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * A member as a library: storage, replica, services and listeners, put together and taken apart in
 * order. {@code bin/etcd} is this and a command line.
 *
 * <p>Start: addresses are tried, the data directory is looked at, storage is opened, the replica
 * starts, the peer addresses are bound, and once the member has published itself to its cluster the
 * client addresses are bound and {@link #ready} completes. Stop is the way back. Any thread.
 */
public final class EtcdServer implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger("io.quorate.engine.server");

    /** The one there is so far: members are listed by a flag. */
    private static final String STATIC_DISCOVERY = "static";

    /** What gRPC adds to a request, as etcd counts it (GS-04). */
    private static final int GRPC_OVERHEAD_BYTES = 512 * 1024;

    private static final Duration GRACE = Duration.ofSeconds(2);

    private final ServerConfig config;
    private final Secrets secrets;
    private final MetricRegistry metrics = new MetricRegistry();
    private final CompletableFuture<Void> ready = new CompletableFuture<>();
    private final CompletableFuture<Void> terminated = new CompletableFuture<>();
    private final AtomicBoolean closing = new AtomicBoolean();
    private final Stores stores;
    private final Node node;
    private final Rest rest;
    private final PeerPages pages = new PeerPages();
    private final PeerNetwork network;
    // Guarded by this: filled once the member has joined, emptied by close.
    private final List<Listener> clients = new ArrayList<>();
    private final List<Listener> httpClients = new ArrayList<>();
    private final List<Listener> metricsListeners = new ArrayList<>();
    private final List<GrpcMount> mounts = new ArrayList<>();

    private EtcdServer(
            ServerConfig config,
            PluginRegistry plugins,
            DataDirectory directory,
            InitialCluster cluster,
            Optional<RunningCluster> running,
            Secrets secrets) {
        this.config = config;
        this.secrets = secrets;
        CompletableFuture<Throwable> storageFailure = new CompletableFuture<>();
        StorageMetrics timings = new StorageMetrics(metrics);
        this.network =
                new PeerNetwork(
                        plugins.transport(config.cluster().transport()),
                        config.cluster().settings(),
                        config.addresses().listenPeer(),
                        config.machine().reusePort(),
                        secrets,
                        metrics,
                        pages);
        this.stores =
                Stores.open(
                        config.storage(),
                        directory,
                        plugins,
                        timings::observe,
                        storageFailure::complete);
        defragmentFirst();
        this.node = startNode(plugins, directory, cluster, running);
        storageFailure.thenAccept(node::fail);
        this.rest =
                new Rest(node, metrics, config.web().corsOrigins(), config.web().hostWhitelist());
        config.features().forEach(this::show);
    }

    /** FL-98. */
    private void defragmentFirst() {
        long megabytes = config.machine().startDefragMegabytes();
        if (megabytes == 0) return;
        try {
            StartDefrag.run(stores.state(), megabytes);
        } catch (RuntimeException | Error e) {
            stores.log().close();
            stores.state().close();
            stores.close();
            throw e;
        }
    }

    /** ME-10. */
    private void show(ServerConfig.Feature feature) {
        metrics.gauge(
                        "etcd_server_feature_enabled",
                        "Whether or not a feature is enabled. 1 is enabled, 0 is not.",
                        "name",
                        feature.name(),
                        "stage",
                        feature.stage())
                .set(feature.enabled() ? 1 : 0);
    }

    /**
     * A first start may have been cut off after it had named the member in the log, and before
     * anything else was written. Then this start is the first one again, by the configuration.
     */
    private Node startNode(
            PluginRegistry plugins,
            DataDirectory directory,
            InitialCluster cluster,
            Optional<RunningCluster> running) {
        boolean started = false;
        try {
            boolean again = !directory.fresh() && stores.untouched();
            InitialCluster founders = again ? cluster(config, plugins, true) : cluster;
            NodeConfig settings = nodeConfig(founders);
            Node replica =
                    Node.start(
                            settings,
                            clusterSettings(again ? running(config, founders, secrets) : running),
                            stores.log(),
                            stores.state(),
                            metrics,
                            new End());
            started = true;
            return replica;
        } catch (IllegalArgumentException | TransportException e) {
            throw new ConfigException(e.getMessage(), e);
        } finally {
            if (!started) stores.abandon();
        }
    }

    /**
     * Begins to load the classes of the web server, in a thread of its own: a process that is about
     * to {@link #start} serves its first call sooner by it. Not needed for anything else.
     */
    public static void preload() {
        Thread.ofPlatform().daemon().name("load-web-server").start(Listener::load);
    }

    /**
     * Starts a member. Returns when its replica runs and its peer addresses are bound; clients are
     * served when {@link #ready} completes, which takes a majority of the cluster.
     *
     * @throws ConfigException for a configuration that does not fit this machine, the data
     *     directory or itself; nothing was changed
     * @throws StorageException for storage that cannot be opened
     */
    public static EtcdServer start(ServerConfig config) {
        refuseUnserved(config);
        MachineLimits.check(config);
        ServerConfig.Addresses addresses = config.addresses();
        DataDirectory directory = DataDirectory.inspect(config);
        Secrets secrets = Secrets.of(config);
        if (config.machine().lockMemory()) MemoryLock.lock();
        boolean reusePort = config.machine().reusePort();
        LOG.log(
                INFO,
                "configuring peer listeners",
                Fields.of("listen-peer-urls", MemberUrl.texts(addresses.listenPeer())));
        Listener.probe(addresses.listenPeer(), reusePort);
        LOG.log(
                INFO,
                "configuring client listeners",
                Fields.of("listen-client-urls", MemberUrl.texts(addresses.listenClient())));
        Listener.probe(addresses.listenAllClient(), reusePort);
        Listener.probe(addresses.listenMetrics(), reusePort);
        PluginRegistry plugins = plugins(config);
        InitialCluster cluster = cluster(config, plugins, directory.fresh());
        logSettings(config, directory.fresh(), cluster);
        EtcdServer server =
                new EtcdServer(
                        config,
                        plugins,
                        directory,
                        cluster,
                        directory.fresh() ? running(config, cluster, secrets) : Optional.empty(),
                        secrets);
        try {
            server.servePeers();
        } catch (RuntimeException | Error e) {
            server.close();
            throw e;
        }
        server.node.ready().whenComplete(server::joined);
        return server;
    }

    /**
     * Completes when clients are served; exceptionally when the member ends before, or when a
     * client address cannot be bound.
     */
    public CompletableFuture<Void> ready() {
        return ready.copy();
    }

    /** Completes when the member has ended: normally after {@link #close}, else with the cause. */
    public CompletableFuture<Void> terminated() {
        return terminated.copy();
    }

    /** Where clients are served; ports that the system chose are filled in. Empty before ready. */
    public synchronized List<MemberUrl> clientUrls() {
        List<MemberUrl> urls = new ArrayList<>();
        for (Listener client : clients) urls.add(client.bound());
        return List.copyOf(urls);
    }

    /** The replica, for those who embed a server. It belongs to the server. */
    public Node node() {
        return node;
    }

    /**
     * Stops in order: no new calls, those in flight may end within a grace, then the replica and
     * its storage. A second call returns at once.
     */
    @Override
    public void close() {
        if (!closing.compareAndSet(false, true)) return;
        LOG.log(INFO, "closing etcd server", names());
        try {
            stopClients();
        } finally {
            try {
                node.close();
            } finally {
                stores.close();
                pages.close();
                for (String address : network.addresses()) {
                    LOG.log(INFO, "stopped serving peer traffic", Fields.of("address", address));
                }
                LOG.log(INFO, "closed etcd server", names());
                ready.cancel(false);
                terminated.complete(null);
            }
        }
    }

    private synchronized void stopClients() {
        // Watches would go on for ever: they end first, so that the grace is for the others.
        node.state().watches().close();
        List<CompletableFuture<Void>> stops = new ArrayList<>();
        for (GrpcMount mount : mounts) stops.add(mount.stop(GRACE));
        try {
            CompletableFuture.allOf(stops.toArray(CompletableFuture[]::new))
                    .get(GRACE.toMillis() + 500, TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            LOG.log(WARNING, "cutting calls that did not end in time", Fields.of("grace", GRACE));
        } catch (ExecutionException e) {
            LOG.log(ERROR, "a client connection did not end well", e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        for (Listener client : clients) client.close();
        for (Listener client : httpClients) client.close();
        for (Listener listener : metricsListeners) listener.close();
        for (GrpcMount mount : mounts) mount.close();
        clients.clear();
    }

    private void servePeers() {
        pages.start(rest);
        for (String address : network.addresses()) {
            LOG.log(INFO, "serving peer traffic", Fields.of("address", address));
        }
        Map<String, Object> fields =
                Fields.of("local-member-id", Long.toHexString(node.memberId()));
        fields.putAll(addresses());
        LOG.log(INFO, "now serving peer/client/metrics", fields);
    }

    /** Called once, by a thread of the replica: binding must not hold it up. */
    private void joined(Void nothing, Throwable failure) {
        if (failure != null) {
            ready.completeExceptionally(failure);
            return;
        }
        Thread.ofPlatform().name("serve-clients").start(this::serveClients);
    }

    private void serveClients() {
        try {
            synchronized (this) {
                if (closing.get()) return;
                ServerConfig.Addresses addresses = config.addresses();
                for (MemberUrl url : addresses.listenClient()) clients.add(client(url));
                for (MemberUrl url : addresses.listenClientHttp()) httpClients.add(pages(url));
                for (MemberUrl url : addresses.listenMetrics()) metrics(url);
                // Who waits for this line may connect at once.
                LOG.log(INFO, "ready to serve client requests");
                String shared = httpClients.isEmpty() ? "grpc+http" : "grpc";
                for (Listener client : clients) logTraffic(client, shared);
                for (Listener client : httpClients) logTraffic(client, "http");
            }
            ready.complete(null);
        } catch (RuntimeException | Error e) {
            ready.completeExceptionally(e);
            failed(e);
        }
    }

    /** gRPC, and plain HTTP where that has no addresses of its own (FL-10). */
    private Listener client(MemberUrl url) {
        HttpRouting.Builder routing = HttpRouting.builder();
        boolean pages = config.addresses().listenClientHttp().isEmpty();
        if (pages) rest.addTo(routing);
        return listen(
                url,
                routing,
                listener -> {
                    // Who does not speak HTTP/2 is then hung up on, as by etcd.
                    if (!pages) listener.protocols(List.of()).protocolsDiscoverServices(false);
                    mountGrpc(listener);
                });
    }

    /** Plain HTTP alone. */
    private Listener pages(MemberUrl url) {
        HttpRouting.Builder routing = HttpRouting.builder();
        rest.addTo(routing);
        return listen(url, routing, listener -> {});
    }

    private Listener listen(
            MemberUrl url, HttpRouting.Builder routing, Consumer<WebServerConfig.Builder> more) {
        return Listener.start(url, routing, secrets.client(), config.machine().reusePort(), more);
    }

    private static void logTraffic(Listener client, String traffic) {
        boolean secure = client.bound().secure();
        LOG.log(
                secure ? INFO : WARNING,
                secure
                        ? "serving client traffic securely"
                        : "serving client traffic insecurely; this is strongly discouraged!",
                Fields.of("traffic", traffic, "address", client.bound().hostPort()));
    }

    private void mountGrpc(WebServerConfig.Builder listener) {
        ServerConfig.Limits limits = config.limits();
        long streams = limits.concurrentStreamsMax();
        ConnectionSettings connection =
                ConnectionSettings.DEFAULTS
                        .withMaxMessageBytes(messageBytesMax(limits))
                        .withMaxConcurrentStreams(
                                streams == 0 ? ConnectionSettings.UNLIMITED_STREAMS : streams)
                        .withKeepAlive(
                                limits.keepaliveMinTime(),
                                limits.keepaliveInterval(),
                                limits.keepaliveTimeout());
        GrpcSettings.Mount mount =
                switch (config.mount()) {
                    case CORE -> GrpcSettings.Mount.QUORATE;
                    case HELIDON -> GrpcSettings.Mount.HELIDON;
                };
        ServiceSettings services =
                new ServiceSettings(
                        limits.requestBytesMax(),
                        limits.txnOpsMax(),
                        config.upkeep().effectiveQuotaBytes(),
                        limits.slowCall(),
                        limits.watchProgressInterval(),
                        limits.extensiveMetrics(),
                        config.auth().bcryptCost(),
                        config.security().client().clientCertAuth()
                                ? CommonName::of
                                : certificate -> Optional.empty());
        mounts.add(
                GrpcMount.install(
                        listener,
                        Services.all(node, services, metrics),
                        new GrpcSettings(mount, connection),
                        new ClientTraffic(metrics)));
    }

    private static int messageBytesMax(ServerConfig.Limits limits) {
        return (int)
                Math.min(Integer.MAX_VALUE, (long) limits.requestBytesMax() + GRPC_OVERHEAD_BYTES);
    }

    private void metrics(MemberUrl url) {
        HttpRouting.Builder routing = HttpRouting.builder();
        rest.addMetricsTo(routing);
        Listener listener = listen(url, routing, server -> {});
        metricsListeners.add(listener);
        LOG.log(INFO, "serving metrics", Fields.of("address", listener.bound().text()));
    }

    private void failed(Throwable cause) {
        ready.completeExceptionally(cause);
        terminated.completeExceptionally(cause);
    }

    /** How the end of the replica reaches those who run this server. */
    private final class End implements NodeListener {
        @Override
        public void failed(Throwable cause) {
            EtcdServer.this.failed(cause);
        }

        /** EX-03: nothing is wrong with the process, so it ends in order. */
        @Override
        public void removed() {
            Thread.ofPlatform().name("stop-removed-member").start(EtcdServer.this::close);
        }
    }

    private ClusterSettings clusterSettings(Optional<RunningCluster> running) {
        ServerConfig.Cluster cluster = config.cluster();
        return new ClusterSettings(
                Optional.of(network),
                cluster.strictReconfigCheck(),
                cluster.maxLearners(),
                running,
                cluster.forceNewCluster(),
                cluster.electionTickAdvance());
    }

    /** The cluster that a new member joins; empty when it founds one. */
    private static Optional<RunningCluster> running(
            ServerConfig config, InitialCluster cluster, Secrets secrets) {
        if (config.bootstrap().existing()) {
            return Optional.of(Joining.join(config.name(), cluster, secrets.peer()));
        }
        Joining.refuseBootstrapped(config.name(), cluster, secrets.peer());
        return Optional.empty();
    }

    private NodeConfig nodeConfig(InitialCluster cluster) {
        ServerConfig.Raft raft = config.raft();
        return new NodeConfig(
                config.name(),
                MemberUrl.texts(config.addresses().advertiseClient()),
                MemberUrl.texts(config.addresses().advertisePeer()),
                cluster.urls(),
                cluster.token(),
                raft.snapshotCount(),
                NodeConfig.DEFAULT_CHECKPOINT_BYTES,
                raft.catchUpEntries(),
                NodeConfig.DEFAULT_LOG_BYTES_MAX,
                raft.heartbeat(),
                raft.electionTicks(),
                config.limits().requestBytesMax(),
                raft.preVote(),
                raft.leaseCheckpoint(),
                config.upkeep(),
                config.auth().tokens());
    }

    private static PluginRegistry plugins(ServerConfig config) {
        PluginRegistry plugins = PluginRegistry.load(config.storage().plugins());
        for (Found plugin : plugins.all()) {
            LOG.log(
                    INFO,
                    "found storage plugin",
                    Fields.of(
                            "name",
                            plugin.name(),
                            "parts",
                            plugin.halves(),
                            "version",
                            plugin.version(),
                            "location",
                            plugin.location()));
        }
        return plugins;
    }

    /** The members to begin with; a data directory that has been used knows them by itself. */
    private static InitialCluster cluster(
            ServerConfig config, PluginRegistry plugins, boolean fresh) {
        List<MemberUrl> own = config.addresses().advertisePeer();
        String token = config.bootstrap().token();
        if (!fresh) return InitialCluster.of(config.name(), own, token);
        Map<String, String> settings =
                Map.of(
                        "initial-cluster",
                        config.bootstrap().initialCluster(),
                        "initial-cluster-token",
                        token);
        var asking =
                new Asking(
                        config.name(),
                        MemberUrl.texts(own),
                        new Settings("discovery " + STATIC_DISCOVERY, settings));
        try {
            Founders founders = plugins.discovery(STATIC_DISCOVERY).find(asking);
            InitialCluster cluster = InitialCluster.of(founders);
            cluster.check(config.name(), own);
            return cluster;
        } catch (DiscoveryException | IllegalArgumentException e) {
            throw new ConfigException(e.getMessage(), e);
        }
    }

    private record Asking(String name, List<String> peerUrls, Settings settings)
            implements DiscoveryEnv {}

    private static void refuseUnserved(ServerConfig config) {
        for (MemberUrl url : config.addresses().listenPeer()) {
            if (url.local()) {
                throw new ConfigException(
                        "cannot listen on "
                                + url
                                + ": sockets of the file system are for clients; for peers use"
                                + " http or https");
            }
        }
    }

    /** PK-20: what support asks for first. */
    private static void logSettings(ServerConfig config, boolean fresh, InitialCluster cluster) {
        ServerConfig.Raft raft = config.raft();
        ServerConfig.Limits limits = config.limits();
        Map<String, Object> fields =
                Fields.of(
                        "etcd-version",
                        Version.ETCD,
                        "java-version",
                        System.getProperty("java.version"),
                        "java-vm",
                        System.getProperty("java.vm.name"),
                        "os",
                        System.getProperty("os.name"),
                        "arch",
                        System.getProperty("os.arch"),
                        "max-cpu-available",
                        Runtime.getRuntime().availableProcessors(),
                        "max-heap-bytes",
                        Runtime.getRuntime().maxMemory(),
                        "member-initialized",
                        !fresh,
                        "name",
                        config.name(),
                        "data-dir",
                        config.dataDir(),
                        "wal-dir",
                        config.walDir().map(Object::toString).orElse(""),
                        "member-dir",
                        config.memberDir(),
                        "storage-log",
                        config.storage().log(),
                        "storage-state",
                        config.storage().state(),
                        "heartbeat-interval",
                        raft.heartbeat(),
                        "election-timeout",
                        raft.heartbeat().multipliedBy(raft.electionTicks()),
                        "snapshot-count",
                        raft.snapshotCount(),
                        "snapshot-catchup-entries",
                        raft.catchUpEntries());
        fields.putAll(addresses(config));
        fields.putAll(
                Fields.of(
                        "initial-cluster",
                        fresh ? cluster.toString() : "",
                        "initial-cluster-state",
                        config.bootstrap().existing() ? "existing" : "new",
                        "initial-cluster-token",
                        config.bootstrap().token(),
                        "max-request-bytes",
                        limits.requestBytesMax(),
                        "max-txn-ops",
                        limits.txnOpsMax(),
                        "max-concurrent-streams",
                        limits.concurrentStreamsMax(),
                        "quota-backend-bytes",
                        config.upkeep().quotaBytes(),
                        "auto-compaction",
                        config.upkeep().autoCompaction().toString(),
                        "corrupt-check",
                        config.upkeep().corruptCheck().toString(),
                        "pre-vote",
                        raft.preVote(),
                        "grpc-mount",
                        config.mount().name().toLowerCase(Locale.ROOT)));
        LOG.log(INFO, "starting an etcd server", fields);
    }

    private Map<String, Object> addresses() {
        return addresses(config);
    }

    private static Map<String, Object> addresses(ServerConfig config) {
        ServerConfig.Addresses addresses = config.addresses();
        return Fields.of(
                "initial-advertise-peer-urls",
                MemberUrl.texts(addresses.advertisePeer()),
                "listen-peer-urls",
                MemberUrl.texts(addresses.listenPeer()),
                "advertise-client-urls",
                MemberUrl.texts(addresses.advertiseClient()),
                "listen-client-urls",
                MemberUrl.texts(addresses.listenClient()),
                "listen-client-http-urls",
                MemberUrl.texts(addresses.listenClientHttp()),
                "listen-metrics-urls",
                MemberUrl.texts(addresses.listenMetrics()));
    }

    private Map<String, Object> names() {
        return Fields.of(
                "name",
                config.name(),
                "data-dir",
                config.dataDir(),
                "advertise-peer-urls",
                MemberUrl.texts(config.addresses().advertisePeer()),
                "advertise-client-urls",
                MemberUrl.texts(config.addresses().advertiseClient()));
    }

    /** ME-27. */
    private static final class ClientTraffic implements Traffic {
        private final Counter received;
        private final Counter sent;

        private ClientTraffic(MetricRegistry metrics) {
            received =
                    metrics.counter(
                            "etcd_network_client_grpc_received_bytes_total",
                            "The total number of bytes received from grpc clients.");
            sent =
                    metrics.counter(
                            "etcd_network_client_grpc_sent_bytes_total",
                            "The total number of bytes sent to grpc clients.");
        }

        @Override
        public void received(int bytes) {
            received.add(bytes);
        }

        @Override
        public void sent(int bytes) {
            sent.add(bytes);
        }
    }
}
