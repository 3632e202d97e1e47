package io.quorate.engine.state;

import io.quorate.spi.storage.Cursor;
import io.quorate.spi.storage.ReadView;
import io.quorate.spi.storage.StateStore;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Reads past revisions for watches that are behind: from the store up to what the {@link History}
 * still has, and then from that. Runs on the reader's thread, without a lock.
 *
 * <p>Why nothing is missed, in the order in which it looks: (1) the oldest revision in the heap;
 * all before it are committed. (2) The published state: the revisions from (1) to there are linked,
 * or were forgotten meanwhile and end the piece early; the next piece finds them in the store. (3)
 * A view of the store: it has all that was committed at (1), unless compaction removed it. (4) The
 * newest compact revision: compaction announces before it removes, and removes nothing that a watch
 * from the announced revision on would see; watches from before it are told that they are
 * compacted.
 */
final class HistoryReader {
    /** Most revisions with a hit in one piece (WA-22). */
    static final int REVISIONS = 1000;

    /** About the most bytes of events, and of references to them, in one piece. */
    private static final long PIECE_BYTES = 1 << 20;

    /** A piece ends after so many rows without a hit, so that its reader may do something else. */
    private static final int ROWS = 50_000;

    private static final int REFERENCE_BYTES = 16;

    private final StateStore store;
    private final History history;
    private final Supplier<Published> state;

    private final WatcherIndex index = new WatcherIndex();
    private final List<Watcher> touched = new ArrayList<>();
    private final Consumer<Watcher> gather = this::gather;
    private WatchEvent event;
    private boolean hit;

    /** All events up to this revision have been looked at. */
    private long end;

    private long hitRevision;
    private int revisions;
    private int rows;
    private long bytes;

    HistoryReader(StateStore store, History history, Supplier<Published> state) {
        this.store = store;
        this.history = history;
        this.state = state;
    }

    /**
     * @param messages in order for each watch
     * @param end the watches have been given all up to this revision
     * @param compacted watches that need revisions which are gone
     */
    record Piece(
            List<WatchMessage.Events> messages,
            long end,
            List<Watcher> compacted,
            long compactRevision) {}

    /** Reads one piece for watches that are UNSYNCED. Used once. */
    Piece read(List<Watcher> behind) {
        History.Node oldest = history.oldest();
        Published now = state.get();
        try (ReadView view = needsStore(behind, oldest) ? store.view() : null) {
            long compactRevision = state.get().compactRevision();
            List<Watcher> compacted = new ArrayList<>();
            long from = Long.MAX_VALUE;
            for (Watcher watcher : behind) {
                if (watcher.next < compactRevision) {
                    compacted.add(watcher);
                } else {
                    index.add(watcher);
                    from = Math.min(from, watcher.next);
                }
            }
            end = from - 1;
            if (from <= now.revision()) read(view, oldest, from, now.revision());
            return new Piece(messages(now.revision()), end, compacted, compactRevision);
        }
    }

    private static boolean needsStore(List<Watcher> behind, History.Node oldest) {
        for (Watcher watcher : behind) if (watcher.next <= oldest.revision) return true;
        return false;
    }

    private void read(ReadView view, History.Node oldest, long from, long last) {
        if (from <= oldest.revision && !readStore(view, from, Math.min(oldest.revision, last)))
            return;
        // No further than the list goes: a state that was replaced ends before the published one.
        long reached = Math.min(oldest.revision, last);
        for (History.Node node = oldest.next;
                node != null && node.revision <= last;
                node = node.next) {
            reached = node.revision;
            if (node.revision < from) continue;
            if (full()) return;
            for (WatchEvent each : node.events) look(each);
            end = node.revision;
        }
        end = Math.max(end, reached);
    }

    /** False when the piece was full before the last revision. */
    private boolean readStore(ReadView view, long from, long last) {
        byte[] low = RevisionKey.of(from, 0, false);
        byte[] high = RevisionKey.of(last + 1, 0, false);
        RowCodec codec = new RowCodec();
        long revision = from - 1;
        try (Cursor cursor = view.cursor(Keyspaces.KEY, low, high, false)) {
            while (cursor.next()) {
                byte[] rowKey = cursor.key();
                long main = RevisionKey.main(rowKey);
                if (main != revision) {
                    // All of the revision before has been looked at; those between are not there.
                    end = main - 1;
                    if (full()) return false;
                    revision = main;
                }
                byte[] key = codec.read(cursor.value()).key();
                look(WatchEvent.read(key, main, RevisionKey.isTombstone(rowKey), cursor.value()));
            }
        }
        end = last;
        return true;
    }

    private boolean full() {
        return revisions >= REVISIONS || bytes >= PIECE_BYTES || rows >= ROWS;
    }

    private void look(WatchEvent each) {
        rows++;
        event = each;
        hit = false;
        index.visit(each.key(), gather);
        if (!hit) return;
        bytes += each.bytes();
        if (each.revision() != hitRevision) revisions++;
        hitRevision = each.revision();
    }

    private void gather(Watcher watcher) {
        if (!watcher.wants(event)) return;
        if (watcher.gather(event)) touched.add(watcher);
        bytes += REFERENCE_BYTES;
        hit = true;
    }

    private List<WatchMessage.Events> messages(long revision) {
        List<WatchMessage.Events> messages = new ArrayList<>(touched.size());
        for (Watcher watcher : touched)
            messages.add(
                    new WatchMessage.Events(watcher.id, revision, watcher.take(), watcher.query));
        return messages;
    }

    /**
     * Looks up what was there before each event (WA-15), unless that is known already. What has
     * been compacted is not told.
     */
    static void findPrevious(
            WatchMessage.Events message, StateStore store, Supplier<Published> state) {
        List<WatchEvent> events = message.events();
        // The versions of a key are linked from the newest one on: walk there once for each key.
        boolean whole = !message.query().noPuts() && !message.query().noDeletes();
        Map<Key, WatchEvent> seen = whole && events.size() > 1 ? new HashMap<>() : null;
        for (WatchEvent event : events) {
            WatchEvent before = seen == null ? null : seen.put(new Key(event.key()), event);
            if (event.knowsPrevious()) continue;
            if (event.isCreate()) event.setPrevious(null);
            else if (before != null)
                event.setPrevious(before.isDelete() ? null : before.keyValue());
            else event.setPrevious(previous(event, store, state));
        }
    }

    private static byte[] previous(WatchEvent event, StateStore store, Supplier<Published> state) {
        IndexEntry newest = event.entry();
        if (newest == null) newest = KeyIndex.get(state.get().root(), event.key());
        IndexEntry before = newest == null ? null : newest.visibleAt(event.revision() - 1);
        if (before == null) return null;
        byte[] row = before.row();
        byte[] key = RevisionKey.of(before);
        if (row == null) {
            // It was committed before it lost its place in the heap: a view opened now has it.
            try (ReadView view = store.view()) {
                row = view.get(Keyspaces.KEY, key);
            }
        }
        // A compaction under way leaves gaps between versions, and has announced itself before.
        if (event.revision() - 1 < state.get().compactRevision()) return null;
        if (row == null) throw Rows.missing(key);
        return row;
    }

    /** A key that can be looked up. */
    private record Key(byte[] bytes) {
        @Override
        public boolean equals(Object other) {
            return other instanceof Key(byte[] key) && Arrays.equals(bytes, key);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(bytes);
        }
    }
}
