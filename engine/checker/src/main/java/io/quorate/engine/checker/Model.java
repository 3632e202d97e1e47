package io.quorate.engine.checker;

/**
 * What an object does when its operations come one after the other.
 *
 * @param <S> its state: immutable, with equals and hashCode
 * @param <I> what is asked
 * @param <O> what is told
 */
public interface Model<S, I, O> {
    /** The state before the first operation. */
    S initial();

    /**
     * The state after an operation.
     *
     * @param output what was told; null when that is unknown
     * @return null when the object would not have told this
     */
    S step(S state, I input, O output);
}
