package io.quorate.engine.node;

import io.quorate.engine.state.AuthCommand;
import io.quorate.engine.state.Caller;
import io.quorate.engine.state.Command;
import io.quorate.engine.state.EtcdError;
import io.quorate.engine.state.EtcdException;
import io.quorate.engine.state.Result;
import io.quorate.engine.state.StateMachine;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.PriorityQueue;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;

/**
 * Who a caller is, by the token that he shows. Any thread, but for {@link #applied} and {@link
 * #reached}, which are the apply thread's.
 *
 * <p>A token may be shown to a member that has not applied yet what gave it; such a caller waits
 * until it has (SE-101).
 */
public final class Authentication {
    private static final long PURGE_NANOS = 1_000_000_000;

    private final StateMachine state;
    private final Tokens tokens;
    private final LongSupplier nanoTime;
    private final long waitNanos;

    /** Guarded by itself. */
    private final PriorityQueue<Waiter> waiters = new PriorityQueue<>();

    private volatile boolean waiting;
    private volatile long reached;
    private volatile boolean closed;
    private volatile long purged;

    /**
     * @param waitNanos how long a caller is kept waiting for his token to be known, at most
     */
    Authentication(StateMachine state, Tokens tokens, LongSupplier nanoTime, long waitNanos) {
        this.state = state;
        this.tokens = tokens;
        this.nanoTime = nanoTime;
        this.waitNanos = waitNanos;
        this.reached = state.applied().index();
        this.purged = nanoTime.getAsLong();
    }

    /**
     * Whose token it is, with the auth revision of now. Fails with INVALID_AUTH_TOKEN for one that
     * this member does not know, or STOPPED. While auth is off nobody's tokens are looked at
     * (SE-107).
     */
    public CompletableFuture<Caller> caller(String token) {
        if (!state.auth().enabled()) {
            return CompletableFuture.completedFuture(Caller.NOBODY);
        }
        OptionalLong index = tokens.index(token);
        if (index.isEmpty()) {
            return CompletableFuture.failedFuture(EtcdError.INVALID_AUTH_TOKEN.exception());
        }
        if (index.getAsLong() <= reached) {
            try {
                return CompletableFuture.completedFuture(known(token));
            } catch (EtcdException unknown) {
                return CompletableFuture.failedFuture(unknown);
            }
        }
        return await(index.getAsLong()).thenApply(there -> known(token));
    }

    // The revision first: whose token is dropped meanwhile then comes with an old one.
    private Caller known(String token) {
        long revision = state.auth().revision();
        return tokens.caller(token, revision).orElseThrow(EtcdError.INVALID_AUTH_TOKEN::exception);
    }

    private CompletableFuture<Void> await(long index) {
        var waiter = new Waiter(index, nanoTime.getAsLong() + waitNanos, new CompletableFuture<>());
        synchronized (waiters) {
            waiters.add(waiter);
            waiting = true;
        }
        // After that, so that either this or the apply thread sees the other.
        if (closed) {
            waiter.there.completeExceptionally(EtcdError.STOPPED.exception());
        } else if (index <= reached) {
            waiter.there.complete(null);
        }
        return waiter.there;
    }

    /** A command to authenticate a user whose password was found right. */
    public AuthCommand.Authenticate authenticate(String user) {
        return new AuthCommand.Authenticate(user, tokens.prefix());
    }

    /**
     * The token that the command has given.
     *
     * @throws EtcdException VERIFY_ONLY when this member cannot make tokens
     */
    public String token(AuthCommand.Authenticate command, Result.Authenticated result) {
        return tokens.token(command.user(), command.tokenPrefix(), result);
    }

    /** A command has been applied; {@link #reached} follows. */
    void applied(Command command, Result result) {
        switch (command) {
            case AuthCommand.Authenticate(String user, String prefix) ->
                    tokens.assigned(user, prefix, (Result.Authenticated) result);
            case AuthCommand.Disable disable -> tokens.dropAll();
            case AuthCommand.UserDelete(String name) -> tokens.drop(name);
            case AuthCommand.UserChangePassword change -> tokens.drop(change.name());
            default -> {
                // Nothing else makes or ends a token.
            }
        }
    }

    /** Another member's state took the place of this one: who lost his token in it is unknown. */
    void replaced() {
        tokens.dropAll();
    }

    /** All up to this log index is applied. */
    void reached(long index) {
        reached = index;
        if (!waiting) {
            return;
        }
        List<Waiter> there = new ArrayList<>();
        synchronized (waiters) {
            while (!waiters.isEmpty() && waiters.peek().index <= index) {
                there.add(waiters.remove());
            }
            waiting = !waiters.isEmpty();
        }
        there.forEach(waiter -> waiter.there.complete(null));
    }

    /** Ends what waits too long, and forgets tokens that are over. Ticker's thread. */
    void tick() {
        long now = nanoTime.getAsLong();
        if (waiting) {
            end(EtcdError.INVALID_AUTH_TOKEN, now, false);
        }
        if (now - purged > PURGE_NANOS) {
            purged = now;
            tokens.purge();
        }
    }

    /** Who waits, and who will, hears STOPPED. */
    void close() {
        closed = true;
        end(EtcdError.STOPPED, 0, true);
    }

    private void end(EtcdError why, long now, boolean all) {
        List<Waiter> ended = new ArrayList<>();
        synchronized (waiters) {
            waiters.removeIf(waiter -> {
                boolean over = all || now - waiter.giveUp >= 0;
                if (over) {
                    ended.add(waiter);
                }
                return over;
            });
            waiting = !waiters.isEmpty();
        }
        ended.forEach(waiter -> waiter.there.completeExceptionally(why.exception()));
    }

    /** A caller whose token is of a later index than was applied. */
    private record Waiter(long index, long giveUp, CompletableFuture<Void> there)
            implements Comparable<Waiter> {
        @Override
        public int compareTo(Waiter other) {
            return Long.compare(index, other.index);
        }
    }
}
