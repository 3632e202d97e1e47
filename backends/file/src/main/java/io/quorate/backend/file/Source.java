package io.quorate.backend.file;

import io.quorate.spi.storage.ByteTree;

import java.util.Arrays;
import java.util.List;

/** A sorted walk over what one table, or several on top of each other, say of a keyspace. */
interface Source {
    Source NONE =
            new Source() {
                @Override
                public boolean next() {
                    return false;
                }

                @Override
                public byte[] key() {
                    return null;
                }

                @Override
                public byte[] value() {
                    return null;
                }
            };

    /** Steps to the next key; false at the end. */
    boolean next();

    byte[] key();

    /** The value, or {@link MemTable#TOMBSTONE}; may be copied for each call. */
    byte[] value();

    /** Whether the value is {@link MemTable#TOMBSTONE}; copies nothing. */
    default boolean isTombstone() {
        return value() == MemTable.TOMBSTONE;
    }

    static Source of(ByteTree.Walk<MemValue> walk) {
        return new Source() {
            @Override
            public boolean next() {
                return walk.next();
            }

            @Override
            public byte[] key() {
                return walk.key();
            }

            @Override
            public byte[] value() {
                return walk.value().bytes();
            }

            @Override
            public boolean isTombstone() {
                return walk.value() == MemValue.TOMBSTONE;
            }
        };
    }

    /** Lays sources on top of each other, the newest first: it wins where several have a key. */
    static Source merge(List<Source> newestFirst, boolean descending) {
        return newestFirst.size() == 1
                ? newestFirst.getFirst()
                : new Merged(newestFirst, descending);
    }

    /** Looks at every source for each step: there are a handful. */
    final class Merged implements Source {
        private final Source[] sources;
        private final boolean descending;
        private int live;
        private int winner = -1;

        private Merged(List<Source> newestFirst, boolean descending) {
            this.descending = descending;
            sources = new Source[newestFirst.size()];
            for (Source source : newestFirst) if (source.next()) sources[live++] = source;
        }

        @Override
        public boolean next() {
            if (winner >= 0) step();
            if (live == 0) return false;
            winner = 0;
            for (int i = 1; i < live; i++) {
                int order = Arrays.compareUnsigned(sources[i].key(), sources[winner].key());
                if (descending ? order > 0 : order < 0) winner = i;
            }
            return true;
        }

        /** Moves every source off the key that was the last answer. */
        private void step() {
            byte[] last = sources[winner].key();
            int kept = 0;
            for (int i = 0; i < live; i++) {
                Source source = sources[i];
                boolean more = i < winner || !Arrays.equals(source.key(), last) || source.next();
                if (more) sources[kept++] = source;
            }
            Arrays.fill(sources, kept, live, null);
            live = kept;
        }

        @Override
        public byte[] key() {
            return sources[winner].key();
        }

        @Override
        public byte[] value() {
            return sources[winner].value();
        }

        @Override
        public boolean isTombstone() {
            return sources[winner].isTombstone();
        }
    }
}
