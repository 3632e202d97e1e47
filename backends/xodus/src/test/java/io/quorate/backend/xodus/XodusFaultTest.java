package io.quorate.backend.xodus;

import io.quorate.spi.storage.StorageProvider;
import io.quorate.spi.storage.tck.FaultContract;

import java.util.Map;

class XodusFaultTest extends FaultContract {
    @Override
    protected StorageProvider provider() {
        return new XodusStorageProvider();
    }

    @Override
    protected Map<String, String> smallLogFiles() {
        return Map.of("file-bytes", "64KiB", "page-bytes", "1KiB", "cache-bytes", "256KiB");
    }

    @Override
    protected Map<String, String> smallStateFiles() {
        return Map.of("file-bytes", "64KiB", "page-bytes", "1KiB", "cache-bytes", "256KiB");
    }
}
