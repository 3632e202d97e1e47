package io.quorate.engine.server;

import static java.lang.System.Logger.Level.ERROR;
import static java.lang.System.Logger.Level.INFO;
import static java.lang.System.Logger.Level.WARNING;

import io.helidon.webserver.WebServerConfig;
import io.helidon.webserver.http.HttpRouting;
import io.quorate.api.grpc.ConnectionSettings;
import io.quorate.api.tls.CommonName;
import io.quorate.engine.grpc.GrpcMount;
import io.quorate.engine.grpc.GrpcSettings;
import io.quorate.engine.grpc.ServiceSettings;
import io.quorate.engine.grpc.Services;
import io.quorate.engine.metrics.MetricRegistry;
import io.quorate.engine.node.Node;
import io.quorate.engine.rest.Rest;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * What a member serves its clients, and where: gRPC and plain HTTP on one address or on two
 * (FL-10), metrics on further ones. Bound once the member has joined its cluster. Any thread; one
 * that opens or closes keeps the others waiting.
 */
final class ClientListeners implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger("io.quorate.engine.server");

    /** What gRPC adds to a request, as etcd counts it (GS-04). */
    private static final int GRPC_OVERHEAD_BYTES = 512 * 1024;

    /** How long calls in flight may take to end. */
    private static final Duration GRACE = Duration.ofSeconds(2);

    private final ServerConfig config;
    private final Secrets secrets;
    private final Node node;
    private final Rest rest;
    private final MetricRegistry metrics;
    private final BooleanSupplier closing;
    // Guarded by this: filled by open, emptied by close.
    private final List<Listener> clients = new ArrayList<>();
    private final List<Listener> httpClients = new ArrayList<>();
    private final List<Listener> metricsListeners = new ArrayList<>();
    private final List<GrpcMount> mounts = new ArrayList<>();

    /**
     * @param rest the pages of plain HTTP
     * @param closing whether the server is about to {@link #close}
     */
    ClientListeners(
            ServerConfig config,
            Secrets secrets,
            Node node,
            Rest rest,
            MetricRegistry metrics,
            BooleanSupplier closing) {
        this.config = config;
        this.secrets = secrets;
        this.node = node;
        this.rest = rest;
        this.metrics = metrics;
        this.closing = closing;
    }

    /**
     * Binds all addresses and serves; false, with nothing done, when the server closes already.
     *
     * @throws ConfigException for an address that cannot be bound; others may be by then
     */
    synchronized boolean open() {
        if (closing.getAsBoolean()) return false;
        ServerConfig.Addresses addresses = config.addresses();
        for (MemberUrl url : addresses.listenClient()) clients.add(client(url));
        for (MemberUrl url : addresses.listenClientHttp()) httpClients.add(pages(url));
        for (MemberUrl url : addresses.listenMetrics()) metricsListeners.add(metrics(url));
        // Who waits for this line may connect at once.
        LOG.log(INFO, "ready to serve client requests");
        String shared = httpClients.isEmpty() ? "grpc+http" : "grpc";
        for (Listener client : clients) logTraffic(client, shared);
        for (Listener client : httpClients) logTraffic(client, "http");
        return true;
    }

    /** The addresses for gRPC; ports that the system chose are filled in. Empty before open. */
    synchronized List<MemberUrl> bound() {
        List<MemberUrl> urls = new ArrayList<>();
        for (Listener client : clients) urls.add(client.bound());
        return List.copyOf(urls);
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

    private Listener metrics(MemberUrl url) {
        HttpRouting.Builder routing = HttpRouting.builder();
        rest.addMetricsTo(routing);
        Listener listener = listen(url, routing, server -> {});
        LOG.log(INFO, "serving metrics", Fields.of("address", listener.bound().text()));
        return listener;
    }

    /** Watches end, other calls may within a grace; then nothing is served any more. */
    @Override
    public synchronized void close() {
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
}
