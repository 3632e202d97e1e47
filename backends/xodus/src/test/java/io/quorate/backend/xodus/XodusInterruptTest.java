package io.quorate.backend.xodus;

import io.quorate.spi.storage.StorageProvider;
import io.quorate.spi.storage.tck.InterruptContract;

class XodusInterruptTest extends InterruptContract {
    @Override
    protected StorageProvider provider() {
        return new XodusStorageProvider();
    }
}
