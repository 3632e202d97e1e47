package io.quorate.engine.node;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.quorate.engine.raft.ConfState;
import io.quorate.engine.raft.Entry;
import io.quorate.engine.raft.EntryType;
import io.quorate.engine.raft.Message;
import io.quorate.engine.raft.MessageType;
import io.quorate.engine.raft.Snapshot;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

final class MessageCodecTest {
    @Test
    void anyMessageComesBackAsItWas() {
        long seed = Long.getLong("seed", System.nanoTime());
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        for (int i = 0; i < 2000; i++) {
            Message message = message(random);
            byte[] bytes = MessageCodec.encode(message);
            Message back = MessageCodec.decode(bytes);
            assertEquals(message.type(), back.type());
            assertEquals(message.to(), back.to());
            assertEquals(message.from(), back.from());
            assertEquals(message.reject(), back.reject());
            assertEquals(message.rejectHint(), back.rejectHint());
            // Equal messages have equal bytes, whatever their arrays are.
            assertArrayEquals(bytes, MessageCodec.encode(back));
        }
    }

    @Test
    void bytesThatAreNoMessageAreRefused() {
        Random random = new Random(3);
        byte[] bytes = MessageCodec.encode(message(random));
        for (int length = 0; length < bytes.length; length++) {
            byte[] part = Arrays.copyOf(bytes, length);
            assertThrows(IllegalArgumentException.class, () -> MessageCodec.decode(part));
        }
        byte[] more = Arrays.copyOf(bytes, bytes.length + 1);
        assertThrows(IllegalArgumentException.class, () -> MessageCodec.decode(more));
        byte[] other = bytes.clone();
        other[0] = 9;
        assertThrows(IllegalArgumentException.class, () -> MessageCodec.decode(other));
    }

    private static Message message(Random random) {
        List<Entry> entries = new ArrayList<>();
        for (int i = random.nextInt(4); i > 0; i--) {
            EntryType type = EntryType.values()[random.nextInt(3)];
            entries.add(new Entry(number(random), number(random), type, bytes(random, 3000)));
        }
        Snapshot snapshot =
                random.nextBoolean()
                        ? null
                        : new Snapshot(
                                number(random),
                                number(random),
                                new ConfState(
                                        ids(random),
                                        ids(random),
                                        ids(random),
                                        ids(random),
                                        random.nextBoolean()),
                                bytes(random, 50));
        MessageType[] types = MessageType.values();
        return new Message(
                types[random.nextInt(types.length)],
                random.nextLong(),
                random.nextLong(),
                number(random),
                number(random),
                number(random),
                entries,
                number(random),
                random.nextLong(),
                snapshot,
                random.nextBoolean(),
                number(random),
                bytes(random, 20),
                List.of());
    }

    private static long number(Random random) {
        return random.nextLong() >>> random.nextInt(64);
    }

    private static byte[] bytes(Random random, int max) {
        byte[] bytes = new byte[random.nextInt(max)];
        random.nextBytes(bytes);
        return bytes;
    }

    private static List<Long> ids(Random random) {
        return random.longs(random.nextInt(4)).boxed().toList();
    }
}
