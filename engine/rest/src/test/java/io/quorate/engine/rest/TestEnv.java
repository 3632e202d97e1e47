package io.quorate.engine.rest;

import io.quorate.spi.plugin.Settings;
import io.quorate.spi.storage.FileIo;
import io.quorate.spi.storage.NioFileIo;
import io.quorate.spi.storage.StorageEnv;
import io.quorate.spi.storage.StorageException;

import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Executor;

/** What a backend without files needs. */
final class TestEnv implements StorageEnv {
    @Override
    public Path directory() {
        throw new AssertionError("the memory backend has no directory");
    }

    @Override
    public FileIo io() {
        return new NioFileIo();
    }

    @Override
    public Settings settings() {
        return new Settings("memory", Map.of());
    }

    @Override
    public Executor background() {
        return Runnable::run;
    }

    @Override
    public void report(StorageException failure) {
        throw new AssertionError("nothing may fail here", failure);
    }

    @Override
    public void observe(Timing timing, long nanos) {}
}
