package io.quorate.engine.rest;

import io.helidon.http.Header;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.Status;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.quorate.engine.node.Node;
import io.quorate.engine.state.EtcdException;
import io.quorate.engine.state.KvHash;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.OffsetDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What members and tools look at on the peer addresses: whether somebody is there (PE-07), whether
 * a downgrade runs (PE-09), and the hash of the keys (PE-03).
 */
final class PeerProbes implements HttpService {
    private static final int BODY_BYTES_MAX = 64 << 10;
    private static final Pattern REVISION =
            Pattern.compile("\\s*\\{\\s*(?:\"revision\"\\s*:\\s*(-?\\d{1,18})\\s*)?}\\s*");
    private static final Header TEXT =
            HeaderValues.createCached(HeaderNames.CONTENT_TYPE, "text/plain");
    private static final String PREFIX = "etcdserver: ";

    private final Node node;
    private final Clock clock;

    /**
     * @param clock of the answers to probes, by which members see how far their clocks are apart
     */
    PeerProbes(Node node, Clock clock) {
        this.node = node;
        this.clock = clock;
    }

    @Override
    public void routing(HttpRules rules) {
        rules.any("/raft/probing", this::probing);
        rules.any("/downgrade/enabled", Texts.getOnly(this::downgrade));
        rules.any("/members/hashkv", Texts.getOnly(this::hash));
    }

    private void probing(ServerRequest request, ServerResponse response) {
        String now = DateTimeFormatter.ISO_OFFSET_DATE_TIME.format(OffsetDateTime.now(clock));
        response.header(Texts.PLAIN);
        Texts.send(request, response, "{\"OK\":true,\"Now\":\"" + now + "\"}\n");
    }

    private void downgrade(ServerRequest request, ServerResponse response) {
        response.header(Texts.clusterId(node));
        try {
            node.linearizablePoint().join();
        } catch (CompletionException e) {
            Texts.error(
                    request,
                    response,
                    Status.INTERNAL_SERVER_ERROR_500,
                    "failed linearized read: " + e.getCause().getMessage());
            return;
        }
        response.header(TEXT);
        Texts.send(request, response, Boolean.toString(node.state().downgrade().enabled()));
    }

    /**
     * A revision comes as etcd's members send it, as JSON in the body of the GET; or in the query,
     * for clients that send no body with a GET, such as the JDK's and so our own members.
     */
    private void hash(ServerRequest request, ServerResponse response) {
        String cluster = request.headers().first(Texts.CLUSTER_ID).orElse("");
        if (!cluster.isEmpty() && !cluster.equals(Texts.clusterId(node).get())) {
            Texts.error(request, response, Status.PRECONDITION_FAILED_412, "cluster ID mismatch");
            return;
        }
        Optional<Long> revision = revision(request);
        if (revision.isEmpty()) {
            Texts.error(request, response, Status.BAD_REQUEST_400, "error unmarshalling request");
            return;
        }
        try {
            KvHash hash = node.hashKv(revision.get());
            response.header(Texts.clusterId(node));
            response.header(Texts.JSON);
            Texts.send(request, response, json(hash));
        } catch (EtcdException refusal) {
            String text = refusal.error().text();
            Texts.error(
                    request,
                    response,
                    Status.BAD_REQUEST_400,
                    text.startsWith(PREFIX) ? text.substring(PREFIX.length()) : text);
        }
    }

    private static String json(KvHash hash) {
        return "{\"header\":{\"revision\":%d},\"hash\":%d,\"compact_revision\":%d,\"hash_revision\":%d}"
                .formatted(
                        hash.revision(),
                        Integer.toUnsignedLong(hash.hash()),
                        hash.compactRevision(),
                        hash.hashRevision());
    }

    /** Empty for what is none; 0, the current one, for a request that names none. */
    private static Optional<Long> revision(ServerRequest request) {
        String asked =
                request.query()
                        .first("revision")
                        .map(text -> "{\"revision\":" + text + "}")
                        .orElseGet(() -> body(request));
        Matcher json = REVISION.matcher(asked);
        if (!json.matches()) return Optional.empty();
        return Optional.of(json.group(1) == null ? 0 : Long.parseLong(json.group(1)));
    }

    private static String body(ServerRequest request) {
        if (!request.content().hasEntity()) return "";
        try (InputStream in = request.content().inputStream()) {
            return new String(in.readNBytes(BODY_BYTES_MAX), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
