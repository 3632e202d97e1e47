package io.quorate.engine.node;

import io.quorate.engine.state.Caller;
import io.quorate.engine.state.Result;

import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;

/**
 * Tokens of random letters and the log index at which they were given, {@code abcdefghijklmnop.42}
 * (SE-100). Every member learns each by applying that entry, and forgets it when it is not used for
 * a while, by its own clock, and when it ends.
 */
final class SimpleTokens implements Tokens {
    private static final String LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    private static final int PREFIX_LENGTH = 16;

    private final Map<String, Known> known = new ConcurrentHashMap<>();
    private final long ttlNanos;
    private final LongSupplier nanoTime;
    private final RandomGenerator random;

    /**
     * @param random must not be guessed
     */
    SimpleTokens(long ttlNanos, LongSupplier nanoTime, RandomGenerator random) {
        this.ttlNanos = ttlNanos;
        this.nanoTime = nanoTime;
        this.random = random;
    }

    @Override
    public String prefix() {
        StringBuilder prefix = new StringBuilder(PREFIX_LENGTH);
        for (int i = 0; i < PREFIX_LENGTH; i++) {
            prefix.append(LETTERS.charAt(random.nextInt(LETTERS.length())));
        }
        return prefix.toString();
    }

    @Override
    public void assigned(String user, String prefix, Result.Authenticated result) {
        known.put(token(user, prefix, result), new Known(user, nanoTime.getAsLong() + ttlNanos));
    }

    @Override
    public String token(String user, String prefix, Result.Authenticated result) {
        return prefix + "." + Long.toUnsignedString(result.index());
    }

    @Override
    public OptionalLong index(String token) {
        int dot = token.indexOf('.');
        try {
            return dot < 0
                    ? OptionalLong.empty()
                    : OptionalLong.of(Long.parseLong(token.substring(dot + 1)));
        } catch (NumberFormatException e) {
            return OptionalLong.empty();
        }
    }

    @Override
    public Optional<Caller> caller(String token, long authRevision) {
        Known found = known.get(token);
        long now = nanoTime.getAsLong();
        if (found == null || now - found.end > 0) {
            return Optional.empty();
        }
        found.end = now + ttlNanos;
        return Optional.of(new Caller(found.user, authRevision));
    }

    @Override
    public void drop(String user) {
        known.values().removeIf(of -> of.user.equals(user));
    }

    @Override
    public void dropAll() {
        known.clear();
    }

    @Override
    public void purge() {
        long now = nanoTime.getAsLong();
        known.values().removeIf(of -> now - of.end > 0);
    }

    private static final class Known {
        final String user;
        volatile long end;

        Known(String user, long end) {
            this.user = user;
            this.end = end;
        }
    }
}
