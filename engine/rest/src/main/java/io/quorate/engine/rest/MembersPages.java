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
import io.quorate.engine.state.Command;
import io.quorate.engine.state.EtcdError;
import io.quorate.engine.state.EtcdException;
import io.quorate.engine.state.MemberJson;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletionException;

/**
 * What members ask each other on the peer addresses: the members (PE-01), and the promotion of a
 * learner, which only the leader can judge (PE-02).
 */
final class MembersPages implements HttpService {
    private static final String PROMOTE = "/members/promote/";
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
        send(request, response);
    }

    private void promote(ServerRequest request, ServerResponse response) {
        if (!request.prologue().method().equals(Method.POST)) {
            response.header(ALLOW_POST);
            Texts.error(request, response, Status.METHOD_NOT_ALLOWED_405, "Method Not Allowed");
            return;
        }
        String id = request.path().pathParameters().get("id");
        try {
            node.reconfigure(new Command.MemberPromote(Long.parseUnsignedLong(id))).join();
            send(request, response);
        } catch (NumberFormatException e) {
            Texts.error(
                    request,
                    response,
                    Status.NOT_FOUND_404,
                    "member " + id + " not found in cluster");
        } catch (CompletionException e) {
            if (!(e.getCause() instanceof EtcdException refusal)) throw e;
            Texts.error(request, response, status(refusal.error()), refusal.getMessage());
        }
    }

    private static Status status(EtcdError error) {
        return switch (error) {
            case MEMBER_NOT_FOUND -> Status.NOT_FOUND_404;
            case MEMBER_NOT_LEARNER, LEARNER_NOT_READY -> Status.PRECONDITION_FAILED_412;
            default -> Status.INTERNAL_SERVER_ERROR_500;
        };
    }

    private void send(ServerRequest request, ServerResponse response) {
        response.header(Texts.JSON);
        response.header(
                HeaderValues.create("X-Etcd-Cluster-ID", Long.toHexString(node.clusterId())));
        byte[] list = MemberJson.writeList(node.state().members());
        Texts.send(request, response, new String(list, StandardCharsets.UTF_8) + "\n");
    }
}
