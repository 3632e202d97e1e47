package io.quorate.api.client;

import io.quorate.api.tls.Pem;
import io.quorate.api.tls.TrustsAnybody;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;

import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;

/** Puts TLS with ALPN "h2" on a connected socket. */
final class TlsSockets {
    private static final char[] NO_PASSWORD = new char[0];

    private TlsSockets() {}

    /**
     * Shakes hands, by the calling thread, under the socket's read timeout.
     *
     * @throws IOException also when the files cannot be used, naming the file
     */
    static SSLSocket wrap(Socket socket, Endpoint endpoint, Optional<Tls> tls) throws IOException {
        SSLContext context;
        try {
            context = context(tls);
        } catch (GeneralSecurityException e) {
            throw new IOException("TLS settings: " + e.getMessage(), e);
        }
        String name = tls.flatMap(Tls::serverName).orElse(withoutDot(endpoint.host()));
        SSLSocket secure =
                (SSLSocket)
                        context.getSocketFactory()
                                .createSocket(socket, name, endpoint.port(), true);
        SSLParameters parameters = secure.getSSLParameters();
        parameters.setApplicationProtocols(new String[] {"h2"});
        if (tls.isEmpty() || !tls.get().insecureSkipVerify()) {
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
        }
        if (!isAddress(name)) {
            parameters.setServerNames(List.of(new SNIHostName(name)));
        }
        secure.setSSLParameters(parameters);
        secure.startHandshake();
        if (!"h2".equals(secure.getApplicationProtocol())) {
            secure.close();
            throw new SSLException(endpoint.printed() + " does not speak HTTP/2 (no ALPN h2)");
        }
        return secure;
    }

    /** Names from DNS end with one; those in certificates and in SNI do not. */
    private static String withoutDot(String name) {
        return name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
    }

    private static boolean isAddress(String name) {
        return name.indexOf(':') >= 0 || name.matches("[0-9.]+");
    }

    static SSLContext context(Optional<Tls> settings) throws IOException, GeneralSecurityException {
        SSLContext context = SSLContext.getInstance("TLS");
        KeyManager[] keys = null;
        TrustManager[] trust = null;
        if (settings.isPresent()) {
            Tls tls = settings.get();
            keys =
                    tls.certificate().isPresent()
                            ? keyManagers(tls.certificate().get(), tls.key().orElseThrow())
                            : null;
            if (tls.insecureSkipVerify()) {
                trust = new TrustManager[] {new TrustsAnybody()};
            } else if (tls.trustedCa().isPresent()) {
                trust = trustManagers(tls.trustedCa().get());
            }
        }
        context.init(keys, trust, new SecureRandom());
        return context;
    }

    private static KeyManager[] keyManagers(Path certificate, Path key)
            throws IOException, GeneralSecurityException {
        KeyStore store = emptyStore();
        store.setKeyEntry(
                "client",
                Pem.privateKey(key),
                NO_PASSWORD,
                Pem.certificates(certificate).toArray(new X509Certificate[0]));
        KeyManagerFactory factory =
                KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(store, NO_PASSWORD);
        return factory.getKeyManagers();
    }

    private static TrustManager[] trustManagers(Path ca)
            throws IOException, GeneralSecurityException {
        KeyStore store = emptyStore();
        int n = 0;
        for (X509Certificate certificate : Pem.certificates(ca)) {
            store.setCertificateEntry("ca" + n++, certificate);
        }
        TrustManagerFactory factory =
                TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(store);
        return factory.getTrustManagers();
    }

    private static KeyStore emptyStore() throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, NO_PASSWORD);
        return store;
    }
}
