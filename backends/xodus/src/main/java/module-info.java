/** Raft log and state on JetBrains Xodus, behind checksums and a mark of what is durable. */
module io.quorate.backend.xodus {
    requires io.quorate.spi.storage;
    requires io.quorate.xodus;

    provides io.quorate.spi.storage.StorageProvider with
            io.quorate.backend.xodus.XodusStorageProvider;
}
