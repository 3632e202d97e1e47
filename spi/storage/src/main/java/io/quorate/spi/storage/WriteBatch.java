package io.quorate.spi.storage;

import io.quorate.spi.plugin.Stable;

import java.util.ArrayList;
import java.util.List;

/**
 * Changes to be committed as one unit, in order: a later operation wins. Not safe for several
 * threads.
 */
@Stable(since = "1.0")
public final class WriteBatch {
    private final List<Op> ops = new ArrayList<>();
    private long bytes;

    /** The arrays belong to the store once the batch is committed. */
    public void put(Keyspace keyspace, byte[] key, byte[] value) {
        ops.add(new Put(keyspace, key, value));
        bytes += key.length + value.length;
    }

    public void delete(Keyspace keyspace, byte[] key) {
        ops.add(new Delete(keyspace, key));
        bytes += key.length;
    }

    /** Removes every key of the keyspace. */
    public void clear(Keyspace keyspace) {
        ops.add(new Clear(keyspace));
    }

    public List<Op> ops() {
        return ops;
    }

    /** Payload bytes of all operations. */
    public long bytes() {
        return bytes;
    }

    public boolean isEmpty() {
        return ops.isEmpty();
    }

    public sealed interface Op {}

    public record Put(Keyspace keyspace, byte[] key, byte[] value) implements Op {}

    public record Delete(Keyspace keyspace, byte[] key) implements Op {}

    public record Clear(Keyspace keyspace) implements Op {}
}
