package io.quorate.engine.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.NavigableMap;
import java.util.Random;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The tree against a TreeMap, and published trees against what was published. */
class KeyIndexTest {
    private static final HexFormat HEX = HexFormat.of();

    private final KeyIndex index = new KeyIndex();
    private final NavigableMap<byte[], IndexEntry> model = new TreeMap<>(Arrays::compareUnsigned);

    private record Frozen(KeyIndex.Node root, NavigableMap<byte[], IndexEntry> model) {}

    @Test
    void publishedTreesNeverChange() {
        long seed = Long.getLong("quorate.state.seed", new Random().nextLong());
        try {
            play(new Random(seed));
        } catch (AssertionError | RuntimeException e) {
            throw new AssertionError("replay with -Dquorate.state.seed=" + seed, e);
        }
    }

    private void play(Random random) {
        List<Frozen> frozen = new ArrayList<>();
        for (int phase = 0; phase < 12; phase++) {
            // Grows and shrinks, so that nodes split, merge and vanish.
            int adds = phase % 3 == 2 ? 15 : 70;
            for (int i = 0; i < 6000; i++) {
                if (random.nextInt(100) < adds) put(key(random, phase), i, random.nextInt(4) == 0);
                else removeOne(random);
                if (random.nextInt(5) == 0) index.freeze();
            }
            frozen.add(freeze());
            check(frozen.getLast(), random);
        }
        while (!model.isEmpty()) removeOne(random);
        frozen.add(freeze());
        for (Frozen one : frozen) check(one, random);
    }

    private Frozen freeze() {
        NavigableMap<byte[], IndexEntry> copy = new TreeMap<>(Arrays::compareUnsigned);
        copy.putAll(model);
        return new Frozen(index.freeze(), copy);
    }

    /** Numbers under two prefixes; and keys that begin alike for long, end early or hold zeros. */
    private static byte[] key(Random random, int phase) {
        if (phase % 4 == 3) {
            byte[] key = new byte[random.nextInt(14)];
            for (int i = 0; i < key.length; i++) key[i] = (byte) (random.nextInt(5) / 2 - 1);
            return random.nextBoolean() ? key : Requests.bytes("a" + HEX.formatHex(key));
        }
        int number = phase % 2 == 0 ? random.nextInt(20_000) : random.nextInt(2_000);
        return Requests.bytes((phase % 4 == 1 ? "b" : "a") + number);
    }

    private void put(byte[] key, long main, boolean tombstone) {
        IndexEntry entry = new IndexEntry(key, main, 0, tombstone, 0, 0, 0, null, null);
        index.put(key, newest -> entry);
        model.put(key, entry);
    }

    private void removeOne(Random random) {
        byte[] near = model.ceilingKey(key(random, random.nextInt(4)));
        if (near == null && model.isEmpty()) return;
        byte[] key = near == null ? model.firstKey() : near;
        model.remove(key);
        index.remove(key);
    }

    private static void check(Frozen frozen, Random random) {
        assertSameEntries(frozen.model, walk(frozen.root, null, null, false));
        for (int i = 0; i < 200; i++) {
            byte[] from = random.nextInt(10) == 0 ? null : key(random, i);
            byte[] to = random.nextInt(10) == 0 ? null : key(random, i / 3);
            NavigableMap<byte[], IndexEntry> part = part(frozen.model, from, to);
            assertSameEntries(part, walk(frozen.root, from, to, false));
            assertSameEntries(part.descendingMap(), walk(frozen.root, from, to, true));
            long live = part.values().stream().filter(entry -> !entry.tombstone).count();
            assertEquals(live, KeyIndex.count(frozen.root, from, to));
            if (from != null) assertSame(frozen.model.get(from), KeyIndex.get(frozen.root, from));
        }
    }

    private static NavigableMap<byte[], IndexEntry> part(
            NavigableMap<byte[], IndexEntry> model, byte[] from, byte[] to) {
        if (from != null && to != null && Arrays.compareUnsigned(from, to) > 0)
            return Collections.emptyNavigableMap();
        NavigableMap<byte[], IndexEntry> part = from == null ? model : model.tailMap(from, true);
        return to == null ? part : part.headMap(to, false);
    }

    private static List<IndexEntry> walk(
            KeyIndex.Node root, byte[] from, byte[] to, boolean backwards) {
        List<IndexEntry> seen = new ArrayList<>();
        if (backwards) KeyIndex.descend(root, from, to, seen::add);
        else KeyIndex.ascend(root, from, to, seen::add);
        return seen;
    }

    private static void assertSameEntries(
            NavigableMap<byte[], IndexEntry> expected, List<IndexEntry> actual) {
        assertEquals(List.copyOf(expected.values()), actual);
    }

    @Test
    void aWalkStopsWhereTheVisitorSays() {
        for (int i = 0; i < 1000; i++) put(Requests.bytes("%04d".formatted(i)), i, false);
        KeyIndex.Node root = index.freeze();
        int[] seen = {0};
        KeyIndex.ascend(root, null, null, entry -> ++seen[0] < 130);
        assertEquals(130, seen[0]);
        KeyIndex.descend(root, Requests.bytes("0500"), null, entry -> ++seen[0] < 260);
        assertEquals(260, seen[0]);
    }

    /** It keeps the compiler from inlining put, by name: a name that is gone would go unnoticed. */
    @Test
    void theStartScriptNamesAMethodThatIsThere() throws IOException {
        Path script = Path.of("../../distribution/tarball/src/home/bin/etcd");
        Matcher named =
                Pattern.compile("dontinline,(\\S+)::(\\S+)").matcher(Files.readString(script));
        assertTrue(named.find());
        assertEquals(KeyIndex.class.getName(), named.group(1));
        assertTrue(
                Arrays.stream(KeyIndex.class.getDeclaredMethods())
                        .anyMatch(method -> method.getName().equals(named.group(2))));
    }
}
