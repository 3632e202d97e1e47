package io.quorate.spi.storage.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.spi.storage.Applied;
import io.quorate.spi.storage.Cursor;
import io.quorate.spi.storage.Install;
import io.quorate.spi.storage.Keyspace;
import io.quorate.spi.storage.ReadView;
import io.quorate.spi.storage.StateStore;
import io.quorate.spi.storage.StateStore.Durability;
import io.quorate.spi.storage.WriteBatch;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/** What a state store should hold after a commit: the oracle of the random tests. Immutable. */
record StateModel(Applied applied, Map<Keyspace, TreeMap<byte[], byte[]>> spaces) {
    static StateModel of(StateStore store) {
        Map<Keyspace, TreeMap<byte[], byte[]>> spaces = new HashMap<>();
        try (ReadView view = store.view()) {
            for (Keyspace keyspace : StateStoreContract.KEYSPACES) {
                spaces.put(keyspace, content(view, keyspace, null, null, false));
            }
            return new StateModel(view.applied(), spaces);
        }
    }

    private static TreeMap<byte[], byte[]> content(
            ReadView view, Keyspace keyspace, byte[] from, byte[] to, boolean descending) {
        TreeMap<byte[], byte[]> map = new TreeMap<>(Arrays::compareUnsigned);
        byte[] last = null;
        try (Cursor cursor = view.cursor(keyspace, from, to, descending)) {
            while (cursor.next()) {
                int order = last == null ? 1 : Arrays.compareUnsigned(cursor.key(), last);
                assertTrue(last == null || (descending ? order < 0 : order > 0), "order of keys");
                last = cursor.key();
                map.put(last, cursor.value());
            }
        }
        return map;
    }

    private StateModel copy(Applied at) {
        Map<Keyspace, TreeMap<byte[], byte[]>> copy = new HashMap<>();
        spaces.forEach((keyspace, map) -> copy.put(keyspace, new TreeMap<>(map)));
        return new StateModel(at, copy);
    }

    /** With one more key, committed at the next index. */
    StateModel with(Keyspace keyspace, byte[] key, byte[] value) {
        StateModel next = copy(new Applied(applied.index() + 1, applied.term()));
        next.spaces.get(keyspace).put(key, value);
        return next;
    }

    StateModel randomStep(Random random, StateStore store) {
        return randomStep(random, store, model -> {}, (future, model) -> future.join());
    }

    /**
     * Does something that is allowed to the store and says what it should hold then.
     *
     * @param attempt gets what the store should hold, before the store is asked
     * @param forced gets the future of a forced commit, and the state as of it
     */
    StateModel randomStep(
            Random random,
            StateStore store,
            Consumer<StateModel> attempt,
            BiConsumer<CompletableFuture<Void>, StateModel> forced) {
        int dice = random.nextInt(100);
        if (dice == 0) store.defragment();
        if (dice == 1) return install(random, store, attempt, forced);
        Applied at = new Applied(applied.index() + 1 + random.nextInt(2), applied.term());
        StateModel next = copy(at);
        WriteBatch batch = next.randomBatch(random);
        boolean force = random.nextInt(20) == 0;
        attempt.accept(next);
        CompletableFuture<Void> future =
                store.commit(batch, at, force ? Durability.FORCE : Durability.LAZY);
        if (force) forced.accept(future, next);
        return next;
    }

    private WriteBatch randomBatch(Random random) {
        WriteBatch batch = new WriteBatch();
        int count = random.nextInt(12);
        for (int i = 0; i < count; i++) {
            Keyspace keyspace =
                    StateStoreContract.KEYSPACES.get(
                            random.nextInt(StateStoreContract.KEYSPACES.size()));
            TreeMap<byte[], byte[]> map = spaces.get(keyspace);
            byte[] key = randomKey(random);
            int dice = random.nextInt(200);
            if (dice == 0) {
                batch.clear(keyspace);
                map.clear();
            } else if (dice < 70) {
                batch.delete(keyspace, key);
                map.remove(key);
            } else {
                byte[] value = new byte[random.nextInt(random.nextInt(20) == 0 ? 5000 : 60)];
                random.nextBytes(value);
                batch.put(keyspace, key, value);
                map.put(key, value);
            }
        }
        return batch;
    }

    private static byte[] randomKey(Random random) {
        byte[] key = new byte[random.nextInt(4)];
        for (int i = 0; i < key.length; i++) key[i] = (byte) (random.nextInt(6) * 51);
        return key;
    }

    private StateModel install(
            Random random,
            StateStore store,
            Consumer<StateModel> attempt,
            BiConsumer<CompletableFuture<Void>, StateModel> forced) {
        Applied at = new Applied(applied.index() + random.nextInt(10), applied.term() + 1);
        StateModel next = copy(at);
        next.randomBatch(random);
        attempt.accept(next);
        try (Install install = store.beginInstall(at)) {
            for (Keyspace keyspace : StateStoreContract.KEYSPACES) {
                next.spaces.get(keyspace).forEach((k, v) -> install.put(keyspace, k, v));
            }
            install.commit();
        }
        forced.accept(CompletableFuture.completedFuture(null), next);
        return next;
    }

    void assertMatches(StateStore store, Random random) {
        assertEquals(applied, store.applied());
        assertEquals("", difference(store));
        byte[] a = randomKey(random);
        byte[] b = randomKey(random);
        byte[] from = Arrays.compareUnsigned(a, b) <= 0 ? a : b;
        byte[] to = from == a ? b : a;
        try (ReadView view = store.view()) {
            for (Keyspace keyspace : StateStoreContract.KEYSPACES) {
                NavigableMap<byte[], byte[]> expected =
                        spaces.get(keyspace).subMap(from, true, to, false);
                for (boolean descending : new boolean[] {false, true}) {
                    String found =
                            difference(expected, content(view, keyspace, from, to, descending));
                    assertEquals("", found);
                }
                byte[] key = randomKey(random);
                assertTrue(Arrays.equals(spaces.get(keyspace).get(key), view.get(keyspace, key)));
            }
        }
    }

    /** What differs, empty when nothing does. */
    String difference(StateStore store) {
        try (ReadView view = store.view()) {
            if (!view.applied().equals(applied)) return view.applied() + ", not " + applied;
            for (Keyspace keyspace : StateStoreContract.KEYSPACES) {
                String found =
                        difference(
                                spaces.get(keyspace), content(view, keyspace, null, null, false));
                if (!found.isEmpty()) return keyspace + ": " + found;
            }
        }
        return "";
    }

    private static String difference(
            NavigableMap<byte[], byte[]> expected, NavigableMap<byte[], byte[]> found) {
        for (Map.Entry<byte[], byte[]> entry : expected.entrySet()) {
            byte[] value = found.get(entry.getKey());
            if (!Arrays.equals(value, entry.getValue())) {
                return "wrong value of " + Arrays.toString(entry.getKey());
            }
        }
        return expected.size() == found.size()
                ? ""
                : found.size() + " keys, not " + expected.size();
    }
}
