/** The contract suite that every storage plugin passes. */
module io.quorate.spi.storage.tck {
    requires transitive io.quorate.spi.storage;
    requires transitive org.junit.jupiter.api;
    requires transitive org.junit.jupiter.params;

    exports io.quorate.spi.storage.tck;
}
