package io.quorate.backend.xodus;

import io.quorate.spi.storage.StorageProvider;
import io.quorate.spi.storage.StorageProvider.Part;
import io.quorate.spi.storage.tck.BlackBoxContract;

import java.util.Map;

class XodusBlackBoxTest extends BlackBoxContract {
    @Override
    protected StorageProvider provider() {
        return new XodusStorageProvider();
    }

    @Override
    protected Map<String, String> small(Part part) {
        return Map.of("file-bytes", "64KiB", "page-bytes", "1KiB", "cache-bytes", "256KiB");
    }
}
