package io.quorate.api.client;

/**
 * The cause of a status that answers the login with the configured user and password, not the call
 * itself, which was never made.
 */
public final class LoginException extends Exception {
    private static final long serialVersionUID = 1;

    LoginException() {
        super("the login before the call failed", null, false, false);
    }
}
