package com.example.rocks;

import io.quorate.spi.storage.StorageProvider;
import io.quorate.spi.storage.tck.InstallContract;

class RocksInstallTest extends InstallContract {
    @Override
    protected StorageProvider provider() {
        return new RocksStorageProvider();
    }
}
