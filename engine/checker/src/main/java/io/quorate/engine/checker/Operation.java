package io.quorate.engine.checker;

/**
 * One operation of a client, as the client saw it.
 *
 * @param client who acts in it; for people
 * @param input what it asked for
 * @param output what it was told; null when the outcome is unknown, so that it may have happened at
 *     any time after the call, or never
 * @param called when it was asked, on a clock that all clients share
 * @param returned when it was told; of no meaning when the outcome is unknown
 * @param <I> type of what is asked
 * @param <O> type of what is told
 */
public record Operation<I, O>(int client, I input, O output, long called, long returned) {
    public Operation {
        if (output != null && returned < called) {
            throw new IllegalArgumentException("told at " + returned + ", asked at " + called);
        }
    }

    /** Whether the client was told what became of it. */
    public boolean isKnown() {
        return output != null;
    }

    @Override
    public String toString() {
        String told =
                isKnown() ? "..%d] %s -> %s".formatted(returned, input, output) : "..?] " + input;
        return "[%d%s (client %d)".formatted(called, told, client);
    }
}
