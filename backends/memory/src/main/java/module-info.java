/** Raft log and state in the heap: tests and throw-away servers. */
module io.quorate.backend.memory {
    requires io.quorate.spi.storage;

    provides io.quorate.spi.storage.StorageProvider with
            io.quorate.backend.memory.MemoryStorageProvider;
}
