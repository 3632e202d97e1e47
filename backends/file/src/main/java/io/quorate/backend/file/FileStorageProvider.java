package io.quorate.backend.file;

import io.quorate.spi.storage.RaftLog;
import io.quorate.spi.storage.StateStore;
import io.quorate.spi.storage.StorageEnv;
import io.quorate.spi.storage.StorageProvider;

import java.util.Set;

/** The default backend: both halves in checksummed files. */
public final class FileStorageProvider implements StorageProvider {
    static final String NAME = "file";

    private static final int KEY_BYTES_MAX = 1 << 20;
    private static final int VALUE_BYTES_MAX = 512 << 20;
    private static final long BATCH_BYTES_MAX = 1L << 30;

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String description() {
        return "log in segments, state in sorted files, all with checksums";
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
        return new Capabilities(KEY_BYTES_MAX, VALUE_BYTES_MAX, BATCH_BYTES_MAX, true, false);
    }

    @Override
    public RaftLog openLog(StorageEnv env) {
        return FileRaftLog.open(env);
    }

    @Override
    public StateStore openState(StorageEnv env) {
        return FileStateStore.open(env);
    }
}
