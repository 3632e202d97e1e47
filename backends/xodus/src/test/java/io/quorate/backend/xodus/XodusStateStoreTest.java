package io.quorate.backend.xodus;

import io.quorate.spi.storage.StorageProvider;
import io.quorate.spi.storage.tck.StateStoreContract;

import java.util.Map;

class XodusStateStoreTest extends StateStoreContract {
    @Override
    protected StorageProvider provider() {
        return new XodusStorageProvider();
    }

    @Override
    protected Map<String, String> smallFiles() {
        return Map.of("file-bytes", "64KiB", "page-bytes", "1KiB", "cache-bytes", "256KiB");
    }
}
