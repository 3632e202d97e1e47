package io.quorate.backend.memory;

import io.quorate.spi.storage.RaftLog;
import io.quorate.spi.storage.StateStore;
import io.quorate.spi.storage.StorageEnv;
import io.quorate.spi.storage.StorageProvider;

import java.util.Set;

/** Both halves in the heap: for tests and throw-away servers. Nothing survives a close. */
public final class MemoryStorageProvider implements StorageProvider {
    private static final int MAX_ARRAY_BYTES = Integer.MAX_VALUE - 64;

    @Override
    public String name() {
        return "memory";
    }

    @Override
    public String description() {
        return "log and state in the heap; nothing survives a restart";
    }

    @Override
    public int spiMajor() {
        return SPI_MAJOR;
    }

    @Override
    public Set<Part> parts() {
        return Set.of(Part.LOG, Part.STATE);
    }

    @Override
    public Capabilities capabilities() {
        return new Capabilities(MAX_ARRAY_BYTES, MAX_ARRAY_BYTES, Long.MAX_VALUE, false, true);
    }

    /** Always a new, empty log: nothing in the directory is read or written. */
    @Override
    public RaftLog openLog(StorageEnv env) {
        env.settings().refuseUnknown();
        return new MemoryRaftLog();
    }

    /** Always a new, empty state: nothing in the directory is read or written. */
    @Override
    public StateStore openState(StorageEnv env) {
        env.settings().refuseUnknown();
        return new MemoryStateStore();
    }
}
