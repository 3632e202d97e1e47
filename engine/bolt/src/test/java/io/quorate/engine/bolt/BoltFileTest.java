package io.quorate.engine.bolt;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.spi.storage.StorageException;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/** Files of all shapes, written and read again, whole and damaged. */
class BoltFileTest {
    @TempDir Path folder;

    @Test
    @Tag("MA-17")
    void whatIsWrittenIsReadAgain() throws IOException {
        long seed = Long.getLong("seed", new Random().nextLong());
        Random random = new Random(seed);
        for (int round = 0; round < 40; round++) {
            var content = randomContent(random);
            Path file = write(content);
            try (BoltFile read = BoltFile.open(file)) {
                read.check();
                assertEquals(text(content), text(contentOf(read)), "replay with -Dseed=" + seed);
                assertEquals(Files.size(file), read.bytes());
                assertFalse(read.digest().isPresent());
            }
        }
    }

    @Test
    void aFileWithoutBucketsIsValid() throws IOException {
        try (BoltFile read = BoltFile.open(write(new TreeMap<>()))) {
            read.check();
            assertTrue(read.buckets().isEmpty());
            assertFalse(read.cursor(bytes("none"), null, null).next());
        }
    }

    @Test
    void aCursorKeepsToItsBounds() throws IOException {
        TreeMap<byte[], byte[]> keys = map();
        for (int i = 0; i < 20_000; i += 2) keys.put(number(i), bytes("v" + i));
        TreeMap<byte[], TreeMap<byte[], byte[]>> content = new TreeMap<>(Arrays::compareUnsigned);
        content.put(bytes("a"), keys);
        content.put(bytes("b"), map());
        try (BoltFile read = BoltFile.open(write(content))) {
            for (int from : new int[] {0, 1, 2, 3, 217, 218, 9_999, 19_998, 19_999}) {
                try (BoltCursor cursor = read.cursor(bytes("a"), number(from), number(from + 9))) {
                    for (int i = from + from % 2; i < Math.min(from + 9, 20_000); i += 2) {
                        assertTrue(cursor.next());
                        assertArrayEquals(number(i), cursor.key());
                        assertArrayEquals(bytes("v" + i), cursor.value());
                    }
                    assertFalse(cursor.next());
                    assertFalse(cursor.next());
                }
            }
        }
    }

    @Test
    @Tag("MA-16")
    void theDigestBehindASnapshotIsTheOneOfItsBytes() throws IOException {
        Path file = write(someContent());
        byte[] bytes = Files.readAllBytes(file);
        byte[] digest = BoltFile.sha256().digest(bytes);
        Files.write(file, digest, StandardOpenOption.APPEND);
        try (BoltFile read = BoltFile.open(file)) {
            read.check();
            assertArrayEquals(digest, read.digest().orElseThrow());
            assertArrayEquals(digest, read.computeDigest());
        }
    }

    @Test
    void keysOutOfOrderAreRefused() {
        assertThrows(
                IllegalArgumentException.class,
                () ->
                        BoltWriter.plan(sink -> {
                            sink.bucket(bytes("a"));
                            sink.put(bytes("k2"), bytes(""));
                            sink.put(bytes("k1"), bytes(""));
                        }));
        assertThrows(
                IllegalArgumentException.class,
                () ->
                        BoltWriter.plan(sink -> {
                            sink.bucket(bytes("a"));
                            sink.put(bytes(""), bytes(""));
                        }));
        assertThrows(
                IllegalArgumentException.class,
                () ->
                        BoltWriter.plan(sink -> {
                            sink.bucket(bytes("b"));
                            sink.bucket(bytes("a"));
                            sink.bucket(bytes("c"));
                        }));
    }

    @Test
    void contentThatChangedBetweenThePassesIsNotAFile() throws IOException {
        int[] feeds = {0};
        BoltWriter writer =
                BoltWriter.plan(sink -> {
                    sink.bucket(bytes("a"));
                    for (int i = 0; i < 5_000 * ++feeds[0]; i++) sink.put(number(i), number(i));
                });
        assertThrows(
                IllegalStateException.class, () -> writer.writeTo(new ByteArrayOutputStream()));
    }

    @Test
    void aFileOfSomethingElseIsRefusedByName() throws IOException {
        Path file = folder.resolve("notes.txt");
        Files.write(file, new byte[100_000]);
        refused(StorageException.Foreign.class, file, "is not a bbolt file");
        Files.writeString(file, "too short");
        refused(StorageException.Foreign.class, file, "is not a bbolt file");
        Files.write(file, new byte[0]);
        refused(StorageException.Foreign.class, file, "is not a bbolt file");
    }

    @Test
    void aTruncatedFileIsRefusedByName() throws IOException {
        byte[] whole = Files.readAllBytes(write(someContent()));
        Path file = folder.resolve("cut.db");
        for (int pages = 2; pages < whole.length / 4096; pages++) {
            Files.write(file, Arrays.copyOf(whole, pages * 4096));
            refused(StorageException.Corruption.class, file, "is truncated");
        }
    }

    @Test
    void oneBadMetaPageIsForgivenAndTwoAreNot() throws IOException {
        Path file = write(someContent());
        byte[] bytes = Files.readAllBytes(file);
        bytes[16 + 20] ^= 1;
        Files.write(file, bytes);
        try (BoltFile read = BoltFile.open(file)) {
            read.check();
        }
        bytes[4096 + 16 + 20] ^= 1;
        Files.write(file, bytes);
        refused(StorageException.Corruption.class, file, "no valid meta page");
    }

