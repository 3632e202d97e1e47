package io.quorate.engine.server;

import io.quorate.spi.discovery.DiscoveryProvider;
import io.quorate.spi.storage.StorageProvider;
import io.quorate.spi.storage.StorageProvider.Part;
import io.quorate.spi.transport.TransportProvider;

import java.io.IOException;
import java.lang.module.Configuration;
import java.lang.module.FindException;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.lang.module.ResolutionException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The storage plugins that are installed: those on the server's own module path, and those of one
 * folder each below a plugins directory, which become a {@link ModuleLayer} of their own and so may
 * bring libraries in versions that the server or other plugins have differently.
 *
 * <p>No plugin wins by its place: two of one name fail the load, and so does one that cannot be
 * made or was built for another major version of the SPI. Nothing is opened here.
 */
public final class PluginRegistry {
    private final Map<String, Found> byName;
    private final PluginKind<TransportProvider> transports =
            new PluginKind<>(
                    "transport",
                    TransportProvider.class,
                    TransportProvider::spiMajor,
                    TransportProvider.SPI_MAJOR);
    private final PluginKind<DiscoveryProvider> discoveries =
            new PluginKind<>(
                    "discovery",
                    DiscoveryProvider.class,
                    DiscoveryProvider::spiMajor,
                    DiscoveryProvider.SPI_MAJOR);

    private PluginRegistry(Map<String, Found> byName) {
        this.byName = byName;
    }

    /**
     * @param plugins directory with one directory of jars for each plugin; it may be missing
     * @throws ConfigException when what is installed cannot be used as it is
     */
    public static PluginRegistry load(Optional<Path> plugins) {
        PluginRegistry registry = new PluginRegistry(new TreeMap<>());
        registry.collectOwn();
        for (Path folder : folders(plugins)) registry.collect(folder, layer(folder));
        return registry;
    }

    private void collectOwn() {
        String place = "the server's module path";
        collect(byName, place, own(StorageProvider.class), type -> true);
        transports.add(place, own(transports.service()), type -> true);
        discoveries.add(place, own(discoveries.service()), type -> true);
    }

    private void collect(Path folder, ModuleLayer layer) {
        String place = folder.toString();
        Predicate<Class<?>> belongs = type -> type.getModule().getLayer() == layer;
        collect(byName, place, ServiceLoader.load(layer, StorageProvider.class), belongs::test);
        transports.add(place, ServiceLoader.load(layer, transports.service()), belongs);
        discoveries.add(place, ServiceLoader.load(layer, discoveries.service()), belongs);
    }

    // In a module of the server's, for ServiceLoader wants the caller to declare the use.
    private static <P> ServiceLoader<P> own(Class<P> service) {
        ModuleLayer layer = PluginRegistry.class.getModule().getLayer();
        return layer == null
                ? ServiceLoader.load(service, PluginRegistry.class.getClassLoader())
                : ServiceLoader.load(layer, service);
    }

    /** All plugins, by name. */
    public List<Found> all() {
        return List.copyOf(byName.values());
    }

    /**
     * @param part what the plugin must be able to hold
     * @throws ConfigException for a name that is not there; the message lists those that are
     */
    public Found find(String name, Part part) {
        Found found = byName.get(name);
        if (found != null && found.provider().parts().contains(part)) return found;
        Set<String> able = new TreeSet<>();
        for (Found other : byName.values()) {
            if (other.provider().parts().contains(part)) able.add(other.name());
        }
        String near =
                Nearest.find(name, able).map(n -> "; did you mean \"" + n + "\"?").orElse(".");
        String list = able.isEmpty() ? " No such plugin is installed" : " Found: " + listed(able);
        throw new ConfigException("no " + noun(part) + " \"" + name + "\"" + near + list);
    }

    /**
     * The transport of this name.
     *
     * @throws ConfigException for a name that is not there; the message lists those that are
     */
    TransportProvider transport(String name) {
        return transports.find(name);
    }

    /**
     * The discovery of this name.
     *
     * @throws ConfigException for a name that is not there; the message lists those that are
     */
    DiscoveryProvider discovery(String name) {
        return discoveries.find(name);
    }

    /** What people call a half of storage. */
    static String noun(Part part) {
        return switch (part) {
            case LOG -> "raft log";
            case STATE -> "state store";
        };
    }

    private String listed(Set<String> names) {
        Map<String, List<String>> byPlace = new TreeMap<>();
        for (String name : names) {
            byPlace.computeIfAbsent(byName.get(name).folder(), f -> new ArrayList<>()).add(name);
        }
        return byPlace.entrySet().stream()
                .map(entry -> String.join(", ", entry.getValue()) + " (" + entry.getKey() + ")")
                .collect(Collectors.joining(", "));
    }

    private static void collect(
            Map<String, Found> byName,
            String place,
            ServiceLoader<StorageProvider> loader,
            Function<Class<?>, Boolean> belongs) {
        try {
            for (ServiceLoader.Provider<StorageProvider> entry : loader.stream().toList()) {
                if (belongs.apply(entry.type())) add(byName, Found.of(entry.get()));
            }
        } catch (ServiceConfigurationError e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new ConfigException(
                    "a storage plugin of "
                            + place
                            + " cannot be made: "
                            + e.getMessage()
                            + (cause == e ? "" : " (" + cause + ")")
                            + "; remove it, or install a version that fits this server",
                    e);
        }
    }

