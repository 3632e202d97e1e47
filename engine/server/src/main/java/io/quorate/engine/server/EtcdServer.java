package io.quorate.engine.server;

import static java.lang.System.Logger.Level.INFO;

import io.quorate.engine.metrics.MetricRegistry;
import io.quorate.engine.node.ClusterSettings;
import io.quorate.engine.node.Node;
import io.quorate.engine.node.NodeConfig;
import io.quorate.engine.node.NodeListener;
import io.quorate.engine.node.RunningCluster;
import io.quorate.engine.node.StorageMetrics;
import io.quorate.engine.rest.Rest;
import io.quorate.engine.server.PluginRegistry.Found;
import io.quorate.spi.storage.StorageException;
import io.quorate.spi.transport.TransportException;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;

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
    private final ClientListeners clients;

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
        this.clients = new ClientListeners(config, secrets, node, rest, metrics, closing::get);
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
            InitialCluster founders = again ? Discovery.find(config, plugins, true) : cluster;
            NodeConfig settings = nodeConfig(founders);
            Node replica =
                    Node.start(
                            settings,
                            clusterSettings(
                                    again ? Joining.running(config, founders, secrets) : running),
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
        InitialCluster cluster = Discovery.find(config, plugins, directory.fresh());
        LoggedSettings.log(config, directory.fresh(), cluster);
        EtcdServer server =
                new EtcdServer(
                        config,
                        plugins,
                        directory,
                        cluster,
                        directory.fresh()
                                ? Joining.running(config, cluster, secrets)
                                : Optional.empty(),
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
    public List<MemberUrl> clientUrls() {
        return clients.bound();
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
        LOG.log(INFO, "closing etcd server", LoggedSettings.names(config));
        try {
            clients.close();
        } finally {
            try {
                node.close();
            } finally {
                stores.close();
                pages.close();
                for (String address : network.addresses()) {
                    LOG.log(INFO, "stopped serving peer traffic", Fields.of("address", address));
                }
                LOG.log(INFO, "closed etcd server", LoggedSettings.names(config));
                ready.cancel(false);
                terminated.complete(null);
            }
        }
    }

    private void servePeers() {
        pages.start(rest);
        for (String address : network.addresses()) {
            LOG.log(INFO, "serving peer traffic", Fields.of("address", address));
        }
        Map<String, Object> fields =
                Fields.of("local-member-id", Long.toHexString(node.memberId()));
        fields.putAll(LoggedSettings.addresses(config));
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
            if (clients.open()) ready.complete(null);
        } catch (RuntimeException | Error e) {
            failed(e);
        }
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
}
