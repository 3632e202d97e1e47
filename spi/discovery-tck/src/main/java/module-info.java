/** The contract suite that every discovery plugin passes. */
module io.quorate.spi.discovery.tck {
    requires transitive io.quorate.spi.discovery;
    requires transitive org.junit.jupiter.api;

    exports io.quorate.spi.discovery.tck;
}
