package io.quorate.engine.rest;

import io.helidon.http.Header;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.Method;
import io.helidon.webserver.http.Filter;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;

import java.util.Set;

/**
 * Tells browsers that they may call (HT-19). With {@code *} every answer says so, asked or not;
 * with a list only those to an origin on it. OPTIONS is answered here, whatever the path.
 */
final class Cors implements Filter {
    private static final Header METHODS =
            HeaderValues.create("Access-Control-Allow-Methods", "POST, GET, OPTIONS, PUT, DELETE");
    private static final Header HEADERS =
            HeaderValues.create(
                    "Access-Control-Allow-Headers", "accept, content-type, authorization");
    private static final HeaderName ORIGIN = HeaderNames.create("Access-Control-Allow-Origin");
    private static final String ANY = "*";

    private final Set<String> origins;

    Cors(Set<String> origins) {
        this.origins = Set.copyOf(origins);
    }

    @Override
    public void filter(FilterChain chain, RoutingRequest request, RoutingResponse response) {
        String allowed = allowed(request);
        if (!allowed.isEmpty()) {
            response.header(HEADERS);
            response.header(METHODS);
            response.header(ORIGIN, allowed);
        }
        if (request.prologue().method().equals(Method.OPTIONS)) {
            response.send(new byte[0]);
        } else {
            chain.proceed();
        }
    }

    private String allowed(RoutingRequest request) {
        if (origins.contains(ANY)) {
            return ANY;
        }
        String origin = request.headers().value(HeaderNames.ORIGIN).orElse("");
        return origins.contains(origin) ? origin : "";
    }
}
