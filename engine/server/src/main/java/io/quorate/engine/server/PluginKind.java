package io.quorate.engine.server;

import io.quorate.spi.plugin.Plugin;

import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;

/** The installed plugins of one kind, by name. */
final class PluginKind<P extends Plugin> {
    private final String noun;
    private final Class<P> service;
    private final ToIntFunction<P> builtFor;
    private final int major;
    private final Map<String, P> byName = new TreeMap<>();

    /**
     * @param noun what people call it
     * @param builtFor the version of the SPI that a plugin was compiled with
     * @param major the version of this server
     */
    PluginKind(String noun, Class<P> service, ToIntFunction<P> builtFor, int major) {
        this.noun = noun;
        this.service = service;
        this.builtFor = builtFor;
        this.major = major;
    }

    /**
     * Adds what a loader has.
     *
     * @param place for messages
     * @param belongs whether a class is of that place, not inherited from another
     * @throws ConfigException for two of one name, and for one that cannot be used
     */
    void add(String place, ServiceLoader<P> loader, Predicate<Class<?>> belongs) {
        try {
            for (ServiceLoader.Provider<P> entry : loader.stream().toList()) {
                if (belongs.test(entry.type())) add(entry.get());
            }
        } catch (ServiceConfigurationError e) {
            throw new ConfigException(
                    "a %s plugin of %s cannot be made: %s; remove it, or install a version that fits this server"
                            .formatted(noun, place, e.getMessage()),
                    e);
        }
    }

    private void add(P plugin) {
        if (builtFor.applyAsInt(plugin) != major) {
            throw new ConfigException(
                    "%s plugin \"%s\" was built for version %d of the %s SPI; this server has version %d. Install a version of the plugin for it"
                            .formatted(
                                    noun, plugin.name(), builtFor.applyAsInt(plugin), noun, major));
        }
        P other = byName.putIfAbsent(plugin.name(), plugin);
        if (other != null) {
            throw new ConfigException(
                    "two %s plugins are called \"%s\": %s and %s; remove one of them"
                            .formatted(
                                    noun,
                                    plugin.name(),
                                    PluginRegistry.Found.location(other.getClass()),
                                    PluginRegistry.Found.location(plugin.getClass())));
        }
    }

    Class<P> service() {
        return service;
    }

    /**
     * @throws ConfigException for a name that is not there; the message lists those that are
     */
    P find(String name) {
        P found = byName.get(name);
        if (found != null) return found;
        String near =
                Nearest.find(name, byName.keySet())
                        .map(n -> "; did you mean \"" + n + "\"?")
                        .orElse(".");
        String list =
                byName.isEmpty()
                        ? " No such plugin is installed"
                        : " Found: " + String.join(", ", byName.keySet());
        throw new ConfigException("no " + noun + " \"" + name + "\"" + near + list);
    }
}
