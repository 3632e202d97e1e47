package com.example.rocks;

import io.quorate.spi.storage.RaftLog;
import io.quorate.spi.storage.StateStore;
import io.quorate.spi.storage.StorageEnv;
import io.quorate.spi.storage.StorageProvider;

import java.util.Set;

/** A state store on RocksDB. The Raft log stays with another plugin. */
public final class RocksStorageProvider implements StorageProvider {
    static final String NAME = "rocks";

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String description() {
        return "state in RocksDB";
    }

    @Override
    public int spiMajor() {
        return SPI_MAJOR;
    }

    @Override
    public Set<Part> parts() {
        return Set.of(Part.STATE);
    }

    @Override
    public Capabilities capabilities() {
        return new Capabilities(32 << 10, 128 << 20, 256L << 20, true, false);
    }

    @Override
    public RaftLog openLog(StorageEnv env) {
        throw new UnsupportedOperationException("plugin rocks holds no Raft log");
    }

    @Override
    public StateStore openState(StorageEnv env) {
        return RocksStateStore.open(env);
    }
}
