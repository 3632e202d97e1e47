package io.quorate.backend.file;

import io.quorate.spi.storage.StorageException;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;

/** Which tables become one, and how. */
final class TableMerge {
    /** Below this a full merge for the sake of space is not worth it. */
    private static final long WASTE_BYTES_MIN = 64L << 20;

    /** What a merge writes from one question whether to end to the next. */
    private static final int PIECE_BYTES = 1 << 20;

    private TableMerge() {}

    /** What a merge reads: a table, or a mem-table. */
    interface Layer {
        Source source(int keyspace);

        boolean isCleared(int keyspace);

        static Layer of(Table table) {
            return new Layer() {
                @Override
                public Source source(int keyspace) {
                    return table.source(keyspace, null, null, false, false);
                }

                @Override
                public boolean isCleared(int keyspace) {
                    return table.isCleared(keyspace);
                }
            };
        }

        static Layer of(MemTable mem) {
            return new Layer() {
                @Override
                public Source source(int keyspace) {
                    return mem.tree(keyspace).size() == 0
                            ? Source.NONE
                            : Source.of(mem.tree(keyspace).walk(null, null, false));
                }

                @Override
                public boolean isCleared(int keyspace) {
                    return mem.isCleared(keyspace);
                }
            };
        }
    }

    /**
     * Tables that should become one, next to each other, newest first; null when all is well.
     * Everything is taken when more than half of it is dead.
     */
    static List<Table> choose(Version version, int tablesMax) {
        List<Table> tables = version.set().tables();
        long waste = version.tableBytes() + version.memFileBytes() - version.liveSum();
        boolean wasteful =
                waste > WASTE_BYTES_MIN && waste > version.tableBytes() / 2 && tables.size() > 1;
        if (wasteful) return tables;
        int count = newestToMerge(tables.stream().mapToLong(Table::bytes).toArray(), tablesMax);
        return count == 0 ? null : tables.subList(0, count);
    }

    /**
     * How many of the newest become one; 0 when there are no more tables than there may be.
     *
     * <p>Size-tiered: from the newest on, tables are taken while the next is no larger than all
     * taken so far together; where not even the second is, no larger than twice as much, and so on.
     * A table that is rewritten so becomes part of one that is larger by a good share, which is why
     * the bytes written grow with the logarithm of the data. (To merge the two smallest instead
     * looks cheaper each time and is not: the smallest is always the newest, and its neighbour
     * would be rewritten by every flush.)
     */
    static int newestToMerge(long[] bytesNewestFirst, int tablesMax) {
        if (bytesNewestFirst.length <= tablesMax) return 0;
        for (int factor = 1; ; factor *= 2) {
            long taken = Math.max(1, bytesNewestFirst[0]);
            int count = 1;
            while (count < bytesNewestFirst.length && bytesNewestFirst[count] / factor <= taken) {
                taken += bytesNewestFirst[count];
                count++;
            }
            if (count >= 2) return count;
        }
    }

    /** Whether a rewrite of the oldest table would drop something. */
    static boolean hasWaste(Table oldest) {
        if (oldest.tombstones() > 0) return true;
        for (int keyspace = 0; keyspace < Manifest.KEYSPACES; keyspace++) {
            if (oldest.isCleared(keyspace)) return true;
        }
        return false;
    }

    /**
     * Writes layers as one.
     *
     * @param newestFirst next to each other in age
     * @param oldest whether nothing older exists, so that tombstones have done their work
     * @param cancelled asked after each MiB; true ends the merge with Closed
     */
    static void write(
            List<Layer> newestFirst, boolean oldest, TableWriter writer, BooleanSupplier cancelled)
            throws IOException {
        int piece = 0;
        for (int keyspace = 0; keyspace < Manifest.KEYSPACES; keyspace++) {
            List<Source> sources = new ArrayList<>();
            boolean cleared = false;
            for (int i = 0; !cleared && i < newestFirst.size(); i++) {
                Source source = newestFirst.get(i).source(keyspace);
                if (source != Source.NONE) sources.add(source);
                cleared = newestFirst.get(i).isCleared(keyspace);
            }
            boolean dropTombstones = oldest || cleared;
            if (cleared && !oldest) writer.clear(keyspace);
            if (sources.isEmpty()) continue;
            Source all = Source.merge(sources, false);
            while (all.next()) {
                byte[] value = all.value();
                piece += all.key().length + value.length;
                if (piece >= PIECE_BYTES) {
                    piece = 0;
                    if (cancelled.getAsBoolean()) throw new StorageException.Closed("state store");
                }
                if (value == MemTable.TOMBSTONE && dropTombstones) continue;
                writer.add(keyspace, all.key(), value);
            }
        }
    }
}
