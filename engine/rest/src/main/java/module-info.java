/** Plain HTTP: /version, /health, /metrics. */
module io.quorate.engine.rest {
    requires transitive io.quorate.engine.node;
    requires transitive io.helidon.webserver;
    requires transitive io.quorate.engine.metrics;
    requires java.management;
    requires jdk.management;

    exports io.quorate.engine.rest;
}
