package io.quorate.engine.rest;

import io.helidon.http.Status;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.quorate.engine.metrics.Counter;
import io.quorate.engine.metrics.Gauge;
import io.quorate.engine.metrics.MetricRegistry;
import io.quorate.engine.node.Fields;
import io.quorate.engine.node.Node;
import io.quorate.engine.state.Alarm;
import io.quorate.engine.state.EtcdError;
import io.quorate.engine.state.EtcdException;
import io.quorate.engine.state.RangeQuery;
import io.quorate.spi.storage.StorageException;

import java.lang.System.Logger.Level;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletionException;

/**
 * What probes ask: /health, and /livez and /readyz with their single checks (HT-03 to HT-12, ME-06,
 * ME-07).
 *
 * <p>A read is the check that matters: it goes through what a client's read goes through.
 */
final class HealthPages implements HttpService {
    private static final System.Logger LOG = System.getLogger("io.quorate.engine.rest");

    /** At most one key, whichever comes first, without its value. */
    private static final RangeQuery ANY_KEY =
            new RangeQuery(
                    new byte[] {0},
                    new byte[] {0},
                    1,
                    0,
                    RangeQuery.Order.NONE,
                    RangeQuery.SortTarget.KEY,
                    true,
                    false,
                    0,
                    0,
                    0,
                    0);

    private final Node node;
    private final MetricRegistry metrics;
    private final Counter successes;
    private final Counter failures;

    HealthPages(Node node, MetricRegistry metrics) {
        this.node = node;
        this.metrics = metrics;
        successes =
                metrics.counter(
                        "etcd_server_health_success",
                        "The total number of successful health checks");
        failures =
                metrics.counter(
                        "etcd_server_health_failures", "The total number of failed health checks");
    }

    @Override
    public void routing(HttpRules rules) {
        rules.any("/health", Texts.getOnly(this::health));
        addChecks(rules, "livez", checks(Map.entry("serializable_read", this::localRead)));
        addChecks(
                rules,
                "readyz",
                checks(
                        Map.entry("data_corruption", this::notCorrupt),
                        Map.entry("serializable_read", this::localRead),
                        Map.entry("linearizable_read", this::agreedRead),
                        Map.entry("non_learner", this::votes)));
    }

    /** HT-03 to HT-06. */
    private void health(ServerRequest request, ServerResponse response) {
        String reason =
                reason(
                        excluded(request),
                        "true".equals(request.query().first("serializable").orElse("")));
        if (reason.isEmpty()) {
            successes.increment();
            response.header(Texts.PLAIN);
            Texts.send(request, response, json("true", ""));
        } else {
            failures.increment();
            String body = json("false", reason);
            LOG.log(Level.WARNING, "/health error", Fields.of("output", body, "status-code", 503));
            Texts.error(request, response, Status.SERVICE_UNAVAILABLE_503, body);
        }
    }

    /** Why the member is not healthy; empty when it is. */
    private String reason(Set<String> excludedAlarms, boolean serializable) {
        for (Alarm alarm : node.state().alarms()) {
            if (!excludedAlarms.contains(alarm.typeName())) {
                return switch (alarm.type()) {
                    case Alarm.NOSPACE, Alarm.CORRUPT -> "ALARM " + alarm.typeName();
                    default -> "ALARM UNKNOWN";
                };
            }
        }
        if (!serializable && node.leader() == 0) {
            return "RAFT NO LEADER";
        }
        String failure = failure(serializable ? this::localRead : this::agreedRead);
        return failure.isEmpty() ? "" : "RANGE ERROR:" + failure;
    }

    private static String json(String health, String reason) {
        return "{\"health\":\"%s\",\"reason\":\"%s\"}"
                .formatted(health, reason.replace("\\", "\\\\").replace("\"", "\\\""));
    }

