/** The contract suite that every transport plugin passes. */
module io.quorate.spi.transport.tck {
    requires transitive io.quorate.spi.transport;
    requires transitive org.junit.jupiter.api;

    exports io.quorate.spi.transport.tck;
}
