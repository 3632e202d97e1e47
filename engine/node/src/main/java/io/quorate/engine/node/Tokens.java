package io.quorate.engine.node;

import io.quorate.engine.state.Caller;
import io.quorate.engine.state.Result;

import java.security.SecureRandom;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;

/** One kind of tokens. Safe for any thread. */
interface Tokens {
    /** Tokens of this kind, with none given yet. */
    static Tokens of(TokenKind kind, NodeRuntime runtime) {
        return switch (kind) {
            case TokenKind.Simple(Duration ttl) ->
                    new SimpleTokens(ttl.toNanos(), runtime.nanoTime(), new SecureRandom());
            case TokenKind.Jwt jwt -> new JwtTokens(jwt.keys(), jwt.ttl(), runtime.wallClock());
            case TokenKind.None none -> new NoTokens();
        };
    }

    /** What a proposal to authenticate carries: random letters, or nothing. */
    String prefix();

    /** The apply thread has authenticated a user, on whichever member he asked. */
    void assigned(String user, String prefix, Result.Authenticated result);

    /**
     * The token for the user who asked here.
     *
     * @throws io.quorate.engine.state.EtcdException when this member cannot make one
     */
    String token(String user, String prefix, Result.Authenticated result);

    /**
     * The log index that must have been applied here before the token can be known; empty for what
     * is no token at all.
     */
    OptionalLong index(String token);

    /**
     * Whose token it is; empty for an unknown one or one that is over.
     *
     * @param authRevision now
     */
    Optional<Caller> caller(String token, long authRevision);

    /** Forgets the tokens of a user. */
    void drop(String user);

    /** Forgets all. */
    void dropAll();

    /** Forgets what is over. */
    void purge();
}
