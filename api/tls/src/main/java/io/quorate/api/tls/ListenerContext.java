package io.quorate.api.tls;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.KeyManagementException;
import java.security.NoSuchAlgorithmException;
import java.security.Provider;
import java.security.SecureRandom;
import java.time.Duration;

import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLContextSpi;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLServerSocketFactory;
import javax.net.ssl.SSLSessionContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManager;

/** A context that makes a fresh one for each engine; see {@link TlsContexts#listener}. */
final class ListenerContext extends SSLContext {
    private ListenerContext(SSLContextSpi spi, Provider provider) {
        super(spi, provider, "TLS");
    }

    static SSLContext of(TlsContexts contexts, String rejected, Duration patience) {
        try {
            SSLContext usual = SSLContext.getDefault();
            return new ListenerContext(
                    new Spi(contexts, rejected, patience, usual), usual.getProvider());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this Java has no TLS", e);
        }
    }

    private static final class Spi extends SSLContextSpi {
        private final TlsContexts contexts;
        private final String rejected;
        private final Duration patience;
        private final SSLContext usual;

        Spi(TlsContexts contexts, String rejected, Duration patience, SSLContext usual) {
            this.contexts = contexts;
            this.rejected = rejected;
            this.patience = patience;
            this.usual = usual;
        }

        @Override
        protected SSLEngine engineCreateSSLEngine() {
            return engineCreateSSLEngine(null, -1);
        }

        @Override
        protected SSLEngine engineCreateSSLEngine(String host, int port) {
            try {
                SSLContext fresh = contexts.server();
                SSLEngine engine =
                        host == null ? fresh.createSSLEngine() : fresh.createSSLEngine(host, port);
                engine.setUseClientMode(false);
                return new ListenerEngine(engine, contexts, rejected, patience);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        protected void engineInit(KeyManager[] keys, TrustManager[] trust, SecureRandom random)
                throws KeyManagementException {
            throw new KeyManagementException("it has keys already");
        }

        // For those who only look whether TLS is there.

        @Override
        protected SSLSocketFactory engineGetSocketFactory() {
            return usual.getSocketFactory();
        }

        @Override
        protected SSLServerSocketFactory engineGetServerSocketFactory() {
            return usual.getServerSocketFactory();
        }

        @Override
        protected SSLSessionContext engineGetServerSessionContext() {
            return usual.getServerSessionContext();
        }

        @Override
        protected SSLSessionContext engineGetClientSessionContext() {
            return usual.getClientSessionContext();
        }
    }
}
