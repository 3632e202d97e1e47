package io.quorate.engine.node;

import io.quorate.engine.raft.Message;

/** The way to the other members. Called by the raft thread; never blocks and never throws. */
interface PeerSender {
    /** For a cluster of one, where raft has nobody to write to. */
    PeerSender NOBODY =
            message -> {
                throw new AssertionError("a single member has no peer for " + message.type());
            };

    void send(Message message);
}
