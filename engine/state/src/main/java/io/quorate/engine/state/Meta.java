package io.quorate.engine.state;

import io.quorate.spi.storage.Cursor;
import io.quorate.spi.storage.ReadView;
import io.quorate.spi.storage.WriteBatch;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The keyspace of marks and small records beside the keys, wholly in the heap. */
final class Meta {
    private final Map<String, byte[]> values = new ConcurrentHashMap<>();

    Meta(ReadView view) {
        try (Cursor cursor = view.cursor(Keyspaces.META, null, null, false)) {
            while (cursor.next())
                values.put(
                        new String(cursor.key(), StandardCharsets.UTF_8), cursor.value().clone());
        }
    }

    static byte[] name(String name) {
        return name.getBytes(StandardCharsets.UTF_8);
    }

    /** The revision stored under a name, -1 for none. */
    long revision(String name) {
        byte[] value = values.get(name);
        return value == null ? -1 : RevisionKey.main(value);
    }

    /** The value or null. */
    byte[] get(String name) {
        return values.get(name);
    }

    void put(String name, byte[] value, WriteBatch batch) {
        values.put(name, value);
        batch.put(Keyspaces.META, name(name), value);
    }
}
