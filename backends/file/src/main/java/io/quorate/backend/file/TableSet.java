package io.quorate.backend.file;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * The tables of one version of the state, newest first; counted as a whole, so that a view is
 * cheap.
 */
final class TableSet {
    private final List<Table> tables;
    private final long bytes;
    private final Consumer<Table> unused;
    private final AtomicInteger references = new AtomicInteger(1);

    /**
     * Starts with one reference, its maker's.
     *
     * @param unused gets the tables that nobody holds any more
     */
    TableSet(List<Table> tables, Consumer<Table> unused) {
        this.tables = List.copyOf(tables);
        this.unused = unused;
        long sum = 0;
        for (Table table : this.tables) {
            table.retain();
            sum += table.bytes();
        }
        this.bytes = sum;
    }

    List<Table> tables() {
        return tables;
    }

    /** Of all files; asked for with every write. */
    long bytes() {
        return bytes;
    }

    /** Takes a reference; false when the last one has gone already. */
    boolean tryRetain() {
        while (true) {
            int count = references.get();
            if (count == 0) return false;
            if (references.compareAndSet(count, count + 1)) return true;
        }
    }

    void release() {
        if (references.decrementAndGet() > 0) return;
        for (Table table : tables) if (table.release()) unused.accept(table);
    }
}
