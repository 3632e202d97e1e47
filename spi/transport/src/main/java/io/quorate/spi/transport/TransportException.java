package io.quorate.spi.transport;

/** What a transport could not do; the message names the address and the next step. */
public final class TransportException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public TransportException(String message, Throwable cause) {
        super(message, cause);
    }
}
