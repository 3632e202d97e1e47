package io.quorate.api.tls;

import static java.lang.System.Logger.Level.WARNING;

import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyManagementException;
import java.security.KeyStore;
import java.security.NoSuchAlgorithmException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Keys and trust of one side of a member. Every connection gets a context of its own, made from the
 * files as they are at that moment: renewed certificates and revocations count at once, without a
 * restart, and no connection skips them by resuming an older one. The trusted certificates alone
 * are read once (TL-09).
 *
 * <p>Any thread.
 */
public final class TlsContexts {
    private static final System.Logger LOG = System.getLogger("io.quorate.api.tls");
    private static final Duration HANDSHAKE_PATIENCE = Duration.ofSeconds(10);
    private static final char[] NO_PASSWORD = {};

    private final TlsFiles files;
    private final TlsRange range;
    private final Optional<X509ExtendedTrustManager> trusted;

    /**
     * Reads all files once, so that mistakes end the start.
     *
     * @throws IllegalArgumentException in etcd's words for files and rules that do not go together,
     *     and for cipher suites that do not exist
     * @throws IOException for a file that cannot be read
     * @throws GeneralSecurityException for one that cannot be used
     */
    public TlsContexts(TlsFiles files, TlsRange range)
            throws IOException, GeneralSecurityException {
        range.checkCipherSuites();
        check(files);
        this.files = files;
        this.range = range;
        Identity.read(files.certificate().get(), files.key().get());
        if (files.clientCertificate().isPresent() != files.clientKey().isPresent()) {
            throw new IllegalArgumentException(
                    "ClientKeyFile and ClientCertFile must both be present or both absent: key: %s, cert: %s]"
                            .formatted(text(files.clientKey()), text(files.clientCertificate())));
        }
        outgoingIdentity();
        if (!files.allowedNames().isEmpty() && !files.allowedHosts().isEmpty()) {
            throw new IllegalArgumentException(
                    "AllowedCNs and AllowedHostnames are mutually exclusive (cns=%s, hostnames=%s)"
                            .formatted(quoted(files.allowedNames()), quoted(files.allowedHosts())));
        }
        this.trusted =
                files.trustedCa().isPresent()
                        ? Optional.of(trusting(files.trustedCa().get()))
                        : Optional.empty();
        range.warnOfMissing();
    }

    private static void check(TlsFiles files) {
        if (files.certificate().isPresent() && files.key().isPresent()) return;
        throw new IllegalArgumentException(
                "KeyFile and CertFile must both be present[key: %s, cert: %s]"
                        .formatted(text(files.key()), text(files.certificate())));
    }

    private static String text(Optional<Path> file) {
        return file.map(Path::toString).orElse("");
    }

    private static String quoted(Iterable<String> texts) {
        StringBuilder list = new StringBuilder("[");
        for (String text : texts) {
            list.append(list.length() == 1 ? "" : " ").append('"').append(text).append('"');
        }
        return list.append(']').toString();
    }

    /** Whether those who connect must show a certificate. */
    public boolean clientAuth() {
        return files.clientCertAuth() || files.trustedCa().isPresent();
    }

    /**
     * For one connection that comes in.
     *
     * @throws IOException when certificate or key cannot be used any more, which has been logged
     */
    public SSLContext server() throws IOException {
        try {
            return context(Identity.read(files.certificate().get(), files.key().get()), judge());
        } catch (IOException | GeneralSecurityException e) {
            throw unusable("peer", files.certificate().get(), files.key().get(), e);
        }
    }

    /**
     * For one connection that goes out.
     *
     * @throws IOException as {@link #server} does
     */
    public SSLContext client() throws IOException {
        try {
            TrustManager trust = files.selfMade() ? new TrustsAnybody() : judge();
            return context(outgoingIdentity(), trust);
        } catch (IOException | GeneralSecurityException e) {
            throw unusable("client", outgoingCertificate(), outgoingKey(), e);
        }
    }

    /** What connections that come in may speak, and whether they must show a certificate. */
    public SSLParameters serverParameters() {
        SSLParameters parameters = range.parameters();
        parameters.setNeedClientAuth(clientAuth());
        return parameters;
    }

    /** What connections that go out may speak. */
    public SSLParameters clientParameters() {
        return range.parameters();
    }

    /**
     * One context for a listener that wants no other: its engines are each made as {@link #server}
     * says, with {@link #serverParameters}, and a handshake may take ten seconds (TL-18). Sockets
     * cannot be made of it.
     *
     * @param rejected what to log for a handshake that fails (TL-20)
     */
    public SSLContext listener(String rejected) {
        return listener(rejected, HANDSHAKE_PATIENCE);
    }

    SSLContext listener(String rejected, Duration patience) {
        return ListenerContext.of(this, rejected, patience);
    }

    /** Sockets to servers, each as {@link #client} and {@link #clientParameters} say. */
    public SSLSocketFactory outgoing() {
        return new OutgoingSockets(this);
    }

    private Path outgoingCertificate() {
        return files.clientCertificate().or(files::certificate).get();
    }

    private Path outgoingKey() {
        return files.clientCertificate().isPresent() ? files.clientKey().get() : files.key().get();
    }

    private Identity outgoingIdentity() throws IOException, GeneralSecurityException {
        return Identity.read(outgoingCertificate(), outgoingKey());
    }

    private Judge judge() throws IOException, GeneralSecurityException {
        return new Judge(trusted.isPresent() ? trusted.get() : theJvms(), files);
    }

    private static SSLContext context(KeyManager keys, TrustManager trust)
            throws NoSuchAlgorithmException, KeyManagementException {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(new KeyManager[] {keys}, new TrustManager[] {trust}, null);
        return context;
    }

    private static IOException unusable(String whose, Path certificate, Path key, Exception e) {
        boolean missing = String.valueOf(e.getMessage()).endsWith("no such file or directory");
        LOG.log(
                WARNING,
                missing
                        ? "failed to find " + whose + " cert files"
                        : "failed to create " + whose + " certificate",
                Map.of(
                        "cert-file",
                        certificate.toString(),
                        "key-file",
                        key.toString(),
                        "error",
                        String.valueOf(e.getMessage())));
        return e instanceof IOException io ? io : new IOException(e.getMessage(), e);
    }

    private static X509ExtendedTrustManager trusting(Path file)
            throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, NO_PASSWORD);
        int n = 0;
        for (X509Certificate certificate : Pem.certificates(file)) {
            store.setCertificateEntry("ca" + n++, certificate);
        }
        return manager(store);
    }

    private static X509ExtendedTrustManager theJvms() throws GeneralSecurityException {
        return manager(null);
    }

    /**
     * @param store null for the JVM's own
     */
    private static X509ExtendedTrustManager manager(KeyStore store)
            throws GeneralSecurityException {
        TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
        factory.init(store);
        for (TrustManager manager : factory.getTrustManagers()) {
            if (manager instanceof X509ExtendedTrustManager extended) return extended;
        }
        throw new GeneralSecurityException("this Java cannot check certificates");
    }
}
