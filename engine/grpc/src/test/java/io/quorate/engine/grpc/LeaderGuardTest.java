package io.quorate.engine.grpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.quorate.api.proto.WatchGrpc;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

class LeaderGuardTest {
    private volatile boolean hasLeader = true;

    private final TestServer server = new TestServer(ServiceSettings.DEFAULT);
    private final ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1);

    /** Its own looks never come: the test makes them. */
    private final LeaderGuard guard =
            new LeaderGuard(() -> hasLeader, TimeUnit.DAYS.toNanos(1), timer);

    private final GrpcTestServer host = GrpcTestServer.plain(GrpcSettings.DEFAULTS, guardedWatch());
    private final ManagedChannel channel = TestServer.client(host.port());

    private ServerServiceDefinition guardedWatch() {
        ServerServiceDefinition watch =
                server.services.stream()
                        .filter(service ->
                                service.getServiceDescriptor()
                                        .getName()
                                        .equals(WatchGrpc.SERVICE_NAME))
                        .findFirst()
                        .orElseThrow();
        return ServerInterceptors.intercept(watch, guard);
    }

    @AfterEach
    void stop() {
        channel.shutdownNow();
        host.close();
        server.close();
        timer.shutdownNow();
    }

    @Test
    @Tag("GS-09")
    @Tag("WA-31")
    void streamsOfThoseWhoInsistEndWhenThereIsNoLeader() {
        Metadata insisting = new Metadata();
        insisting.put(Metadata.Key.of("hasleader", Metadata.ASCII_STRING_MARSHALLER), "true");
        try (WatchClient insists = new WatchClient(channel, insisting, Integer.MAX_VALUE);
                WatchClient other = new WatchClient(channel)) {
            insists.create("a");
            other.create("a");
            insists.reads("0 created @1");
            other.reads("0 created @1");
            hasLeader = false;
            guard.look();
            guard.look();
            hasLeader = true;
            guard.look();
            hasLeader = false;
            guard.look();
            guard.look();
            server.kv.put(Texts.put("a", "1"));
            insists.reads("0 @2: PUT a=1 2");
            other.reads("0 @2: PUT a=1 2");
            assertEquals(1, timer.getQueue().size());
            guard.look();
            Status end = insists.end();
            assertEquals(Status.Code.UNAVAILABLE, end.getCode());
            assertEquals("etcdserver: no leader", end.getDescription());
            server.kv.put(Texts.put("a", "2"));
            other.reads("0 @3: PUT a=2 3");
            assertFalse(other.ended.isDone());
        }
    }
}
