package io.quorate.engine.rest;

import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.HttpService;
import io.quorate.engine.metrics.MetricRegistry;
import io.quorate.engine.node.Node;

import java.time.Clock;
import java.util.Set;

/** The plain HTTP side of a member, mounted on a Helidon listener. */
public final class Rest {
    /** {@code --cors} by default: everybody. */
    public static final Set<String> ANY_ORIGIN = Set.of("*");

    /** {@code --host-whitelist} by default: every name. */
    public static final Set<String> ANY_HOST = Set.of("*");

    private final HttpService version;
    private final HttpService health;
    private final HttpService metricsPage;
    private final HttpService members;
    private final HttpService leases;
    private final HttpService peerProbes;
    private final HttpService debug;
    private final KnownHosts hosts;
    private final Cors cors;

    /** As below, for a member that may be called by any host name. */
    public Rest(Node node, MetricRegistry metrics, Set<String> corsOrigins) {
        this(node, metrics, corsOrigins, ANY_HOST);
    }

    /**
     * @param node outlives the pages
     * @param metrics what /metrics shows; the rows of the process itself are added to it
     * @param corsOrigins origins that browsers may call from, or {@link #ANY_ORIGIN} (HT-19)
     * @param hosts names that requests to client listeners may have in their Host header, without
     *     ports, or {@link #ANY_HOST} (HT-20)
     */
    public Rest(Node node, MetricRegistry metrics, Set<String> corsOrigins, Set<String> hosts) {
        ProcessMetrics.register(metrics);
        this.version = new VersionPage(node);
        this.health = new HealthPages(node, metrics);
        this.members = new MembersPages(node);
        this.leases = new LeasePages(node);
        this.peerProbes = new PeerProbes(node, Clock.systemDefaultZone());
        this.metricsPage = new MetricsPage(metrics);
        this.debug = new DebugPages(node);
        this.hosts = new KnownHosts(hosts);
        this.cors = new Cors(corsOrigins);
    }

    /** All pages of a client listener, and 404 for the rest. To be called after other routes. */
    public void addTo(HttpRouting.Builder routing) {
        routing.addFilter(new HangUp())
                .addFilter(hosts)
                .addFilter(cors)
                .register(version)
                .register(health)
                .register(metricsPage)
                .register(debug);
        routing.any(Texts::notFound);
    }

    /** The pages of a listener of {@code --listen-metrics-urls} (HT-22). */
    public void addMetricsTo(HttpRouting.Builder routing) {
        routing.addFilter(new HangUp()).register(health).register(metricsPage);
        routing.any(Texts::notFound);
    }

    /** What a peer listener answers beside raft's own traffic. */
    public void addPeerTo(HttpRouting.Builder routing) {
        routing.addFilter(new HangUp())
                .register(version)
                .register(members)
                .register(leases)
                .register(peerProbes);
        routing.any(Texts::notFound);
    }
}
