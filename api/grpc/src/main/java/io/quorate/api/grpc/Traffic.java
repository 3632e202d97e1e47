package io.quorate.api.grpc;

/**
 * Told of every read and write of client connections, in bytes as they pass the HTTP/2 layer
 * (inside TLS). Called from many threads; must be cheap and must not block. Metric row ME-27.
 */
public interface Traffic {
    /** Counts nothing. */
    Traffic NONE =
            new Traffic() {
                @Override
                public void received(int bytes) {}

                @Override
                public void sent(int bytes) {}
            };

    /** Bytes read from a client, at least 1. */
    void received(int bytes);

    /** Bytes written to a client, at least 1. */
    void sent(int bytes);
}
