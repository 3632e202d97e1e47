package io.quorate.api.grpc;

/**
 * The peer broke a rule that ends the whole connection (RFC 9113 §5.4.1). Becomes a GOAWAY with
 * {@link #code} and the message as debug data. Carries no stack trace: peers can provoke it.
 */
final class ConnectionException extends Exception {
    private static final long serialVersionUID = 1;

    /** What the GOAWAY says. */
    final ErrorCode code;

    ConnectionException(ErrorCode code, String message) {
        super(message, null, false, false);
        this.code = code;
    }
}
