package io.quorate.engine.server;

/**
 * A configuration that the server refuses. The message is written for the operator: it names the
 * flag or the value, and where etcd has words for the case, it has etcd's.
 */
public final class ConfigException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public ConfigException(String message) {
        super(message);
    }

    public ConfigException(String message, Throwable cause) {
        super(message, cause);
    }
}
