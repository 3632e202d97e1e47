package io.quorate.engine.node;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.backend.memory.MemoryStorageProvider;
import io.quorate.engine.state.Keyspaces;
import io.quorate.spi.storage.Applied;
import io.quorate.spi.storage.Install;
import io.quorate.spi.storage.Keyspace;
import io.quorate.spi.storage.ReadView;
import io.quorate.spi.storage.StateStore;
import io.quorate.spi.storage.StateStore.Durability;
import io.quorate.spi.storage.WriteBatch;

import org.junit.jupiter.api.Test;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A state as a stream, and streams that are none. */
final class SnapshotFeedTest {
    private static final Applied AT = new Applied(7, 2);

    @Test
    void everyRowOfEveryKeyspaceArrives() throws IOException {
        byte[] feed = feed();
        try (StateStore target = store()) {
            Install install = target.beginInstall(AT);
            SnapshotFeed.read(new ByteArrayInputStream(feed), install);
            install.commit();
            assertEquals(AT, target.applied());
            try (ReadView view = target.view()) {
                for (Keyspace keyspace : Keyspaces.ALL) {
                    assertArrayEquals(value(keyspace), view.get(keyspace, key(1)));
                    assertArrayEquals(new byte[0], view.get(keyspace, key(2)));
                }
            }
            assertArrayEquals(feed, write(target));
        }
    }

    @Test
    void streamThatIsCutAnywhereIsRefused() throws IOException {
        byte[] feed = feed();
        for (int length = 0; length < feed.length; length++) {
            refused(Arrays.copyOf(feed, length));
        }
    }

    @Test
    void bytesBehindTheEndAreRefused() throws IOException {
        byte[] feed = feed();
        refused(Arrays.copyOf(feed, feed.length + 1));
    }

    @Test
    void rowThatIsMissingIsRefused() throws IOException {
        byte[] feed = feed();
        int row = 1 + Integer.BYTES + key(1).length + Integer.BYTES + valueLength(feed);
        IOException refusal = refused(Arrays.copyOfRange(feed, row, feed.length));
        assertTrue(refusal.getMessage().contains("came with"), refusal.getMessage());
    }

    private static int valueLength(byte[] feed) {
        return ByteBuffer.wrap(feed).getInt(1 + Integer.BYTES + key(1).length);
    }

    @Test
    void rowsOutOfOrderAreRefused() throws IOException {
        Keyspace keyspace = Keyspaces.ALL.getFirst();
        ByteBuffer rows = ByteBuffer.allocate(100);
        for (int number = 2; number >= 1; number--) {
            rows.put((byte) keyspace.id());
            rows.putInt(key(number).length).put(key(number)).putInt(0);
        }
        rows.put((byte) 0).putLong(2);
        IOException refusal = refused(Arrays.copyOf(rows.array(), rows.position()));
        assertTrue(refusal.getMessage().contains("out of order"), refusal.getMessage());
    }

    @Test
    void keyspaceOfALaterReleaseIsRefusedWithTheNextStep() {
        IOException refusal = refused(new byte[] {127, 0});
        assertTrue(refusal.getMessage().contains("upgrade this member"), refusal.getMessage());
    }

    @Test
    void lengthThatIsNonsenseIsRefusedBeforeMemoryIsTaken() {
        byte first = (byte) Keyspaces.ALL.getFirst().id();
        refused(new byte[] {first, -1, -1, -1, -1});
        refused(new byte[] {first, 0x7f, -1, -1, -1});
    }

    private static IOException refused(byte[] feed) {
        try (StateStore target = store();
                Install install = target.beginInstall(AT)) {
            return assertThrows(
                    IOException.class,
                    () -> SnapshotFeed.read(new ByteArrayInputStream(feed), install));
        }
    }

    /** Of a state with two rows in each keyspace. */
    private static byte[] feed() throws IOException {
        try (StateStore store = store()) {
            WriteBatch batch = new WriteBatch();
            for (Keyspace keyspace : Keyspaces.ALL) {
                batch.put(keyspace, key(1), value(keyspace));
                batch.put(keyspace, key(2), new byte[0]);
            }
            store.commit(batch, AT, Durability.FORCE).join();
            return write(store);
        }
    }

    private static byte[] write(StateStore store) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (ReadView view = store.view()) {
            SnapshotFeed.write(view, out);
        }
        return out.toByteArray();
    }

    private static byte[] key(int number) {
        return ("key" + number).getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] value(Keyspace keyspace) {
        return keyspace.toString().getBytes(StandardCharsets.UTF_8);
    }

    private static StateStore store() {
        return new MemoryStorageProvider().openState(TestStorage.env(null));
    }
}
