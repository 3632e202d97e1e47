package io.quorate.backend.file;

import io.quorate.spi.storage.StorageProvider;
import io.quorate.spi.storage.tck.RaftLogContract;

import java.util.Map;

class FileRaftLogTest extends RaftLogContract {
    @Override
    protected StorageProvider provider() {
        return new FileStorageProvider();
    }

    @Override
    protected Map<String, String> smallFiles() {
        return Map.of("segment-bytes", "64KiB", "cache-bytes", "2KiB");
    }
}
