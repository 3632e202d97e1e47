package io.quorate.engine.server;

import io.quorate.api.grpc.Traffic;
import io.quorate.engine.metrics.Counter;
import io.quorate.engine.metrics.MetricRegistry;

/** Bytes of gRPC from and to clients, counted (ME-27). Any thread. */
final class ClientTraffic implements Traffic {
    private final Counter received;
    private final Counter sent;

    ClientTraffic(MetricRegistry metrics) {
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
