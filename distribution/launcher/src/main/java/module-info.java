/** {@code bin/etcd}: flags, environment and YAML become a configuration. */
module io.quorate.launcher {
    requires io.quorate.engine.server;
    requires org.snakeyaml.engine;
}