    private static void add(Map<String, Found> byName, Found found) {
        if (found.provider().spiMajor() != StorageProvider.SPI_MAJOR) {
            throw new ConfigException(
                    "storage plugin \"%s\" (%s) was built for version %d of the storage SPI; this server has version %d. Install a version of the plugin for it"
                            .formatted(
                                    found.name(),
                                    found.location(),
                                    found.provider().spiMajor(),
                                    StorageProvider.SPI_MAJOR));
        }
        Found other = byName.putIfAbsent(found.name(), found);
        if (other != null) {
            throw new ConfigException(
                    "two storage plugins are called \""
                            + found.name()
                            + "\": "
                            + other.location()
                            + " and "
                            + found.location()
                            + "; remove one of them");
        }
    }

    /** Folders with at least one jar, sorted. */
    private static List<Path> folders(Optional<Path> plugins) {
        if (plugins.isEmpty() || !Files.isDirectory(plugins.get())) return List.of();
        try (Stream<Path> entries = Files.list(plugins.get())) {
            return entries.filter(PluginRegistry::hasJar).sorted().toList();
        } catch (IOException e) {
            throw new ConfigException("cannot read the plugins in " + plugins.get() + ": " + e, e);
        }
    }

    private static boolean hasJar(Path folder) {
        if (!Files.isDirectory(folder)) return false;
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.anyMatch(entry -> entry.toString().endsWith(".jar"));
        } catch (IOException e) {
            throw new ConfigException("cannot read the plugin in " + folder + ": " + e, e);
        }
    }

    private static ModuleLayer layer(Path folder) {
        ModuleLayer own = PluginRegistry.class.getModule().getLayer();
        ModuleLayer parent = own == null ? ModuleLayer.boot() : own;
        try {
            ModuleFinder finder = ModuleFinder.of(folder);
            Set<String> roots =
                    finder.findAll().stream()
                            .map(reference -> reference.descriptor().name())
                            .collect(Collectors.toSet());
            Configuration configuration =
                    parent.configuration().resolveAndBind(finder, ModuleFinder.of(), roots);
            ModuleLayer.Controller controller =
                    ModuleLayer.defineModulesWithOneLoader(
                            configuration, List.of(parent), ClassLoader.getPlatformClassLoader());
            allowNativeCode(controller);
            return controller.layer();
        } catch (FindException | ResolutionException | LayerInstantiationException e) {
            throw new ConfigException(
                    "the jars in "
                            + folder
                            + " cannot be loaded as a plugin: "
                            + e.getMessage()
                            + "; remove the folder, or install the plugin again",
                    e);
        }
    }

    /**
     * A plugin may bring native code: who can put jars there can run anything in this process
     * anyway, and the JVM's own option reaches no module of a layer. Where the server itself has no
     * native access, its plugins get none, and the JVM warns of them.
     */
    @SuppressWarnings("restricted")
    private static void allowNativeCode(ModuleLayer.Controller controller) {
        if (!PluginRegistry.class.getModule().isNativeAccessEnabled()) return;
        for (Module module : controller.layer().modules()) controller.enableNativeAccess(module);
    }

    /**
     * A plugin and where it comes from.
     *
     * @param version of its module, {@code unknown} when it names none
     * @param location of its jar or folder of classes
     */
    public record Found(StorageProvider provider, String version, String location) {
        public String name() {
            return provider.name();
        }

        /** What it can hold: {@code log}, {@code state}, or both. */
        public String halves() {
            return provider.parts().stream()
                    .map(part -> part.name().toLowerCase(Locale.ROOT))
                    .sorted()
                    .collect(Collectors.joining(", "));
        }

        private static Found of(StorageProvider provider) {
            return new Found(provider, version(provider.getClass()), location(provider.getClass()));
        }

        /** The last one or two folders of the location: {@code lib/}, {@code plugins/acme}. */
        private String folder() {
            Path parent = Path.of(location).getParent();
            if (parent == null || parent.getFileName() == null) return location;
            Path above = parent.getParent();
            boolean plugin =
                    above != null
                            && above.getFileName() != null
                            && above.getFileName().toString().equals("plugins");
            return plugin ? "plugins/" + parent.getFileName() : parent.getFileName() + "/";
        }

        private static String version(Class<?> type) {
            ModuleDescriptor descriptor = type.getModule().getDescriptor();
            return Optional.ofNullable(descriptor)
                    .flatMap(ModuleDescriptor::rawVersion)
                    .orElse("unknown");
        }

        static String location(Class<?> type) {
            ModuleLayer layer = type.getModule().getLayer();
            if (layer != null) {
                return layer.configuration()
                        .findModule(type.getModule().getName())
                        .flatMap(module -> module.reference().location())
                        .map(Found::path)
                        .orElse("unknown");
            }
            CodeSource source = type.getProtectionDomain().getCodeSource();
            return source == null ? "unknown" : source.getLocation().getPath();
        }

        private static String path(URI location) {
            return location.getScheme().equals("file") ? location.getPath() : location.toString();
        }
    }
}
