package io.quorate.api.client;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Where a member listens for clients.
 *
 * @param host name or address, without brackets; of a socket in the file system the name that its
 *     certificate must have, which is the file's name up to a colon
 * @param port 1 to 65535; 0 for a socket in the file system
 * @param tls whether to speak TLS
 * @param file the socket in the file system; empty for a port
 */
record Endpoint(String host, int port, boolean tls, Optional<Path> file) {
    private static final int DEFAULT_PORT = 80;
    private static final int DEFAULT_TLS_PORT = 443;

    /**
     * Reads what users write: {@code http://host:port}, {@code https://host:port}, {@code
     * host:port}, {@code unix:path} or {@code unixs:path}, the last two also with {@code //} before
     * the path. Without a scheme and with {@code unix} it is TLS if the client has TLS settings, as
     * in etcd's client.
     *
     * @throws IllegalArgumentException with a text for users
     */
    static Endpoint parse(String text, boolean tlsConfigured) {
        String rest = text.strip();
        if (rest.startsWith("unix:")) return file(text, rest.substring(5), tlsConfigured);
        if (rest.startsWith("unixs:")) return file(text, rest.substring(6), true);
        boolean tls = tlsConfigured;
        int scheme = rest.indexOf("://");
        if (scheme >= 0) {
            tls =
                    switch (rest.substring(0, scheme)) {
                        case "http" -> false;
                        case "https" -> true;
                        default ->
                                throw new IllegalArgumentException(
                                        "endpoint \""
                                                + text
                                                + "\": use http://, https://, unix:// or"
                                                + " unixs://");
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
        return new Endpoint(host, port, tls, Optional.empty());
    }

    private static Endpoint file(String text, String rest, boolean tls) {
        try {
            Path file = Path.of(rest.startsWith("//") ? rest.substring(2) : rest);
            String name = String.valueOf(file.getFileName());
            if (!name.isEmpty() && !name.equals("null")) {
                int colon = name.indexOf(':');
                String host = colon > 0 ? name.substring(0, colon) : name;
                return new Endpoint(host, 0, tls, Optional.of(file));
            }
        } catch (InvalidPathException e) {
            // Told below, with the whole endpoint.
        }
        throw new IllegalArgumentException("endpoint \"" + text + "\" names no file");
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

    /** The path of a socket in the file system, else host and port; for people. */
    String printed() {
        return file.isPresent() ? file.get().toString() : authority();
    }

    /** Host and port as HTTP writes them. */
    String authority() {
        // A file's name may have any character, and no server looks at it.
        if (file.isPresent()) return "localhost";
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }
}
