package io.quorate.spi.discovery;

import io.quorate.spi.plugin.Settings;
import io.quorate.spi.plugin.Stable;

import java.util.List;

/** What the server tells a discovery about the member that asks. */
@Stable(since = "1.0")
public interface DiscoveryEnv {
    /** Name of the member. */
    String name();

    /** Peer URLs that it advertises, at least one. */
    List<String> peerUrls();

    /** The plugin's own settings. */
    Settings settings();
}
