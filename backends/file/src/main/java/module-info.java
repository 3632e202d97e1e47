/** Raft log in segmented, checksummed files, and a durable file state store. */
module io.quorate.backend.file {
    requires io.quorate.spi.storage;

    provides io.quorate.spi.storage.StorageProvider with
            io.quorate.backend.file.FileStorageProvider;
}
