/** Counters, gauges and histograms under the names that etcd's dashboards use. */
module io.quorate.engine.metrics {
    exports io.quorate.engine.metrics;
}
