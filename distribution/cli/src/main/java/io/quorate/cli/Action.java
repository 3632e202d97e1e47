package io.quorate.cli;

/** What a command does. */
@FunctionalInterface
public interface Action {
    /**
     * Runs the command; returning means exit code 0.
     *
     * @throws Exit to end with another exit code
     */
    void run(Invocation invocation);
}
