package io.quorate.engine.state;

/**
 * A request that is answered with an error of the API. Carries no stack: it is an answer, not a
 * fault.
 */
public final class EtcdException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final EtcdError error;

    EtcdException(EtcdError error) {
        super(error.text(), null, false, false);
        this.error = error;
    }

    public EtcdError error() {
        return error;
    }
}
