package io.quorate.spi.storage.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.spi.storage.Applied;
import io.quorate.spi.storage.HardState;
import io.quorate.spi.storage.RaftLog;
import io.quorate.spi.storage.StateStore;
import io.quorate.spi.storage.StateStore.Durability;
import io.quorate.spi.storage.StorageException;
import io.quorate.spi.storage.StorageProvider;
import io.quorate.spi.storage.StorageProvider.Part;
import io.quorate.spi.storage.WriteBatch;

import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/**
 * What can be done to any durable backend from outside, whatever it does its file access with: its
 * files are damaged, and mixed from before and after what was not forced.
 */
public abstract class BlackBoxContract {
    private static final int BLOCK = 4096;
    private static final int TRIALS = 40;

    @TempDir Path directory;

    /** The provider under test, a durable one. */
    protected abstract StorageProvider provider();

    /** Settings that make files of a half small. */
    protected Map<String, String> small(Part part) {
        return Map.of();
    }

    private RaftLog openLog(Path where) {
        return provider().openLog(StorageTesting.env(where).with(small(Part.LOG)));
    }

    private StateStore openState(Path where) {
        return provider().openState(StorageTesting.env(where).with(small(Part.STATE)));
    }

    // ---- images of a directory ----

    private static TreeMap<String, byte[]> image(Path where) throws IOException {
        TreeMap<String, byte[]> image = new TreeMap<>();
        try (Stream<Path> files = Files.walk(where)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                image.put(where.relativize(file).toString(), Files.readAllBytes(file));
            }
        }
        return image;
    }

    private Path written(Map<String, byte[]> image) throws IOException {
        Path where = Files.createTempDirectory(directory, "trial");
        for (Map.Entry<String, byte[]> file : image.entrySet()) {
            Path path = where.resolve(file.getKey());
            Files.createDirectories(path.getParent());
            Files.write(path, file.getValue());
        }
        return where;
    }

    private static void delete(Path where) throws IOException {
        try (Stream<Path> files = Files.walk(where)) {
            for (Path file : files.sorted((a, b) -> b.compareTo(a)).toList()) Files.delete(file);
        }
    }

    // ---- damage ----

    private static TreeMap<String, byte[]> flipped(TreeMap<String, byte[]> image, Random random) {
        List<String> names = new ArrayList<>();
        image.forEach((name, bytes) -> {
            if (bytes.length > 0) names.add(name);
        });
        String name = names.get(random.nextInt(names.size()));
        byte[] bytes = image.get(name).clone();
        bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
        TreeMap<String, byte[]> damaged = new TreeMap<>(image);
        damaged.put(name, bytes);
        return damaged;
    }

    @Test
    @Tag("T21")
    void damagedFilesOfTheStateAreNeverServed() throws IOException {
        Assumptions.assumeTrue(provider().parts().contains(Part.STATE), "holds no state");
        Path home = Files.createDirectory(directory.resolve("home"));
        StateStore store = openState(home);
        Random fill = new Random(21);
        StateModel model = StateModel.of(store);
        for (int i = 0; i < 120; i++) model = model.randomStep(fill, store);
        Applied at = new Applied(model.applied().index() + 1, model.applied().term());
        store.commit(new WriteBatch(), at, Durability.FORCE).join();
        StateModel last = new StateModel(at, model.spaces());
        store.close();
        TreeMap<String, byte[]> image = image(home);
        AtomicInteger detected = new AtomicInteger();
        Seeds.each(
                TRIALS,
                seed -> {
                    Path where = written(flipped(image, new Random(seed)));
                    try {
                        StateStore found = openState(where);
                        try {
                            assertEquals("", last.difference(found));
                            found.verify();
                        } finally {
                            found.close();
                        }
                    } catch (StorageException.Corruption e) {
                        detected.incrementAndGet();
                    }
                    delete(where);
                });
        assertTrue(detected.get() > 0, "no damage was ever noticed");
    }

    @Test
    @Tag("T21")
    void damagedFilesOfTheLogAreNeverServed() throws IOException {
        Assumptions.assumeTrue(provider().parts().contains(Part.LOG), "holds no log");
        Path home = Files.createDirectory(directory.resolve("home"));
        RaftLog log = openLog(home);
        for (int i = 1; i <= 100; i++) {
            RaftLogContract.await(
                    log.append(
                            List.of(RaftLogContract.entry(i, 1, 700)), new HardState(1, 1, i - 1)));
        }
        LogModel model = LogModel.of(log);
        log.close();
        TreeMap<String, byte[]> image = image(home);
        AtomicInteger lastUnit = new AtomicInteger();
        Seeds.each(
                TRIALS,
                seed -> {
                    Path where = written(flipped(image, new Random(seed)));
                    try {
                        RaftLog found = openLog(where);
                        try {
                            // Not to be told from a torn write: the unit that was forced last.
                            if (found.lastIndex() == 99) lastUnit.incrementAndGet();
                            else assertEquals("", model.difference(found));
                        } finally {
                            found.close();
                        }
                    } catch (StorageException.Corruption e) {
                        // As it should be.
                    }
                    delete(where);
                });
        assertTrue(lastUnit.get() <= Seeds.scaled(TRIALS) / 8, lastUnit + " hit the last unit");
    }

    // ---- power loss ----

    /** Some blocks, lengths and files are as after, the others as before. */
    private static TreeMap<String, byte[]> mixed(
            TreeMap<String, byte[]> before, TreeMap<String, byte[]> after, Random random) {
        TreeMap<String, byte[]> mix = new TreeMap<>();
        TreeMap<String, byte[]> all = new TreeMap<>(before);
        all.putAll(after);
        for (String name : all.keySet()) {
            byte[] old = before.get(name);
            byte[] fresh = after.get(name);
            if (old == null && random.nextBoolean()) continue;
            if (fresh == null && random.nextBoolean()) continue;
            mix.put(
                    name,
                    blocks(old == null ? new byte[0] : old, fresh == null ? old : fresh, random));
        }
        return mix;
    }

    private static byte[] blocks(byte[] old, byte[] fresh, Random random) {
        byte[] mix = Arrays.copyOf(old, random.nextBoolean() ? fresh.length : old.length);
        for (int at = 0; at < mix.length; at += BLOCK) {
            int count = Math.min(BLOCK, Math.min(mix.length, fresh.length) - at);
            if (count > 0 && random.nextBoolean()) System.arraycopy(fresh, at, mix, at, count);
        }
        return mix;
    }

    /** Raw Xodus serves zeros here, for one. */
    @Test
    @Tag("T22")
    void whatWasNotForcedIsThereWholeOrNotAtAll() throws IOException {
        Assumptions.assumeTrue(provider().parts().contains(Part.STATE), "holds no state");
        Path home = Files.createDirectory(directory.resolve("home"));
        StateStore store = openState(home);
        Random random = new Random(22);
        List<StateModel> commits = new ArrayList<>();
        StateModel model = StateModel.of(store);
        for (int i = 0; i < 60; i++) model = model.randomStep(random, store);
        Applied at = new Applied(model.applied().index() + 1, model.applied().term());
        store.commit(new WriteBatch(), at, Durability.FORCE).join();
        model = new StateModel(at, model.spaces());
        commits.add(model);
        TreeMap<String, byte[]> before = image(home);
        for (int i = 0; i < 3; i++) {
            WriteBatch batch = new WriteBatch();
            byte[] value = new byte[9000];
            random.nextBytes(value);
            byte[] key = {(byte) i, 1};
            batch.put(StateStoreContract.KEYS, key, value);
            model = model.with(StateStoreContract.KEYS, key, value);
            store.commit(batch, model.applied(), Durability.LAZY).join();
            commits.add(model);
        }
        TreeMap<String, byte[]> after = image(home);
        store.close();
        Seeds.each(
                TRIALS,
                seed -> {
                    Path where = written(mixed(before, after, new Random(seed)));
                    StateStore found = openState(where);
                    try {
                        boolean known = false;
                        for (StateModel commit : commits) {
                            known |= commit.difference(found).isEmpty();
                        }
                        assertTrue(known, "came back to no commit");
                        found.verify();
                    } finally {
                        found.close();
                    }
                    delete(where);
                });
    }
}
