package io.quorate.backend.xodus;

import io.quorate.spi.storage.StorageProvider;
import io.quorate.spi.storage.tck.InstallContract;

import java.util.Map;

class XodusInstallTest extends InstallContract {
    @Override
    protected StorageProvider provider() {
        return new XodusStorageProvider();
    }

    @Override
    protected Map<String, String> smallHeap() {
        return Map.of("cache-bytes", "8MiB");
    }
}
