package io.quorate.spi.discovery;

/** Why the founders of a cluster cannot be found; the message names the next step. */
public final class DiscoveryException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public DiscoveryException(String message) {
        super(message);
    }

    public DiscoveryException(String message, Throwable cause) {
        super(message, cause);
    }
}
