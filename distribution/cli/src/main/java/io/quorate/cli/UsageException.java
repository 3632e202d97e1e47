package io.quorate.cli;

/** A word that is no flag its command has, or a flag without a value or with a bad one. */
public final class UsageException extends Exception {
    private static final long serialVersionUID = 1;

    /** Says what does not fit. */
    public UsageException(String message) {
        super(message, null, false, false);
    }
}
