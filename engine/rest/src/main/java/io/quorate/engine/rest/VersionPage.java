package io.quorate.engine.rest;

import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.quorate.engine.node.Node;
import io.quorate.engine.node.Version;

/** GET /version (HT-01, HT-02). */
final class VersionPage implements HttpService {
    private final Node node;

    VersionPage(Node node) {
        this.node = node;
    }

    @Override
    public void routing(HttpRules rules) {
        rules.any("/version", Texts.getOnly(this::version));
    }

    private void version(ServerRequest request, ServerResponse response) {
        String cluster = node.state().clusterVersion().orElse("");
        response.header(Texts.JSON);
        Texts.send(
                request,
                response,
                "{\"etcdserver\":\"%s\",\"etcdcluster\":\"%s\",\"storage\":\"%s\"}"
                        .formatted(
                                Version.ETCD,
                                cluster.isEmpty() ? "not_decided" : cluster,
                                cluster.isEmpty() ? "unknown" : cluster));
    }
}
