package com.example.rocks;

import io.quorate.spi.storage.StorageProvider;
import io.quorate.spi.storage.tck.StateStoreContract;

class RocksStateStoreTest extends StateStoreContract {
    @Override
    protected StorageProvider provider() {
        return new RocksStorageProvider();
    }
}
