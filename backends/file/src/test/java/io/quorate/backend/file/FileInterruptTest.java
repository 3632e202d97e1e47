package io.quorate.backend.file;

import io.quorate.spi.storage.StorageProvider;
import io.quorate.spi.storage.tck.InterruptContract;

class FileInterruptTest extends InterruptContract {
    @Override
    protected StorageProvider provider() {
        return new FileStorageProvider();
    }
}
