package io.quorate.discovery.fixed;

import io.quorate.spi.discovery.DiscoveryEnv;
import io.quorate.spi.discovery.DiscoveryException;
import io.quorate.spi.discovery.DiscoveryProvider;
import io.quorate.spi.discovery.Founders;
import io.quorate.spi.plugin.Settings;

/**
 * The discovery {@code static}: every member is started with the same list of all (CS-01), the text
 * of {@code --initial-cluster}.
 */
public final class StaticDiscoveryProvider implements DiscoveryProvider {
    @Override
    public String name() {
        return "static";
    }

    @Override
    public int spiMajor() {
        return SPI_MAJOR;
    }

    @Override
    public String description() {
        return "the members that --initial-cluster lists";
    }

    @Override
    public Founders find(DiscoveryEnv env) {
        Settings settings = env.settings();
        String members = settings.text("initial-cluster", "");
        String token = settings.text("initial-cluster-token", "etcd-cluster");
        settings.refuseUnknown();
        Founders founders = Founders.parse(members, token);
        if (founders.peerUrls().isEmpty()) {
            throw new DiscoveryException(
                    "the initial cluster is empty; list all members in --initial-cluster, such as "
                            + env.name()
                            + "="
                            + env.peerUrls().getFirst());
        }
        return founders;
    }
}
