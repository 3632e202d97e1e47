package io.quorate.backend.file;

import java.util.Iterator;
import java.util.LinkedHashMap;

/** Blocks read lately, least recently used first out; bounded by bytes. Safe for threads. */
final class BlockCache {
    private static final int SHARDS = 16;

    private final Shard[] shards = new Shard[SHARDS];

    BlockCache(long bytesMax) {
        for (int i = 0; i < SHARDS; i++) shards[i] = new Shard(bytesMax / SHARDS);
    }

    private record Key(long table, long offset) {}

    private static final class Shard {
        private final long bytesMax;
        private final LinkedHashMap<Key, Block> blocks = new LinkedHashMap<>(16, 0.75f, true);
        private long bytes;

        Shard(long bytesMax) {
            this.bytesMax = bytesMax;
        }

        synchronized Block get(Key key) {
            return blocks.get(key);
        }

        synchronized void put(Key key, Block block) {
            if (block.heapBytes() > bytesMax || blocks.putIfAbsent(key, block) != null) return;
            bytes += block.heapBytes();
            Iterator<Block> oldest = blocks.values().iterator();
            while (bytes > bytesMax) {
                bytes -= oldest.next().heapBytes();
                oldest.remove();
            }
        }
    }

    Block get(long table, long offset) {
        Key key = new Key(table, offset);
        return shard(key).get(key);
    }

    void put(long table, long offset, Block block) {
        Key key = new Key(table, offset);
        shard(key).put(key, block);
    }

    private Shard shard(Key key) {
        int hash = key.hashCode() * 0x9E3779B9;
        return shards[hash >>> 28];
    }
}
