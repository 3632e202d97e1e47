package io.quorate.api.client;

/**
 * Where a member listens for clients.
 *
 * @param host name or address, without brackets
 * @param port 1 to 65535
 * @param tls whether to speak TLS
 */
record Endpoint(String host, int port, boolean tls) {
    private static final int DEFAULT_PORT = 80;
    private static final int DEFAULT_TLS_PORT = 443;

    /**
     * Reads what users write: {@code http://host:port}, {@code https://host:port} or {@code
     * host:port}; the last is TLS if the client has TLS settings, as in etcd's client.
     *
     * @throws IllegalArgumentException with a text for users
     */
    static Endpoint parse(String text, boolean tlsConfigured) {
        String rest = text.strip();
        boolean tls = tlsConfigured;
        int scheme = rest.indexOf("://");
        if (scheme >= 0) {
            tls =
                    switch (rest.substring(0, scheme)) {
                        case "http" -> false;
                        case "https" -> true;
                        default ->
                                throw new IllegalArgumentException(
                                        "endpoint \"" + text + "\": use http:// or https://");
                    };
            rest = rest.substring(scheme + 3);
        }
        int slash = rest.indexOf('/');
        if (slash >= 0) {
            rest = rest.substring(0, slash);
        }
        int colon = rest.lastIndexOf(':');
        boolean hasPort = colon >= 0 && colon > rest.lastIndexOf(']');
        String host = hasPort ? rest.substring(0, colon) : rest;
        int port = tls ? DEFAULT_TLS_PORT : DEFAULT_PORT;
        if (hasPort) {
            port = port(text, rest.substring(colon + 1));
        }
        if (host.startsWith("[") && host.endsWith("]")) {
            host = host.substring(1, host.length() - 1);
        }
        if (host.isEmpty()) {
            throw new IllegalArgumentException("endpoint \"" + text + "\" has no host");
        }
        return new Endpoint(host, port, tls);
    }

    private static int port(String text, String digits) {
        try {
            int port = Integer.parseInt(digits);
            if (port >= 1 && port <= 65535) {
                return port;
            }
        } catch (NumberFormatException e) {
            // Told below, with the whole endpoint.
        }
        throw new IllegalArgumentException(
                "endpoint \"" + text + "\": the port must be 1 to 65535");
    }

    /** Host and port as HTTP writes them. */
    String authority() {
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }
}
