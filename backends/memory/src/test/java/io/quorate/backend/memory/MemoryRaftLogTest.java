package io.quorate.backend.memory;

import io.quorate.spi.storage.StorageProvider;
import io.quorate.spi.storage.tck.RaftLogContract;

class MemoryRaftLogTest extends RaftLogContract {
    @Override
    protected StorageProvider provider() {
        return new MemoryStorageProvider();
    }
}
