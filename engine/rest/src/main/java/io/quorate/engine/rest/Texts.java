package io.quorate.engine.rest;

import io.helidon.http.Header;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.Method;
import io.helidon.http.Status;
import io.helidon.webserver.http.Handler;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.quorate.engine.node.Node;

import java.nio.charset.StandardCharsets;

/** Short answers with the headers that Go's HTTP server gives them, which probes compare with. */
final class Texts {
    static final HeaderName CLUSTER_ID = HeaderNames.create("X-Etcd-Cluster-ID");
    static final Header PLAIN =
            HeaderValues.createCached(HeaderNames.CONTENT_TYPE, "text/plain; charset=utf-8");
    static final Header JSON =
            HeaderValues.createCached(HeaderNames.CONTENT_TYPE, "application/json");
    private static final Header NO_SNIFF =
            HeaderValues.createCached("X-Content-Type-Options", "nosniff");
    private static final Header ALLOW_GET = HeaderValues.createCached(HeaderNames.ALLOW, "GET");

    private Texts() {}

    /** By which members of other clusters are told apart (PE-01). */
    static Header clusterId(Node node) {
        return HeaderValues.create(CLUSTER_ID, Long.toHexString(node.clusterId()));
    }

    /** HT-17. */
    static void notFound(ServerRequest request, ServerResponse response) {
        error(request, response, Status.NOT_FOUND_404, "404 page not found");
    }

    /** A page that can be got and nothing else, not even by HEAD (HT-01, HT-07). */
    static Handler getOnly(Handler page) {
        return (request, response) -> {
            if (request.prologue().method().equals(Method.GET)) {
                page.handle(request, response);
            } else {
                response.header(ALLOW_GET);
                error(request, response, Status.METHOD_NOT_ALLOWED_405, "Method Not Allowed");
            }
        };
    }

    /** A line of text that says what is wrong. */
    static void error(ServerRequest request, ServerResponse response, Status status, String text) {
        response.status(status);
        plain(request, response, text + "\n");
    }

    /** Plain text that browsers are not to take for anything else. */
    static void plain(ServerRequest request, ServerResponse response, String text) {
        response.header(PLAIN);
        response.header(NO_SNIFF);
        send(request, response, text);
    }

    static void send(ServerRequest request, ServerResponse response, String text) {
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        if (request.prologue().method().equals(Method.HEAD)) {
            response.header(HeaderNames.CONTENT_LENGTH, Integer.toString(body.length));
            response.send();
        } else {
            response.send(body);
        }
    }
}
