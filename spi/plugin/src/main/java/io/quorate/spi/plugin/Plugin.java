package io.quorate.spi.plugin;

/**
 * What the server asks of every plugin, whatever its kind. Providers are stateless, have a public
 * constructor without parameters, and are cheap to make: nothing is opened before the plugin is
 * chosen.
 */
@Stable(since = "1.0")
public interface Plugin {
    /**
     * The name used in configuration, log lines and data stamps: lower-case letters, digits,
     * dashes.
     */
    String name();

    /** One line for {@code etcd plugins}. */
    String description();
}
