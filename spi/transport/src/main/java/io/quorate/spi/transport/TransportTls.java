package io.quorate.spi.transport;

import io.quorate.spi.plugin.Stable;

import java.io.IOException;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;

/**
 * Keys and trust of a member, which is client and server to its peers (TL-04). A transport asks for
 * a context at each connection, so that renewed files and revocations count from then on (TL-09,
 * TL-10). Any thread.
 */
@Stable(since = "1.0")
public interface TransportTls {
    /**
     * For one connection that comes in.
     *
     * @throws IOException when the keys cannot be used any more; the connection is not taken
     */
    SSLContext server() throws IOException;

    /**
     * For one connection that goes out; the name of the peer's URL is checked.
     *
     * @throws IOException when the keys cannot be used any more; there is no connection
     */
    SSLContext client() throws IOException;

    /**
     * Versions and cipher suites of connections that come in, and whether they must show a
     * certificate. The caller may change what it gets.
     */
    SSLParameters serverParameters();

    /** Versions and cipher suites of connections that go out. The caller may change it. */
    SSLParameters clientParameters();

    /** Keys and trust that never change, with the versions and suites of the JVM. */
    static TransportTls of(SSLContext server, SSLContext client, boolean clientAuth) {
        return new TransportTls() {
            @Override
            public SSLContext server() {
                return server;
            }

            @Override
            public SSLContext client() {
                return client;
            }

            @Override
            public SSLParameters serverParameters() {
                SSLParameters parameters = server.getDefaultSSLParameters();
                parameters.setNeedClientAuth(clientAuth);
                return parameters;
            }

            @Override
            public SSLParameters clientParameters() {
                return client.getDefaultSSLParameters();
            }
        };
    }
}
