package io.quorate.backend.xodus;

import io.quorate.backend.file.FileStorageProvider;
import io.quorate.backend.memory.MemoryStorageProvider;
import io.quorate.spi.storage.StorageProvider;
import io.quorate.spi.storage.StorageProvider.Part;
import io.quorate.spi.storage.tck.CompositionContract;

import java.util.List;
import java.util.Map;

/** All pairs of the backends that ship. */
class CompositionTest extends CompositionContract {
    @Override
    protected List<StorageProvider> providers() {
        return List.of(
                new FileStorageProvider(), new XodusStorageProvider(), new MemoryStorageProvider());
    }

    @Override
    protected Map<String, String> small(StorageProvider provider, Part part) {
        return switch (provider.name()) {
            case "file" ->
                    part == Part.LOG
                            ? Map.of("segment-bytes", "64KiB", "cache-bytes", "2KiB")
                            : Map.of("memtable-bytes", "4KiB", "block-bytes", "256");
            case "xodus" ->
                    Map.of("file-bytes", "64KiB", "page-bytes", "1KiB", "cache-bytes", "256KiB");
            default -> Map.of();
        };
    }
}
