package io.quorate.engine.node;

import io.quorate.engine.raft.Message;
import io.quorate.spi.storage.Install;

import java.util.concurrent.CompletableFuture;

/**
 * A snapshot of another member, fed but not in place yet.
 *
 * @param message as raft is to see it
 * @param install holds the rows; whoever ends the snapshot commits or closes it
 * @param outcome completes when it is in place, or when raft had no use for it
 */
record ArrivedSnapshot(Message message, Install install, CompletableFuture<Void> outcome) {
    /** Raft has no use for it: this member is further already. */
    void ignore() {
        install.close();
        outcome.complete(null);
    }

    void fail(RuntimeException why) {
        install.close();
        outcome.completeExceptionally(why);
    }
}
