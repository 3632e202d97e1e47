package com.example.rocks;

import io.quorate.spi.storage.StorageProvider;
import io.quorate.spi.storage.tck.BlackBoxContract;

class RocksBlackBoxTest extends BlackBoxContract {
    @Override
    protected StorageProvider provider() {
        return new RocksStorageProvider();
    }
}
