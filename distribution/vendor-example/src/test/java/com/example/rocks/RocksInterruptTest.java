package com.example.rocks;

import io.quorate.spi.storage.StorageProvider;
import io.quorate.spi.storage.tck.InterruptContract;

class RocksInterruptTest extends InterruptContract {
    @Override
    protected StorageProvider provider() {
        return new RocksStorageProvider();
    }
}
