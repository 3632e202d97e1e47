package io.quorate.engine.rest;

import io.helidon.http.Header;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.Method;
import io.helidon.http.Status;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.quorate.engine.node.Node;
import io.quorate.engine.state.AuthState;
import io.quorate.engine.state.Caller;
import io.quorate.engine.state.Command;
import io.quorate.engine.state.EtcdError;
import io.quorate.engine.state.EtcdException;
import io.quorate.engine.state.MemberJson;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletionException;

/**
 * What members ask each other on the peer addresses: the members (PE-01), and the promotion of a
 * learner, which only the leader can judge (PE-02). While auth is on, whoever wants a promotion
 * shows the token of a user with the role root, as on the client addresses: the peer addresses are
 * open to more than members.
 */
final class MembersPages implements HttpService {
    private static final String PROMOTE = "/members/promote/";
    private static final String BEARER = "Bearer ";
    private static final Header ALLOW_POST = HeaderValues.createCached(HeaderNames.ALLOW, "POST");

    private final Node node;

    MembersPages(Node node) {
        this.node = node;
    }

    @Override
    public void routing(HttpRules rules) {
        rules.any("/members", Texts.getOnly(this::members));
        rules.any(PROMOTE + "{id}", this::promote);
    }

    private void members(ServerRequest request, ServerResponse response) {
        response.header(Texts.clusterId(node));
        send(request, response);
    }

    private void promote(ServerRequest request, ServerResponse response) {
        if (!request.prologue().method().equals(Method.POST)) {
            response.header(ALLOW_POST);
            Texts.error(request, response, Status.METHOD_NOT_ALLOWED_405, "Method Not Allowed");
            return;
        }
        response.header(Texts.clusterId(node));
        String id = request.path().pathParameters().get("id");
        try {
            requireRoot(request);
        } catch (EtcdException | CompletionException refusal) {
            // Nothing is said about users to whom nothing is to be said.
            response.status(Status.INTERNAL_SERVER_ERROR_500);
            response.header(Texts.JSON);
            Texts.send(request, response, "{\"message\":\"Internal Server Error\"}");
            return;
        }
        try {
            node.reconfigure(new Command.MemberPromote(Long.parseUnsignedLong(id)), token(request))
                    .join();
            send(request, response);
        } catch (NumberFormatException e) {
            Texts.error(
                    request,
                    response,
                    Status.NOT_FOUND_404,
                    "member " + id + " not found in cluster");
        } catch (CompletionException e) {
            if (!(e.getCause() instanceof EtcdException refusal)) throw e;
            refuse(request, response, refusal.error());
        }
    }

    private void requireRoot(ServerRequest request) {
        AuthState auth = node.state().auth();
        if (!auth.enabled()) return;
        String token = token(request);
        auth.requireRoot(
                token.isEmpty() ? Caller.NOBODY : node.authentication().caller(token).join());
    }

    /** Empty for none. */
    private static String token(ServerRequest request) {
        String token = request.headers().first(HeaderNames.AUTHORIZATION).orElse("");
        return token.startsWith(BEARER) ? token.substring(BEARER.length()) : token;
    }

    private static void refuse(ServerRequest request, ServerResponse response, EtcdError error) {
        switch (error) {
            case MEMBER_NOT_FOUND ->
                    Texts.error(
                            request, response, Status.NOT_FOUND_404, "membership: ID not found");
            case MEMBER_NOT_LEARNER ->
                    Texts.error(
                            request,
                            response,
                            Status.PRECONDITION_FAILED_412,
                            "membership: can only promote a learner member");
            case LEARNER_NOT_READY ->
                    Texts.error(request, response, Status.PRECONDITION_FAILED_412, error.text());
            default ->
                    Texts.error(request, response, Status.INTERNAL_SERVER_ERROR_500, error.text());
        }
    }

    private void send(ServerRequest request, ServerResponse response) {
        response.header(Texts.JSON);
        byte[] list = MemberJson.writeList(node.state().members());
        Texts.send(request, response, new String(list, StandardCharsets.UTF_8) + "\n");
    }
}
