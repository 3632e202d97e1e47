package io.quorate.api.tls;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CRLException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.util.List;

import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * What etcd asks of a certificate on top of a signature that is trusted: the allowed names (TL-06),
 * and of those who connect also that it was not revoked (TL-10) and names the address that they
 * come from (TL-05). Its refusals end the handshake.
 */
final class Judge extends X509ExtendedTrustManager {
    private final X509ExtendedTrustManager trust;
    private final TlsFiles rules;

    /**
     * @param trust judges signatures, and the names of servers
     */
    Judge(X509ExtendedTrustManager trust, TlsFiles rules) {
        this.trust = trust;
        this.rules = rules;
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket)
            throws CertificateException {
        trust.checkClientTrusted(chain, type, socket);
        checkNames(chain[0]);
        if (!rules.skipClientSan()) {
            String objection = Hosts.objection(chain[0], socket.getInetAddress());
            if (!objection.isEmpty()) throw new CertificateException(objection);
        }
        checkRevocation(chain);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine)
            throws CertificateException {
        trust.checkClientTrusted(chain, type, engine);
        checkNames(chain[0]);
        checkRevocation(chain);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type)
            throws CertificateException {
        throw new CertificateException("a certificate is judged with its connection only");
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket)
            throws CertificateException {
        trust.checkServerTrusted(chain, type, socket);
        checkNames(chain[0]);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine)
            throws CertificateException {
        trust.checkServerTrusted(chain, type, engine);
        checkNames(chain[0]);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type)
            throws CertificateException {
        throw new CertificateException("a certificate is judged with its connection only");
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return trust.getAcceptedIssuers();
    }

    private void checkNames(X509Certificate certificate) throws CertificateException {
        List<String> names = rules.allowedNames();
        List<String> hosts = rules.allowedHosts();
        if (names.isEmpty() && hosts.isEmpty()) return;
        if (CommonName.of(certificate).filter(names::contains).isPresent()) return;
        if (hosts.stream().anyMatch(host -> Hosts.covers(certificate, host))) return;
        throw new CertificateException("client certificate authentication failed");
    }

    private void checkRevocation(X509Certificate[] chain) throws CertificateException {
        if (rules.crl().isEmpty()) return;
        X509CRL list = revocations(rules.crl().get());
        for (X509Certificate certificate : chain) {
            if (list.getRevokedCertificate(certificate.getSerialNumber()) == null) continue;
            String serial = certificate.getSerialNumber().toString(16);
            throw new CertificateException(
                    "transport: certificate serial "
                            + (serial.length() % 2 == 0 ? serial : "0" + serial)
                            + " revoked");
        }
    }

    private static X509CRL revocations(Path file) throws CertificateException {
        try (InputStream in = Files.newInputStream(file)) {
            return (X509CRL) CertificateFactory.getInstance("X.509").generateCRL(in);
        } catch (IOException | CRLException e) {
            throw new CertificateException("cannot read the revocation list " + file, e);
        }
    }
}
