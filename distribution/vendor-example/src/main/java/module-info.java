/** RocksDB as a state store. */
module com.example.rocks {
    requires io.quorate.spi.storage;
    requires rocksdbjni;

    provides io.quorate.spi.storage.StorageProvider with
            com.example.rocks.RocksStorageProvider;
}
