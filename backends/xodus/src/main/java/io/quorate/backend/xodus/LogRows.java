package io.quorate.backend.xodus;

import static io.quorate.backend.xodus.Database.bytes;
import static io.quorate.backend.xodus.Database.iterable;

import io.quorate.spi.storage.HardState;
import io.quorate.spi.storage.Identity;
import io.quorate.spi.storage.LogEntry;
import io.quorate.spi.storage.StorageException;

import jetbrains.exodus.ByteIterable;
import jetbrains.exodus.env.Cursor;
import jetbrains.exodus.env.Transaction;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A log as rows of an environment: an entry under its index, and base, hard state and identity in
 * the store {@code meta}.
 */
final class LogRows {
    private static final ByteIterable BASE = iterable(new byte[] {2});
    private static final ByteIterable HARD_STATE = iterable(new byte[] {3});
    private static final ByteIterable IDENTITY = iterable(new byte[] {4});

    /** Term and type before the payload. */
    private static final int HEADER_BYTES = 8 + 1;

    private LogRows() {}

    private static ByteIterable key(long index) {
        return iterable(ByteBuffer.allocate(8).putLong(index).array());
    }

    static void put(Database database, Transaction transaction, LogEntry entry) {
        byte[] row = new byte[HEADER_BYTES + entry.data().length];
        ByteBuffer.wrap(row).putLong(entry.term()).put((byte) entry.type());
        System.arraycopy(entry.data(), 0, row, HEADER_BYTES, entry.data().length);
        ByteIterable stored = database.values().encode(transaction, row, entry.index());
        database.data().put(transaction, key(entry.index()), stored);
    }

    static void delete(Database database, Transaction transaction, long from, long to) {
        for (long index = from; index <= to; index++) {
            ByteIterable old = database.data().get(transaction, key(index));
            if (old == null) continue;
            database.values().forget(transaction, old);
            database.data().delete(transaction, key(index));
        }
    }

    static LogEntry read(Database database, Transaction transaction, long index) {
        ByteIterable stored = database.data().get(transaction, key(index));
        if (stored == null) {
            throw new StorageException.Corruption("entry " + index + " is missing", null);
        }
        byte[] row = database.values().decode(transaction, stored);
        ByteBuffer header = ByteBuffer.wrap(row);
        return new LogEntry(
                index,
                header.getLong(),
                header.get() & 0xff,
                Arrays.copyOfRange(row, HEADER_BYTES, row.length));
    }

    static void putBase(Database database, Transaction transaction, long index, long term) {
        put(database, transaction, BASE, index, term);
    }

    static void putHardState(Database database, Transaction transaction, HardState state) {
        put(database, transaction, HARD_STATE, state.term(), state.vote(), state.commit());
    }

    static void putIdentity(Database database, Transaction transaction, Identity identity) {
        put(database, transaction, IDENTITY, identity.clusterId(), identity.memberId());
    }

    private static void put(
            Database database, Transaction transaction, ByteIterable key, long... fields) {
        ByteBuffer value = ByteBuffer.allocate(8 * fields.length);
        for (long field : fields) value.putLong(field);
        database.meta().put(transaction, key, iterable(value.array()));
    }

    private static ByteBuffer get(Database database, Transaction transaction, ByteIterable key) {
        ByteIterable found = database.meta().get(transaction, key);
        return found == null ? null : ByteBuffer.wrap(bytes(found));
    }

    /** The log as the environment has it. */
    static LogImage load(Database database, Transaction transaction) {
        ByteBuffer base = get(database, transaction, BASE);
        ByteBuffer state = get(database, transaction, HARD_STATE);
        ByteBuffer identity = get(database, transaction, IDENTITY);
        LogImage image =
                new LogImage(
                        base == null ? 0 : base.getLong(),
                        base == null ? 0 : base.getLong(),
                        base == null ? 0 : base.getLong(0),
                        TermRuns.EMPTY,
                        state == null
                                ? HardState.EMPTY
                                : new HardState(state.getLong(), state.getLong(), state.getLong()),
                        identity == null
                                ? null
                                : new Identity(identity.getLong(), identity.getLong()));
        return withTerms(database, transaction, image);
    }

    private static LogImage withTerms(Database database, Transaction transaction, LogImage image) {
        TermRuns terms = TermRuns.EMPTY;
        long last = image.base();
        try (Cursor cursor = database.data().openCursor(transaction)) {
            while (cursor.getNext()) {
                long index = ByteBuffer.wrap(bytes(cursor.getKey())).getLong();
                if (index != last + 1) {
                    throw new StorageException.Corruption(
                            "entry " + index + " follows entry " + last, null);
                }
                last = index;
                byte[] head = database.values().head(transaction, cursor.getValue(), 8);
                terms = terms.with(index, ByteBuffer.wrap(head).getLong());
            }
        }
        return new LogImage(
                image.base(), image.baseTerm(), last, terms, image.hardState(), image.identity());
    }

    /** Entries [from, toExclusive) up to {@code maxBytes} of payload, at least one. */
    static List<LogEntry> read(
            Database database, Transaction transaction, long from, long to, long maxBytes) {
        List<LogEntry> entries = new ArrayList<>();
        long taken = 0;
        for (long index = from; index < to; index++) {
            LogEntry entry = read(database, transaction, index);
            taken += entry.data().length;
            if (taken > maxBytes && !entries.isEmpty()) break;
            entries.add(entry);
        }
        return entries;
    }
}
