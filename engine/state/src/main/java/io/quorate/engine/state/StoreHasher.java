package io.quorate.engine.state;

import io.quorate.spi.storage.Cursor;
import io.quorate.spi.storage.Keyspace;
import io.quorate.spi.storage.ReadView;

import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.zip.CRC32C;

/**
 * The hash of everything in the store (MA-11), reckoned as etcd does: CRC-32C over the name of each
 * keyspace, in order of the names, and its rows; left out are the marks that members need not agree
 * on.
 */
final class StoreHasher {
    private static final Set<String> OWN_MARKS =
            Set.of("consistent_index", "term", "storageVersion", "confState");
    private static final List<Keyspace> BY_NAME =
            Keyspaces.ALL.stream().sorted(Comparator.comparing(Keyspace::name)).toList();

    private StoreHasher() {}

    static int hash(ReadView view) {
        CRC32C crc = new CRC32C();
        for (Keyspace keyspace : BY_NAME) {
            crc.update(keyspace.name().getBytes(StandardCharsets.UTF_8));
            try (Cursor cursor = view.cursor(keyspace, null, null, false)) {
                while (cursor.next()) {
                    if (isOwnMark(keyspace, cursor.key())) continue;
                    crc.update(cursor.key());
                    crc.update(cursor.value());
                }
            }
        }
        return (int) crc.getValue();
    }

    private static boolean isOwnMark(Keyspace keyspace, byte[] key) {
        return keyspace.equals(Keyspaces.META)
                && OWN_MARKS.contains(new String(key, StandardCharsets.UTF_8));
    }
}
