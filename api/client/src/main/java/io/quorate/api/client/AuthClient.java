package io.quorate.api.client;

import io.quorate.api.proto.AuthGrpc;
import io.quorate.api.proto.AuthStatusRequest;
import io.quorate.api.proto.AuthStatusResponse;
import io.quorate.api.proto.AuthenticateRequest;
import io.quorate.api.proto.AuthenticateResponse;

/**
 * Login; users and roles are plain calls of {@code AuthGrpc}'s methods. Thread-safe. See {@link
 * Client} for blocking and failures.
 */
public final class AuthClient {
    private final Client client;

    AuthClient(Client client) {
        this.client = client;
    }

    /** A token for a user; a client with credentials does this by itself. */
    public AuthenticateResponse authenticate(String user, String password) {
        return client.call(
                AuthGrpc.getAuthenticateMethod(),
                AuthenticateRequest.newBuilder().setName(user).setPassword(password).build(),
                Retry.UNSENT_ONLY);
    }

    public AuthStatusResponse status() {
        return client.call(
                AuthGrpc.getAuthStatusMethod(),
                AuthStatusRequest.getDefaultInstance(),
                Retry.UNSENT_ONLY);
    }
}
