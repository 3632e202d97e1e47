package io.quorate.engine.rest;

import io.helidon.http.Header;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.Method;
import io.helidon.http.Status;
import io.helidon.webserver.http.Handler;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.quorate.engine.node.Node;
import io.quorate.engine.state.EtcdError;
import io.quorate.engine.state.EtcdException;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;

/**
 * What members ask the leader about leases on its peer addresses, for clients that asked them
 * (LE-09, LE-11): renewals do not go through the log, and only the leader counts the time.
 */
final class LeasePages implements HttpService {
    /** A request names a lease and nothing else. */
    private static final int REQUEST_BYTES_MAX = 64 << 10;

    private static final Header PROTOBUF =
            HeaderValues.createCached(HeaderNames.CONTENT_TYPE, "application/protobuf");

    private final Node node;

    LeasePages(Node node) {
        this.node = node;
    }

    @Override
    public void routing(HttpRules rules) {
        rules.any("/leases", page(node::answerLeaseRenewal));
        rules.any("/leases/internal", page(node::answerLeaseTime));
    }

    private static Handler page(Function<byte[], CompletableFuture<byte[]>> answers) {
        return (request, response) -> {
            if (!request.prologue().method().equals(Method.POST)) {
                Texts.error(request, response, Status.METHOD_NOT_ALLOWED_405, "Method Not Allowed");
                return;
            }
            byte[] body = body(request);
            if (body.length > REQUEST_BYTES_MAX) {
                Texts.error(
                        request,
                        response,
                        Status.REQUEST_ENTITY_TOO_LARGE_413,
                        "request body too large");
                return;
            }
            answer(request, response, answers, body);
        };
    }

    private static void answer(
            ServerRequest request,
            ServerResponse response,
            Function<byte[], CompletableFuture<byte[]>> answers,
            byte[] body) {
        try {
            byte[] answer = answers.apply(body).join();
            response.header(PROTOBUF);
            response.send(answer);
        } catch (IllegalArgumentException e) {
            Texts.error(request, response, Status.BAD_REQUEST_400, e.getMessage());
        } catch (CompletionException e) {
            if (!(e.getCause() instanceof EtcdException refusal)) throw e;
            refuse(request, response, refusal.error());
        }
    }

    private static void refuse(ServerRequest request, ServerResponse response, EtcdError error) {
        switch (error) {
            case LEASE_NOT_FOUND ->
                    Texts.error(request, response, Status.NOT_FOUND_404, "lease not found");
            case TIMEOUT, TIMEOUT_WAIT_APPLIED ->
                    Texts.error(
                            request,
                            response,
                            Status.REQUEST_TIMEOUT_408,
                            "waiting for node to catch up its applied index has timed out");
            case NOT_LEADER, LEADER_CHANGED ->
                    Texts.error(request, response, Status.BAD_REQUEST_400, "not a primary lessor");
            default -> Texts.error(request, response, Status.BAD_REQUEST_400, error.text());
        }
    }

    /** The body, or one byte more of it than may be. */
    private static byte[] body(ServerRequest request) {
        try (InputStream in = request.content().inputStream()) {
            return in.readNBytes(REQUEST_BYTES_MAX + 1);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
