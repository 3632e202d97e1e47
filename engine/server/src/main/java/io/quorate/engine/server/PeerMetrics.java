package io.quorate.engine.server;

import io.quorate.engine.metrics.Histogram;
import io.quorate.engine.metrics.MetricRegistry;
import io.quorate.spi.transport.TransportMetrics;

/** What the transport counts, under etcd's names (ME-23 to ME-26). */
final class PeerMetrics implements TransportMetrics {
    private static final double[] ROUND_TRIP_BUCKETS = Histogram.exponential(0.0001, 2, 16);
    private static final double NANOS = 1e9;

    private final MetricRegistry metrics;
    private final String local;

    PeerMetrics(MetricRegistry metrics, long memberId) {
        this.metrics = metrics;
        this.local = hex(memberId);
    }

    @Override
    public void sent(long to, long bytes) {
        metrics.counter(
                        "etcd_network_peer_sent_bytes_total",
                        "The total number of bytes sent to peers.",
                        "To",
                        hex(to))
                .add(bytes);
    }

    @Override
    public void received(long from, long bytes) {
        metrics.counter(
                        "etcd_network_peer_received_bytes_total",
                        "The total number of bytes received from peers.",
                        "From",
                        hex(from))
                .add(bytes);
    }

    @Override
    public void sendFailed(long to, long messages) {
        metrics.counter(
                        "etcd_network_peer_sent_failures_total",
                        "The total number of send failures from peers.",
                        "To",
                        hex(to))
                .add(messages);
    }

    @Override
    public void receiveFailed(long from) {
        metrics.counter(
                        "etcd_network_peer_received_failures_total",
                        "The total number of receive failures from peers.",
                        "From",
                        hex(from))
                .increment();
    }

    @Override
    public void roundTrip(long to, long nanos) {
        metrics.histogram(
                        "etcd_network_peer_round_trip_time_seconds",
                        "Round-Trip-Time histogram between peers",
                        ROUND_TRIP_BUCKETS,
                        "To",
                        hex(to))
                .observe(nanos / NANOS);
    }

    @Override
    public void connected(long to) {
        active(to, 1);
    }

    @Override
    public void disconnected(long to) {
        active(to, 0);
        metrics.counter(
                        "etcd_network_disconnected_peers_total",
                        "The total number of disconnected peers.",
                        "Local",
                        local,
                        "Remote",
                        hex(to))
                .increment();
    }

    private void active(long peer, int connections) {
        metrics.gauge(
                        "etcd_network_active_peers",
                        "The current number of active peer connections.",
                        "Local",
                        local,
                        "Remote",
                        hex(peer))
                .set(connections);
    }

    private static String hex(long id) {
        return Long.toHexString(id);
    }
}
