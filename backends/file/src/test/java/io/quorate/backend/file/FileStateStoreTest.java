package io.quorate.backend.file;

import io.quorate.spi.storage.StorageProvider;
import io.quorate.spi.storage.tck.StateStoreContract;

import java.util.Map;

class FileStateStoreTest extends StateStoreContract {
    @Override
    protected StorageProvider provider() {
        return new FileStorageProvider();
    }

    @Override
    protected Map<String, String> smallFiles() {
        return Map.of(
                "memtable-bytes",
                "16KiB",
                "block-bytes",
                "512",
                "cache-bytes",
                "64KiB",
                "tables-max",
                "3");
    }
}
