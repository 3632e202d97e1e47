package io.quorate.backend.file;

import io.quorate.spi.storage.Applied;

import java.util.ArrayList;
import java.util.List;

/**
 * The whole state after one commit, immutable: the mem-table, frozen ones that are on their way to
 * a table file (newest first), and the tables.
 *
 * @param liveBytes bytes of live entries by keyspace id
 */
record Version(
        Applied applied, long[] liveBytes, MemTable mem, List<Frozen> frozen, TableSet tables) {

    /**
     * A mem-table that changes no more.
     *
     * @param sequence counts frozen mem-tables
     * @param applied the state after it
     */
    record Frozen(long sequence, MemTable mem, Applied applied, long[] liveBytes) {}

    /** The value, {@link MemTable#TOMBSTONE}, or null, of what lies below the mem-table. */
    Table.Hit findInTables(int keyspace, byte[] key) {
        for (Table table : tables.tables()) {
            Table.Hit hit = table.find(keyspace, key);
            if (hit != null) return hit;
            if (table.isCleared(keyspace)) return null;
        }
        return null;
    }

    /** The value or null. */
    byte[] get(int keyspace, byte[] key) {
        byte[] found = mem.tree(keyspace).get(key);
        if (found != null) return live(found);
        if (mem.isCleared(keyspace)) return null;
        for (Frozen one : frozen) {
            found = one.mem.tree(keyspace).get(key);
            if (found != null) return live(found);
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
        for (int i = 0; more && i < tables.tables().size(); i++) {
            Table table = tables.tables().get(i);
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

    long frozenHeapBytes() {
        long sum = 0;
        for (Frozen one : frozen) sum += one.mem.heapBytes();
        return sum;
    }

    long tableBytes() {
        return tables.bytes();
    }

    long liveSum() {
        long sum = 0;
        for (long live : liveBytes) sum += live;
        return sum;
    }
}
