package io.quorate.cli;

/** An action that looks at what was typed before it runs; its refusal comes with the usage. */
public interface CheckedAction extends Action {
    /**
     * Looks at the flags and the arguments.
     *
     * @throws UsageException for a line that does not fit the command
     */
    void check(FlagValues typed) throws UsageException;
}
