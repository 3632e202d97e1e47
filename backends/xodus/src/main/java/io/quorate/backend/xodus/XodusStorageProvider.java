package io.quorate.backend.xodus;

import io.quorate.spi.storage.RaftLog;
import io.quorate.spi.storage.StateStore;
import io.quorate.spi.storage.StorageEnv;
import io.quorate.spi.storage.StorageProvider;

import java.util.Set;

/** Both halves on JetBrains Xodus. README.md tells the settings and when to choose it. */
public final class XodusStorageProvider implements StorageProvider {
    static final String NAME = "xodus";

    /** A batch is one Xodus transaction, and that lives in the heap. */
    private static final long BATCH_BYTES_MAX = 256L << 20;

    private static final int KEY_BYTES_MAX = 32 << 10;
    private static final int VALUE_BYTES_MAX = 128 << 20;

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String description() {
        return "log and state in JetBrains Xodus, with checksums under it";
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
        return XodusRaftLog.open(env);
    }

    @Override
    public StateStore openState(StorageEnv env) {
        return XodusStateStore.open(env);
    }
}
