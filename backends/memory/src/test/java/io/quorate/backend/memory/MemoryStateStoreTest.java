package io.quorate.backend.memory;

import io.quorate.spi.storage.StorageProvider;
import io.quorate.spi.storage.tck.StateStoreContract;

class MemoryStateStoreTest extends StateStoreContract {
    @Override
    protected StorageProvider provider() {
        return new MemoryStorageProvider();
    }
}
