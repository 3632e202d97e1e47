package io.quorate.backend.file;

import io.quorate.spi.storage.StorageProvider;
import io.quorate.spi.storage.StorageProvider.Part;
import io.quorate.spi.storage.tck.BlackBoxContract;

import java.util.Map;

class FileBlackBoxTest extends BlackBoxContract {
    @Override
    protected StorageProvider provider() {
        return new FileStorageProvider();
    }

    @Override
    protected Map<String, String> small(Part part) {
        return part == Part.LOG
                ? Map.of("segment-bytes", "64KiB", "cache-bytes", "2KiB")
                : Map.of("memtable-bytes", "64KiB", "block-bytes", "512", "tables-max", "3");
    }
}
