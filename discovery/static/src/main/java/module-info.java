/** Founders as the configuration lists them. */
module io.quorate.discovery.fixed {
    requires io.quorate.spi.discovery;

    provides io.quorate.spi.discovery.DiscoveryProvider with
            io.quorate.discovery.fixed.StaticDiscoveryProvider;
}
