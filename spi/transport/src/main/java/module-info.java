/** The transport SPI: how bytes get from one member of a cluster to another. */
module io.quorate.spi.transport {
    requires transitive io.quorate.spi.plugin;

    exports io.quorate.spi.transport;
}
