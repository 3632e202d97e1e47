package io.quorate.engine.node;

import io.quorate.engine.raft.LogStorage.SnapshotPendingException;
import io.quorate.engine.raft.Snapshot;
import io.quorate.spi.storage.Applied;
import io.quorate.spi.storage.ReadView;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.function.Supplier;

/**
 * Snapshots that raft asked for, as views of the state that wait to be sent. A snapshot is what the
 * last commit of the state left; the log reaches back to it, for it is cut behind the durable state
 * only. Raft thread only.
 */
final class OutgoingSnapshots {
    private static final byte[] NO_DATA = {};

    /** A view that raft did not send after so many ticks will not be sent. */
    private static final int TICKS = 10;

    private final Supplier<ReadView> views;
    private final Deque<Waiting> waiting = new ArrayDeque<>();

    /**
     * @param views opens a view of the state
     */
    OutgoingSnapshots(Supplier<ReadView> views) {
        this.views = views;
    }

    /** Takes a snapshot. */
    Snapshot take() throws SnapshotPendingException {
        ReadView view = views.get();
        Applied at = view.applied();
        if (at.index() == 0) {
            view.close();
            throw new SnapshotPendingException();
        }
        waiting.add(new Waiting(view));
        return new Snapshot(at.index(), at.term(), SnapshotFeed.conf(view), NO_DATA);
    }

    /** The view of a snapshot that is to be sent now; the caller closes it. */
    ReadView view(long index) {
        for (Iterator<Waiting> all = waiting.iterator(); all.hasNext(); ) {
            ReadView view = all.next().view;
            if (view.applied().index() == index) {
                all.remove();
                return view;
            }
        }
        throw new IllegalStateException("no snapshot at " + index + " was taken");
    }

    void tick() {
        for (Iterator<Waiting> all = waiting.iterator(); all.hasNext(); ) {
            Waiting next = all.next();
            if (++next.age > TICKS) {
                next.view.close();
                all.remove();
            }
        }
    }

    void close() {
        waiting.forEach(each -> each.view.close());
        waiting.clear();
    }

    private static final class Waiting {
        private final ReadView view;
        private int age;

        private Waiting(ReadView view) {
            this.view = view;
        }
    }
}
