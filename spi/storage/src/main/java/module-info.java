/** The storage SPI: a Raft log and a state store, chosen separately. */
module io.quorate.spi.storage {
    requires transitive io.quorate.spi.plugin;

    exports io.quorate.spi.storage;
}
