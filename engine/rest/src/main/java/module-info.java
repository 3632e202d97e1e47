/** Plain HTTP: /version, /health, /metrics. */
module io.quorate.engine.rest {
    requires transitive io.quorate.engine.node;
    requires transitive io.helidon.webserver;
    requires io.quorate.engine.metrics;

    exports io.quorate.engine.rest;
}
