package io.quorate.engine.node;

import io.quorate.engine.state.Caller;
import io.quorate.engine.state.Result;

import java.util.Optional;
import java.util.OptionalLong;

/** Tokens that are never good. */
final class NoTokens implements Tokens {
    @Override
    public String prefix() {
        return "";
    }

    @Override
    public void assigned(String user, String prefix, Result.Authenticated result) {}

    @Override
    public String token(String user, String prefix, Result.Authenticated result) {
        return "";
    }

    @Override
    public OptionalLong index(String token) {
        return OptionalLong.empty();
    }

    @Override
    public Optional<Caller> caller(String token, long authRevision) {
        return Optional.empty();
    }

    @Override
    public void drop(String user) {}

    @Override
    public void dropAll() {}

    @Override
    public void purge() {}
}
