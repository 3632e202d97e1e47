package io.quorate.checks;

import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.quorate.api.proto.KVGrpc;
import io.quorate.api.proto.LeaseGrpc;
import io.quorate.api.proto.MaintenanceGrpc;
import io.quorate.api.proto.WatchGrpc;

import java.util.concurrent.TimeUnit;

/** One HTTP/2 connection of grpc-java's Netty client to a server, with the raw generated stubs. */
final class EtcdClient implements AutoCloseable {
    private static final int INBOUND_BYTES_MAX = 1 << 30;

    final ManagedChannel channel;
    final KVGrpc.KVFutureStub kv;
    final KVGrpc.KVStub kvAsync;
    final KVGrpc.KVBlockingStub kvNow;
    final LeaseGrpc.LeaseFutureStub lease;
    final MaintenanceGrpc.MaintenanceFutureStub maintenance;
    final WatchGrpc.WatchStub watch;

    EtcdClient(Member member) {
        channel =
                NettyChannelBuilder.forTarget("dns:///" + member.endpoint())
                        .usePlaintext()
                        .maxInboundMessageSize(INBOUND_BYTES_MAX)
                        .build();
        kv = KVGrpc.newFutureStub(channel);
        kvAsync = KVGrpc.newStub(channel);
        kvNow = KVGrpc.newBlockingStub(channel);
        lease = LeaseGrpc.newFutureStub(channel);
        maintenance = MaintenanceGrpc.newFutureStub(channel);
        watch = WatchGrpc.newStub(channel);
    }

    @Override
    public void close() {
        channel.shutdownNow();
        try {
            channel.awaitTermination(10, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
