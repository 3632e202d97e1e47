/** The discovery SPI: how the members of a new cluster find each other. */
module io.quorate.spi.discovery {
    requires transitive io.quorate.spi.plugin;

    exports io.quorate.spi.discovery;
}
