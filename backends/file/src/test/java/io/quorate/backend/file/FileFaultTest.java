package io.quorate.backend.file;

import io.quorate.spi.storage.StorageProvider;
import io.quorate.spi.storage.tck.FaultContract;

import java.util.Map;

class FileFaultTest extends FaultContract {
    @Override
    protected StorageProvider provider() {
        return new FileStorageProvider();
    }

    @Override
    protected Map<String, String> smallLogFiles() {
        return Map.of("segment-bytes", "64KiB", "cache-bytes", "2KiB");
    }

    @Override
    protected Map<String, String> smallStateFiles() {
        return Map.of(
                "memtable-bytes",
                "4KiB",
                "block-bytes",
                "256",
                "cache-bytes",
                "8KiB",
                "tables-max",
                "3");
    }
}