    private void addChecks(HttpRules rules, String kind, Map<String, Check> checks) {
        rules.any(
                "/" + kind,
                Texts.getOnly((request, response) ->
                        run(request, response, kind, without(excluded(request), checks))));
        checks.forEach((name, check) ->
                rules.any(
                        "/" + kind + "/" + name,
                        Texts.getOnly((request, response) ->
                                run(request, response, kind, Map.of(name, check)))));
    }

    /** HT-11: a failure always comes with the details, a success when asked. */
    private void run(
            ServerRequest request,
            ServerResponse response,
            String kind,
            Map<String, Check> checks) {
        StringBuilder details = new StringBuilder();
        boolean good = true;
        for (Map.Entry<String, Check> check : checks.entrySet()) {
            String failure = failure(check.getValue());
            good &= failure.isEmpty();
            record(kind, check.getKey(), failure.isEmpty());
            details.append(
                    failure.isEmpty()
                            ? "[+]" + check.getKey() + " ok\n"
                            : "[-]" + check.getKey() + " failed: " + failure + "\n");
        }
        if (!good) {
            LOG.log(
                    Level.ERROR,
                    "Health check error",
                    Fields.of(
                            "path",
                            request.path().path(),
                            "reason",
                            details.toString(),
                            "status-code",
                            503));
            Texts.error(request, response, Status.SERVICE_UNAVAILABLE_503, details.toString());
        } else {
            boolean verbose = request.query().contains("verbose");
            Texts.plain(request, response, (verbose ? details : "") + "ok\n");
        }
    }

    /** HT-12. */
    private static Set<String> excluded(ServerRequest request) {
        List<String> names = request.query().all("exclude", List::of);
        Set<String> excluded = new TreeSet<>(names);
        excluded.remove("");
        return excluded;
    }

    private static Map<String, Check> without(Set<String> excluded, Map<String, Check> checks) {
        Map<String, Check> left = new LinkedHashMap<>(checks);
        left.keySet().removeAll(excluded);
        if (left.size() + excluded.size() != checks.size()) {
            LOG.log(
                    Level.WARNING,
                    "cannot exclude all of {0}; the checks are {1}",
                    excluded,
                    checks.keySet());
        }
        return left;
    }

    private void record(String kind, String name, boolean good) {
        Gauge last =
                metrics.gauge(
                        "etcd_server_healthcheck",
                        "The result of each kind of healthcheck.",
                        "name",
                        name,
                        "type",
                        kind);
        last.set(good ? 1 : 0);
        metrics.counter(
                        "etcd_server_healthchecks_total",
                        "The total number of each kind of healthcheck.",
                        "name",
                        name,
                        "status",
                        good ? "success" : "error",
                        "type",
                        kind)
                .increment();
    }

    @SafeVarargs
    private static Map<String, Check> checks(Map.Entry<String, Check>... checks) {
        Map<String, Check> inOrder = new LinkedHashMap<>();
        for (Map.Entry<String, Check> check : checks) {
            inOrder.put(check.getKey(), check.getValue());
        }
        return inOrder;
    }

    /** What is wrong; empty when nothing is. */
    private interface Check {
        String failure();
    }

    private static String failure(Check check) {
        try {
            return check.failure();
        } catch (StorageException.Closed e) {
            return EtcdError.STOPPED.text();
        }
    }

    private String notCorrupt() {
        boolean corrupt =
                node.state().alarms().stream().anyMatch(alarm -> alarm.type() == Alarm.CORRUPT);
        return corrupt ? "alarm activated: CORRUPT" : "";
    }

    private String agreedRead() {
        try {
            node.linearizablePoint().join();
        } catch (CompletionException e) {
            return e.getCause().getMessage();
        }
        return localRead();
    }

    private String localRead() {
        try {
            node.state().range(ANY_KEY);
            return "";
        } catch (EtcdException e) {
            return e.getMessage();
        }
    }

    private String votes() {
        boolean learner =
                node.state().members().stream()
                        .anyMatch(member -> member.id() == node.memberId() && member.learner());
        return learner ? "not supported for learner" : "";
    }
}
