package io.quorate.engine.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.backend.memory.MemoryStorageProvider;
import io.quorate.engine.state.AuthCommand;
import io.quorate.engine.state.Caller;
import io.quorate.engine.state.EtcdError;
import io.quorate.engine.state.EtcdException;
import io.quorate.engine.state.Result;
import io.quorate.engine.state.StateMachine;
import io.quorate.spi.storage.Applied;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** Simple tokens, on a clock that the test turns. */
class AuthenticationTest {
    private static final long TTL = Duration.ofMinutes(5).toNanos();
    private static final long WAIT = Duration.ofSeconds(7).toNanos();

    private final StateMachine state =
            StateMachine.open(new MemoryStorageProvider().openState(TestStorage.env(null)));
    private long now = Long.MAX_VALUE - WAIT / 2;
    private long index;
    private final Authentication authentication =
            new Authentication(
                    state, new SimpleTokens(TTL, () -> now, new Random(1)), () -> now, WAIT);

    private Result apply(AuthCommand command) {
        Applied at = new Applied(++index, 1);
        Result result = state.apply(command, state.auth().root(), at);
        authentication.applied(command, result);
        authentication.reached(index);
        return result;
    }

    private void enable() {
        apply(new AuthCommand.UserAdd("root", "", false));
        apply(new AuthCommand.UserGrantRole("root", "root"));
        apply(new AuthCommand.UserAdd("u", "", false));
        apply(new AuthCommand.Enable());
    }

    private String login(String user) {
        AuthCommand.Authenticate command = authentication.authenticate(user);
        return authentication.token(command, (Result.Authenticated) apply(command));
    }

    private Caller caller(String token) {
        CompletableFuture<Caller> caller = authentication.caller(token);
        assertTrue(caller.isDone());
        return caller.join();
    }

    private static void assertRefused(EtcdError error, CompletableFuture<Caller> caller) {
        assertTrue(caller.isDone());
        var thrown = assertThrows(CompletionException.class, caller::join);
        assertEquals(error, ((EtcdException) thrown.getCause()).error());
    }

    @Test
    @Tag("SE-107")
    void tokensAreNotLookedAtWhileAuthIsOff() {
        assertEquals(Caller.NOBODY, caller("nonsense"));
    }

    @Test
    @Tag("SE-100")
    @Tag("FL-78")
    void aTokenLivesAsLongAsItIsUsed() {
        enable();
        String token = login("u");
        for (int i = 0; i < 3; i++) {
            now += TTL;
            authentication.tick();
            assertEquals(new Caller("u", state.auth().revision()), caller(token));
        }
        now += TTL + 1;
        assertRefused(EtcdError.INVALID_AUTH_TOKEN, authentication.caller(token));
        authentication.tick();
        assertRefused(EtcdError.INVALID_AUTH_TOKEN, authentication.caller(token));
    }

    @Test
    @Tag("SE-101")
    void aTokenOfAnotherMemberIsWaitedForUntilItIsKnownHere() {
        enable();
        AuthCommand.Authenticate command = authentication.authenticate("u");
        var result = new Result.Authenticated(1, state.auth().revision(), index + 1);
        CompletableFuture<Caller> early =
                authentication.caller(authentication.token(command, result));
        CompletableFuture<Caller> madeUp = authentication.caller("abc." + (index + 1));
        CompletableFuture<Caller> tooFar = authentication.caller("abc." + Long.MAX_VALUE);
        assertFalse(early.isDone() || madeUp.isDone() || tooFar.isDone());

        apply(command);
        assertEquals("u", early.join().user());
        assertRefused(EtcdError.INVALID_AUTH_TOKEN, madeUp);
        now += WAIT - 1;
        authentication.tick();
        assertFalse(tooFar.isDone());
        now++;
        authentication.tick();
        assertRefused(EtcdError.INVALID_AUTH_TOKEN, tooFar);
    }

    @Test
    @Tag("SE-110")
    void tokensEndWithTheirUserHisPasswordAndAuth() {
        enable();
        String deleted = login("u");
        String root = login("root");
        apply(new AuthCommand.UserDelete("u"));
        assertRefused(EtcdError.INVALID_AUTH_TOKEN, authentication.caller(deleted));
        caller(root);
        apply(new AuthCommand.UserChangePassword("root", ""));
        assertRefused(EtcdError.INVALID_AUTH_TOKEN, authentication.caller(root));
        String again = login("root");
        apply(new AuthCommand.Disable());
        apply(new AuthCommand.Enable());
        assertRefused(EtcdError.INVALID_AUTH_TOKEN, authentication.caller(again));
        String replaced = login("root");
        authentication.replaced();
        assertRefused(EtcdError.INVALID_AUTH_TOKEN, authentication.caller(replaced));
    }

    @Test
    void whoWaitsHearsThatTheMemberStops() {
        enable();
        CompletableFuture<Caller> waiting = authentication.caller("abc.99");
        authentication.close();
        assertRefused(EtcdError.STOPPED, waiting);
        assertRefused(EtcdError.STOPPED, authentication.caller("abc.99"));
    }

    @Test
    @Tag("FL-76")
    void theKindOfTokensIsReadAsEtcdReadsIt() {
        assertEquals(TokenKind.DEFAULT, TokenKind.parse("simple", Duration.ZERO, Duration::parse));
        Duration minute = Duration.ofMinutes(1);
        assertEquals(
                new TokenKind.Simple(minute),
                TokenKind.parse("simple,a=b", minute, Duration::parse));
        assertEquals(new TokenKind.None(), TokenKind.parse("", minute, Duration::parse));
        for (String bad :
                new String[] {
                    "other",
                    "simple,a",
                    "simple,a=b,a=c",
                    "simple,a=b=c",
                    "jwt",
                    "jwt,sign-method=none"
                }) {
            var thrown =
                    assertThrows(
                            IllegalArgumentException.class,
                            () -> TokenKind.parse(bad, minute, Duration::parse));
            assertEquals("auth: invalid auth options", thrown.getMessage());
        }
    }
}
