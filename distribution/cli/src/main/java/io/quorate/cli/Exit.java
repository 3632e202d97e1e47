package io.quorate.cli;

/**
 * Ends the tool with an exit code, and with {@code Error: MESSAGE} on standard error unless the
 * message is empty.
 */
public final class Exit extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** The exit codes of etcd's tools (CT-05). */
    public static final int SUCCESS = 0;

    public static final int ERROR = 1;
    public static final int BAD_CONNECTION = 2;
    public static final int INVALID_INPUT = 3;
    public static final int BAD_FEATURE = 4;
    public static final int INTERRUPTED = 5;
    public static final int IO = 6;
    public static final int BAD_ARGUMENTS = 128;

    private final int code;

    /**
     * Ends with {@code code} and a message.
     *
     * @param message what went wrong, a byte string; empty to print nothing
     */
    public Exit(int code, String message) {
        super(message, null, false, false);
        this.code = code;
    }

    /** Ends with {@code code} and prints nothing. */
    public static Exit silently(int code) {
        return new Exit(code, "");
    }

    /** Arguments that the command cannot take: exit code 128. */
    public static Exit badArguments(String message) {
        return new Exit(BAD_ARGUMENTS, message);
    }

    /** The process's exit code, 0 to 255. */
    public int code() {
        return code;
    }
}
