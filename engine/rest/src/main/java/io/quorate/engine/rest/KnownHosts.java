package io.quorate.engine.rest;

import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.Filter;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;
import io.quorate.engine.node.Fields;

import java.lang.System.Logger.Level;
import java.util.Set;

/**
 * Refuses HTTP requests that name another host than those that this member is known by (HT-20): a
 * web page whose name was made to point at the member cannot call it from a browser.
 */
final class KnownHosts implements Filter {
    private static final System.Logger LOG = System.getLogger("io.quorate.engine.rest");
    private static final Status MISDIRECTED = Status.create(421, "Misdirected Request");

    private final Set<String> hosts;

    /**
     * @param hosts names without ports; empty, or with {@code *}, for all
     */
    KnownHosts(Set<String> hosts) {
        this.hosts = Set.copyOf(hosts);
    }

    @Override
    public void filter(FilterChain chain, RoutingRequest request, RoutingResponse response) {
        if (hosts.isEmpty() || hosts.contains("*") || hosts.contains(host(request))) {
            chain.proceed();
            return;
        }
        String host = host(request);
        LOG.log(
                Level.WARNING,
                "rejecting HTTP request to prevent DNS rebinding attacks",
                Fields.of("host", host));
        Texts.error(
                request,
                response,
                MISDIRECTED,
                "this member does not know the host \"%s\" of the request's Host header; name it in"
                                .formatted(host)
                        + " --host-whitelist if it is one of the member's names");
    }

    private static String host(RoutingRequest request) {
        String given = request.headers().value(HeaderNames.HOST).orElse("");
        int colon = given.lastIndexOf(':');
        boolean bracketed = given.startsWith("[");
        if (bracketed && given.indexOf(']') > 0) {
            return given.substring(1, given.indexOf(']'));
        }
        return colon > 0 && given.indexOf(':') == colon ? given.substring(0, colon) : given;
    }
}
