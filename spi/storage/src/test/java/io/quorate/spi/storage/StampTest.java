package io.quorate.spi.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.quorate.spi.storage.StorageProvider.Part;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

class StampTest {
    private final FileIo io = new NioFileIo();

    @TempDir Path directory;

    private String refusal(Stamp stamp) {
        return assertThrows(StorageException.Foreign.class, () -> stamp.checkOrWrite(io, directory))
                .getMessage();
    }

    @Test
    void aNewDirectoryIsStampedAndKnownAgain() {
        assertEquals(2, new Stamp("file", Part.LOG, 2).checkOrWrite(io, directory));
        assertEquals(2, new Stamp("file", Part.LOG, 2).checkOrWrite(io, directory));
        assertEquals(2, new Stamp("file", Part.LOG, 5).checkOrWrite(io, directory));
    }

    @Test
    void anotherPluginsDataIsRefusedByName() {
        new Stamp("xodus", Part.LOG, 1).checkOrWrite(io, directory);
        assertEquals(
                directory
                        + " was written by \"xodus\" format 1; this server uses \"file\"."
                        + " See etcdutl migrate.",
                refusal(new Stamp("file", Part.LOG, 1)));
    }

    @Test
    void aLaterFormatAndTheOtherHalfAreRefused() {
        new Stamp("file", Part.LOG, 3).checkOrWrite(io, directory);
        assertEquals(
                directory
                        + " was written by \"file\" format 3; this server knows formats up to 2."
                        + " Start the release that wrote it, or a later one.",
                refusal(new Stamp("file", Part.LOG, 2)));
        assertEquals(
                directory
                        + " holds a log, not a state; check the data directories in the"
                        + " configuration.",
                refusal(new Stamp("file", Part.STATE, 3)));
    }

    @Test
    void everyDamagedBitIsNoticed() throws IOException {
        Stamp stamp = new Stamp("file", Part.STATE, 1);
        stamp.checkOrWrite(io, directory);
        Path path = directory.resolve("STAMP");
        byte[] good = Files.readAllBytes(path);
        for (int bit = 0; bit < good.length * 8; bit++) {
            byte[] bad = good.clone();
            bad[bit / 8] ^= (byte) (1 << bit % 8);
            Files.write(path, bad);
            assertThrows(
                    StorageException.Corruption.class, () -> stamp.checkOrWrite(io, directory));
        }
        Files.write(path, new byte[0]);
        assertThrows(StorageException.Corruption.class, () -> stamp.checkOrWrite(io, directory));
    }
}
