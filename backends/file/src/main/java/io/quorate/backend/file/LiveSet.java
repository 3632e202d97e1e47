package io.quorate.backend.file;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * What one version of the state reads and somebody must give back: its tables, newest first, and
 * the slabs of its mem-tables; counted as a whole, so that a view is cheap.
 */
final class LiveSet {
    private final List<Table> tables;
    private final List<Slab> slabs;
    private final long tableBytes;
    private final Consumer<Table> unused;
    private final AtomicInteger references = new AtomicInteger(1);

    /**
     * Starts with one reference, its maker's.
     *
     * @param unused gets the tables that nobody holds any more
     */
    LiveSet(List<Table> tables, List<Slab> slabs, Consumer<Table> unused) {
        this.tables = List.copyOf(tables);
        this.slabs = List.copyOf(slabs);
        this.unused = unused;
        long sum = 0;
        for (Table table : this.tables) {
            table.retain();
            sum += table.bytes();
        }
        for (Slab slab : this.slabs) slab.retain();
        tableBytes = sum;
    }

    List<Table> tables() {
        return tables;
    }

    /** Of all files; asked for with every write. */
    long tableBytes() {
        return tableBytes;
    }

    /** Takes a reference; false when the last one has gone already. */
    boolean tryRetain() {
        while (true) {
            int count = references.get();
            if (count == 0) return false;
            if (references.compareAndSet(count, count + 1)) return true;
        }
    }

    /** Gives one back. The last one frees memory, which takes a moment: no lock is held. */
    void release() {
        if (references.decrementAndGet() > 0) return;
        for (Slab slab : slabs) slab.release();
        for (Table table : tables) if (table.release()) unused.accept(table);
    }
}
