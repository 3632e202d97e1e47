package io.quorate.engine.node;

import io.quorate.engine.state.Caller;
import io.quorate.engine.state.Command;
import io.quorate.engine.state.Result;

import java.util.concurrent.CompletableFuture;

/**
 * A proposal of this member whose outcome somebody waits for.
 *
 * @param id in the header of {@code data}
 * @param command kept, so that the local apply need not decode
 * @param caller on whose behalf
 * @param data the encoded command
 * @param deadline when to give up, by the monotonic clock
 * @param term the only term in which it may be proposed, and by this member as its leader; 0 for
 *     any
 * @param outcome completes once
 */
record PendingProposal(
        long id,
        Command command,
        Caller caller,
        byte[] data,
        long deadline,
        long term,
        CompletableFuture<Result> outcome) {}
