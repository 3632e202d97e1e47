package io.quorate.engine.node;

import io.quorate.engine.metrics.MetricRegistry;

/**
 * Families of etcd's v2 store that stay at zero here as they do in etcd 3.7, which has no keys that
 * expire and no watchers there (ME-33), so that dashboards which add them up show figures.
 */
final class IdleMetrics {
    private IdleMetrics() {}

    static void register(MetricRegistry registry) {
        registry.counter("etcd_debugging_store_expires_total", "Total number of expired keys.");
        registry.counter(
                "etcd_debugging_store_watch_requests_total",
                "Total number of incoming watch requests (new or reestablished).");
        registry.gauge("etcd_debugging_store_watchers", "Count of currently active watchers.");
    }
}