    /** Values have no checksum in the format: only what holds the tree together can be checked. */
    @Test
    void damageNeverLeadsOutsideOfTheFileOrInCircles() throws IOException {
        long seed = Long.getLong("seed", new Random().nextLong());
        Random random = new Random(seed);
        byte[] whole = Files.readAllBytes(write(someContent()));
        Path file = folder.resolve("flipped.db");
        int found = 0;
        for (int trial = 0; trial < 600; trial++) {
            byte[] bytes = whole.clone();
            int page = 2 + random.nextInt(bytes.length / 4096 - 2);
            bytes[page * 4096 + random.nextInt(200)] ^= (byte) (1 << random.nextInt(8));
            Files.write(file, bytes);
            try (BoltFile read = BoltFile.open(file)) {
                read.check();
                contentOf(read);
            } catch (StorageException.Corruption e) {
                assertTrue(e.getMessage().contains("flipped.db"), e.getMessage());
                found++;
            } catch (RuntimeException e) {
                throw new AssertionError("replay with -Dseed=" + seed, e);
            }
        }
        assertTrue(found > 200, "found " + found);
    }

    private void refused(Class<? extends Exception> type, Path file, String why) {
        Exception e = assertThrows(type, () -> BoltFile.open(file).close());
        assertTrue(e.getMessage().contains(file.toString()), e.getMessage());
        assertTrue(e.getMessage().contains(why), e.getMessage());
    }

    private static TreeMap<byte[], TreeMap<byte[], byte[]>> someContent() {
        TreeMap<byte[], TreeMap<byte[], byte[]>> content = map();
        content.put(bytes("big"), map());
        for (int i = 0; i < 3_000; i++) content.get(bytes("big")).put(number(i), new byte[50]);
        content.put(bytes("small"), map());
        content.get(bytes("small")).put(bytes("k"), bytes("v"));
        content.put(bytes("wide"), map());
        content.get(bytes("wide")).put(bytes("k"), new byte[50_000]);
        return content;
    }

    private static TreeMap<byte[], TreeMap<byte[], byte[]>> randomContent(Random random) {
        TreeMap<byte[], TreeMap<byte[], byte[]>> content = map();
        int buckets = random.nextInt(random.nextInt(10) == 0 ? 300 : 12);
        for (int b = 0; b < buckets; b++) {
            TreeMap<byte[], byte[]> keys = map();
            int count = random.nextInt(1 << random.nextInt(buckets > 20 ? 6 : 13));
            int keyBytes = random.nextInt(20) == 0 ? 32768 : 1 + random.nextInt(40);
            int valueBytes = random.nextInt(1 << random.nextInt(12));
            for (int i = 0; i < Math.min(count, 40_000_000 / (keyBytes + valueBytes)); i++) {
                byte[] key = new byte[1 + random.nextInt(keyBytes)];
                random.nextBytes(key);
                byte[] value = new byte[random.nextInt(valueBytes + 1)];
                random.nextBytes(value);
                keys.put(key, value);
            }
            content.put(bytes("bucket" + random.nextInt(1000)), keys);
        }
        return content;
    }

    private Path write(Map<byte[], TreeMap<byte[], byte[]>> content) throws IOException {
        BoltWriter writer =
                BoltWriter.plan(sink -> {
                    for (var bucket : content.entrySet()) {
                        sink.bucket(bucket.getKey());
                        for (var entry : bucket.getValue().entrySet())
                            sink.put(entry.getKey(), entry.getValue());
                    }
                });
        Path file = folder.resolve("some.db");
        try (var out = Files.newOutputStream(file)) {
            writer.writeTo(out);
        }
        assertEquals(writer.bytes(), Files.size(file));
        return file;
    }

    private static TreeMap<byte[], TreeMap<byte[], byte[]>> contentOf(BoltFile file) {
        TreeMap<byte[], TreeMap<byte[], byte[]>> content = map();
        for (byte[] bucket : file.buckets()) {
            TreeMap<byte[], byte[]> keys = map();
            try (BoltCursor cursor = file.cursor(bucket, null, null)) {
                while (cursor.next()) keys.put(cursor.key(), cursor.value());
            }
            content.put(bucket, keys);
        }
        return content;
    }

    /** A digest of each bucket: equal for equal content. */
    private static String text(Map<byte[], TreeMap<byte[], byte[]>> content) {
        StringBuilder text = new StringBuilder();
        for (var bucket : content.entrySet()) {
            MessageDigest sha = BoltFile.sha256();
            for (var entry : bucket.getValue().entrySet()) {
                sha.update(number(entry.getKey().length));
                sha.update(entry.getKey());
                sha.update(number(entry.getValue().length));
                sha.update(entry.getValue());
            }
            text.append(new String(bucket.getKey(), StandardCharsets.UTF_8))
                    .append(' ')
                    .append(bucket.getValue().size())
                    .append(' ')
                    .append(Arrays.hashCode(sha.digest()))
                    .append('\n');
        }
        return text.toString();
    }

    private static <V> TreeMap<byte[], V> map() {
        return new TreeMap<>(Arrays::compareUnsigned);
    }

    private static byte[] number(int number) {
        return ByteBuffer.allocate(Integer.BYTES).putInt(number).array();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
