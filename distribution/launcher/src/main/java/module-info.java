/** {@code bin/etcd}: flags, environment and YAML become a configuration. */
module io.quorate.launcher {
    requires io.quorate.engine.server;
    requires java.logging;
    requires org.snakeyaml.engine;

    // The log manager makes our handler and its configuration by name.
    exports io.quorate.launcher to
            java.logging;

    provides System.LoggerFinder with
            io.quorate.launcher.JsonLoggerFinder;
}
