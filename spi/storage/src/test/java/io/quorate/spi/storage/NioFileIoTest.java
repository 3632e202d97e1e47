package io.quorate.spi.storage;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;

class NioFileIoTest {
    private final NioFileIo io = new NioFileIo();

    @TempDir Path directory;

    private Path file(String content) throws IOException {
        return Files.writeString(directory.resolve("file"), content);
    }

    @Test
    void readsGoOnInAnInterruptedThread() throws IOException {
        try (FileIo.Channel channel = io.open(file("hello"), FileIo.Mode.READ)) {
            for (int i = 0; i < 3; i++) {
                Thread.currentThread().interrupt();
                ByteBuffer target = ByteBuffer.allocate(5);
                assertEquals(5, channel.read(target, 0));
                assertArrayEquals("hello".getBytes(), target.array());
                assertTrue(Thread.interrupted(), "the interrupt is the thread's own business");
            }
        }
    }

    @Test
    void writesOfAnInterruptedThreadFail() throws IOException {
        try (FileIo.Channel channel = io.open(file("hello"), FileIo.Mode.READ_WRITE)) {
            Thread.currentThread().interrupt();
            assertThrows(
                    ClosedByInterruptException.class,
                    () -> channel.write(ByteBuffer.wrap(new byte[3]), 0));
            assertTrue(Thread.interrupted());
            assertThrows(IOException.class, () -> channel.force(false));
        }
    }

    @Test
    void interruptsOfAReaderDoNotTouchTheWriter() throws Exception {
        try (FileIo.Channel channel = io.open(file("hello"), FileIo.Mode.READ_WRITE)) {
            AtomicReference<IOException> failure = new AtomicReference<>();
            AtomicBoolean done = new AtomicBoolean();
            CountDownLatch reading = new CountDownLatch(1);
            Thread reader =
                    Thread.ofPlatform()
                            .start(() -> {
                                try {
                                    while (!done.get()) {
                                        channel.read(ByteBuffer.allocate(5), 0);
                                        reading.countDown();
                                    }
                                } catch (IOException e) {
                                    failure.set(e);
                                }
                            });
            reading.await();
            for (int i = 0; i < 20_000; i++) reader.interrupt();
            done.set(true);
            reader.join();
            if (failure.get() != null) throw failure.get();
            channel.write(ByteBuffer.wrap("there".getBytes()), 0);
            channel.force(false);
            ByteBuffer target = ByteBuffer.allocate(5);
            assertEquals(5, channel.read(target, 0));
            assertArrayEquals("there".getBytes(), target.array());
        }
    }

    @Test
    void createNewRefusesAFileThatIsThere() throws IOException {
        Path path = file("x");
        assertThrows(FileAlreadyExistsException.class, () -> io.open(path, FileIo.Mode.CREATE_NEW));
    }

    @Test
    void preallocationWritesZerosBehindTheEnd() throws IOException {
        Path path = file("abc");
        try (FileIo.Channel channel = io.open(path, FileIo.Mode.READ_WRITE)) {
            channel.preallocate(3_000_000);
            channel.force(true);
            assertEquals(3_000_000, channel.size());
        }
        byte[] bytes = Files.readAllBytes(path);
        assertEquals('c', bytes[2]);
        for (int i = 3; i < bytes.length; i++) assertEquals(0, bytes[i]);
    }

    @Test
    void namesAreListedInOrderAfterRenameAndDelete() throws IOException {
        for (String name : List.of("b", "a", "c")) {
            io.open(directory.resolve(name), FileIo.Mode.CREATE_NEW).close();
        }
        io.rename(directory.resolve("a"), directory.resolve("c"));
        io.delete(directory.resolve("b"));
        io.createDirectory(directory.resolve("d"));
        io.forceDirectory(directory);
        assertEquals(List.of(directory.resolve("c"), directory.resolve("d")), io.list(directory));
        assertTrue(io.exists(directory.resolve("c")));
    }

    @Test
    void aLockIsHeldAgainstThisProcessTooUntilItIsClosed() throws Exception {
        Path path = directory.resolve("LOCK");
        AutoCloseable lock = io.lock(path);
        StorageException.Locked refused =
                assertThrows(StorageException.Locked.class, () -> io.lock(path));
        assertTrue(refused.getMessage().contains(directory.toString()));
        lock.close();
        io.lock(path).close();
    }

    @Test
    void aFullDiskHasATypeOfItsOwn() throws IOException {
        Path full = Path.of("/dev/full");
        org.junit.jupiter.api.Assumptions.assumeTrue(Files.exists(full));
        try (FileIo.Channel channel = io.open(full, FileIo.Mode.READ_WRITE)) {
            assertThrows(FileIo.OutOfSpace.class, () -> channel.write(ByteBuffer.allocate(10), 0));
        }
    }
}
