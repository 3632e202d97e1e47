/** What every Quorate plugin shares. */
module io.quorate.spi.plugin {
    exports io.quorate.spi.plugin;
}
