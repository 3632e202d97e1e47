/** The load tool: measures a server process, or two in turn, and storage plugins alone. */
module io.quorate.benchmarks {
    requires io.quorate.api.grpc;
    requires io.quorate.api.proto;
    requires io.quorate.spi.storage;

    uses io.quorate.spi.storage.StorageProvider;
}
