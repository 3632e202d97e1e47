package io.quorate.engine.rest;

import io.helidon.http.Header;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.Method;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.quorate.engine.metrics.MetricRegistry;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;

/** /metrics for Prometheus, by any method as in etcd (HT-13). */
final class MetricsPage implements HttpService {
    private static final Header FORMAT =
            HeaderValues.createCached(
                    HeaderNames.CONTENT_TYPE,
                    "text/plain; version=0.0.4; charset=utf-8; escaping=underscores");

    private final MetricRegistry metrics;

    MetricsPage(MetricRegistry metrics) {
        this.metrics = metrics;
    }

    @Override
    public void routing(HttpRules rules) {
        rules.any("/metrics", this::metrics);
    }

    private void metrics(ServerRequest request, ServerResponse response) throws IOException {
        response.header(FORMAT);
        if (request.prologue().method().equals(Method.HEAD)) {
            response.send();
            return;
        }
        try (Writer out =
                new BufferedWriter(
                        new OutputStreamWriter(response.outputStream(), StandardCharsets.UTF_8))) {
            metrics.text(out);
        }
    }
}
