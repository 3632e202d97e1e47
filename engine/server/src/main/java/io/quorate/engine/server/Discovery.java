package io.quorate.engine.server;

import io.quorate.spi.discovery.DiscoveryEnv;
import io.quorate.spi.discovery.DiscoveryException;
import io.quorate.spi.discovery.Founders;
import io.quorate.spi.plugin.Settings;

import java.util.List;
import java.util.Map;

/** Asks a plugin who founds the cluster together with this member. */
final class Discovery {
    /** The one there is so far: members are listed by a flag. */
    private static final String STATIC_DISCOVERY = "static";

    private Discovery() {}

    /**
     * The members to begin with; a data directory that has been used knows them by itself, and
     * nobody is asked.
     *
     * @param fresh whether the data directory is new
     * @throws ConfigException when nothing is found, or nothing that fits this member
     */
    static InitialCluster find(ServerConfig config, PluginRegistry plugins, boolean fresh) {
        List<MemberUrl> own = config.addresses().advertisePeer();
        String token = config.bootstrap().token();
        if (!fresh) return InitialCluster.of(config.name(), own, token);
        Map<String, String> settings =
                Map.of(
                        "initial-cluster",
                        config.bootstrap().initialCluster(),
                        "initial-cluster-token",
                        token);
        var asking =
                new Asking(
                        config.name(),
                        MemberUrl.texts(own),
                        new Settings("discovery " + STATIC_DISCOVERY, settings));
        try {
            Founders founders = plugins.discovery(STATIC_DISCOVERY).find(asking);
            InitialCluster cluster = InitialCluster.of(founders);
            cluster.check(config.name(), own);
            return cluster;
        } catch (DiscoveryException | IllegalArgumentException e) {
            throw new ConfigException(e.getMessage(), e);
        }
    }

    /** What a discovery gets from the server. */
    private record Asking(String name, List<String> peerUrls, Settings settings)
            implements DiscoveryEnv {}
}
