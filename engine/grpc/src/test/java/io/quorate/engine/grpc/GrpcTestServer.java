package io.quorate.engine.grpc;

import io.grpc.ServerServiceDefinition;
import io.helidon.common.tls.Tls;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.WebServerConfig;
import io.helidon.webserver.http.HttpRouting;
import io.quorate.api.grpc.Traffic;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** A Helidon WebServer on a free loopback port with gRPC services and a little REST. */
final class GrpcTestServer implements GrpcProbes.Server {
    private final WebServer web;
    private final GrpcMount mount;

    private GrpcTestServer(
            GrpcSettings settings,
            Optional<Tls> tls,
            Traffic traffic,
            List<ServerServiceDefinition> services) {
        WebServerConfig.Builder config =
                WebServer.builder()
                        .host("127.0.0.1")
                        .port(0)
                        .shutdownHook(false)
                        .shutdownGracePeriod(Duration.ofMillis(100))
                        .routing(
                                HttpRouting.builder()
                                        .get("/version", (q, s) -> s.send("{\"etcdserver\":\"x\"}"))
                                        .post(
                                                "/length",
                                                (q, s) ->
                                                        s.send(
                                                                ""
                                                                        + q.content()
                                                                                .as(String.class)
                                                                                .length())));
        tls.ifPresent(config::tls);
        this.mount = GrpcMount.install(config, services, settings, traffic);
        this.web = config.build().start();
    }

    static GrpcTestServer plain(GrpcSettings settings, ServerServiceDefinition... services) {
        return new GrpcTestServer(settings, Optional.empty(), Traffic.NONE, List.of(services));
    }

    static GrpcTestServer with(
            GrpcSettings settings,
            Optional<Tls> tls,
            Traffic traffic,
            ServerServiceDefinition... services) {
        return new GrpcTestServer(settings, tls, traffic, List.of(services));
    }

    GrpcMount mount() {
        return mount;
    }

    @Override
    public int port() {
        return web.port();
    }

    @Override
    public void stop(Duration grace) {
        mount.stop(grace);
    }

    @Override
    public void close() {
        web.stop();
        mount.close();
    }
}
