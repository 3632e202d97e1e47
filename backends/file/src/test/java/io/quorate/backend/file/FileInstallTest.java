package io.quorate.backend.file;

import io.quorate.spi.storage.StorageProvider;
import io.quorate.spi.storage.tck.InstallContract;

import java.util.Map;

class FileInstallTest extends InstallContract {
    @Override
    protected StorageProvider provider() {
        return new FileStorageProvider();
    }

    @Override
    protected Map<String, String> smallHeap() {
        return Map.of("memtable-bytes", "4MiB", "cache-bytes", "4MiB");
    }
}
