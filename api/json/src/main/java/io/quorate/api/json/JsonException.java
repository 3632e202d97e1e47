package io.quorate.api.json;

/** A text is not JSON, or not of the message it should be; the message is for users. */
public final class JsonException extends Exception {
    private static final long serialVersionUID = 1;

    JsonException(String message) {
        // Clients provoke it: no stack trace.
        super(message, null, false, false);
    }
}
