package io.quorate.engine.node;

import io.quorate.engine.raft.Message;
import io.quorate.spi.storage.ReadView;

/** The way to the other members. Called by the raft thread; never blocks and never throws. */
interface PeerSender {
    /** For a cluster of one, where raft has nobody to write to. */
    PeerSender NOBODY =
            new PeerSender() {
                @Override
                public void send(Message message) {
                    throw new AssertionError("a single member has no peer for " + message.type());
                }

                @Override
                public void sendSnapshot(Message message, ReadView view) {
                    throw new AssertionError("a single member has no peer for a snapshot");
                }
            };

    void send(Message message);

    /**
     * Sends a snapshot; an {@link Event.SnapshotSent} follows in any case.
     *
     * @param message of type SNAP
     * @param view the state that it stands for; the sender closes it
     */
    void sendSnapshot(Message message, ReadView view);
}
