package io.quorate.backend.file;

import io.quorate.spi.storage.Applied;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * The whole state after one commit, immutable: the mem-table, frozen ones that are on their way to
 * a table file (newest first), and the tables.
 *
 * @param liveBytes bytes of live entries by keyspace id
 * @param slab with values of the mem-table, and of later ones until it is frozen
 * @param set who reads holds it
 */
record Version(
        Applied applied,
        long[] liveBytes,
        MemTable mem,
        Slab slab,
        List<Frozen> frozen,
        LiveSet set) {

    /**
     * A mem-table that changes no more.
     *
     * @param sequence counts frozen mem-tables
     * @param applied the state after it
     */
    record Frozen(long sequence, MemTable mem, Slab slab, Applied applied, long[] liveBytes) {
        long memoryBytes() {
            return Version.memoryBytes(mem, slab);
        }
    }

    /**
     * A version with a set of its own.
     *
     * @param unused gets the tables that nobody holds any more
     */
    static Version of(
            Applied applied,
            long[] liveBytes,
            MemTable mem,
            Slab slab,
            List<Frozen> frozen,
            List<Table> tables,
            Consumer<Table> unused) {
        List<Slab> slabs = new ArrayList<>(frozen.size() + 1);
        slabs.add(slab);
        for (Frozen one : frozen) slabs.add(one.slab);
        LiveSet set = new LiveSet(tables, slabs, unused);
        return new Version(applied, liveBytes, mem, slab, frozen, set);
    }

    /** What a table says of a key, or null, of what lies below all mem-tables. */
    Table.Hit findInTables(int keyspace, byte[] key) {
        for (Table table : set.tables()) {
            Table.Hit hit = table.find(keyspace, key);
            if (hit != null) return hit;
            if (table.isCleared(keyspace)) return null;
        }
        return null;
    }

    /** The value or null. */
    byte[] get(int keyspace, byte[] key) {
        MemValue found = mem.tree(keyspace).get(key);
        if (found != null) return live(found.bytes());
        if (mem.isCleared(keyspace)) return null;
        for (Frozen one : frozen) {
            found = one.mem.tree(keyspace).get(key);
            if (found != null) return live(found.bytes());
            if (one.mem.isCleared(keyspace)) return null;
        }
        Table.Hit hit = findInTables(keyspace, key);
        return hit == null ? null : live(hit.block().value(hit.entry()));
    }

    private static byte[] live(byte[] value) {
        return value == MemTable.TOMBSTONE ? null : value;
    }

    /** All that is known of a keyspace in [from, toExclusive), tombstones too. */
    Source source(int keyspace, byte[] from, byte[] toExclusive, boolean descending) {
        List<Source> sources = new ArrayList<>();
        boolean more = addMem(sources, mem, keyspace, from, toExclusive, descending);
        for (int i = 0; more && i < frozen.size(); i++) {
            more = addMem(sources, frozen.get(i).mem, keyspace, from, toExclusive, descending);
        }
        for (int i = 0; more && i < set.tables().size(); i++) {
            Table table = set.tables().get(i);
            Source source = table.source(keyspace, from, toExclusive, descending, true);
            if (source != Source.NONE) sources.add(source);
            more = !table.isCleared(keyspace);
        }
        return sources.isEmpty() ? Source.NONE : Source.merge(sources, descending);
    }

    /** Adds what a mem-table has; false when it hides everything older. */
    private static boolean addMem(
            List<Source> sources,
            MemTable mem,
            int keyspace,
            byte[] from,
            byte[] toExclusive,
            boolean descending) {
        if (mem.tree(keyspace).size() > 0) {
            sources.add(Source.of(mem.tree(keyspace).walk(from, toExclusive, descending)));
        }
        return !mem.isCleared(keyspace);
    }

    long memFileBytes() {
        long sum = mem.fileBytes();
        for (Frozen one : frozen) sum += one.mem.fileBytes();
        return sum;
    }

    /** Memory that the mem-table takes. */
    long memoryBytes() {
        return memoryBytes(mem, slab);
    }

    private static long memoryBytes(MemTable mem, Slab slab) {
        return Math.max(mem.memoryBytes(), slab.bytes());
    }

    long frozenMemoryBytes() {
        long sum = 0;
        for (Frozen one : frozen) sum += one.memoryBytes();
        return sum;
    }

    long tableBytes() {
        return set.tableBytes();
    }

    long liveSum() {
        long sum = 0;
        for (long live : liveBytes) sum += live;
        return sum;
    }
}
