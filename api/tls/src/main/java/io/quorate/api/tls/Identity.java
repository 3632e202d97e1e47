package io.quorate.api.tls;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.util.List;

import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;

/**
 * One certificate and its key, shown to whoever asks. The JDK's own key managers show a certificate
 * only to those who name its issuer; Go's always show it, and so do we.
 */
final class Identity extends X509ExtendedKeyManager {
    private static final String ALIAS = "own";

    private final X509Certificate[] chain;
    private final PrivateKey key;

    private Identity(X509Certificate[] chain, PrivateKey key) {
        this.chain = chain;
        this.key = key;
    }

    /**
     * @throws IOException for files that cannot be read
     * @throws GeneralSecurityException when they cannot be used, or not together
     */
    static Identity read(Path certificate, Path key) throws IOException, GeneralSecurityException {
        List<X509Certificate> chain = Pem.certificates(certificate);
        PrivateKey secret = Pem.privateKey(key);
        if (!belong(chain.getFirst().getPublicKey(), secret)) {
            throw new GeneralSecurityException("tls: private key does not match public key");
        }
        return new Identity(chain.toArray(X509Certificate[]::new), secret);
    }

    private static boolean belong(PublicKey open, PrivateKey secret)
            throws GeneralSecurityException {
        if (!kind(open.getAlgorithm()).equals(kind(secret.getAlgorithm()))) return false;
        String algorithm =
                switch (kind(secret.getAlgorithm())) {
                    case "RSA" -> "SHA256withRSA";
                    case "EC" -> "SHA256withECDSA";
                    default -> "EdDSA";
                };
        byte[] text = {1};
        Signature signature = Signature.getInstance(algorithm);
        signature.initSign(secret);
        signature.update(text);
        byte[] signed = signature.sign();
        signature.initVerify(open);
        signature.update(text);
        return signature.verify(signed);
    }

    private static String kind(String algorithm) {
        return algorithm.startsWith("Ed") ? "EdDSA" : algorithm;
    }

    private String alias(String... keyTypes) {
        String own = kind(key.getAlgorithm());
        for (String type : keyTypes) {
            // EC_RSA is an EC key whose certificate an RSA key signed.
            if (kind(type).equals(own) || type.startsWith(own + "_")) return ALIAS;
        }
        return null;
    }

    @Override
    public String chooseClientAlias(String[] keyTypes, Principal[] issuers, Socket socket) {
        return alias(keyTypes);
    }

    @Override
    public String chooseEngineClientAlias(
            String[] keyTypes, Principal[] issuers, SSLEngine engine) {
        return alias(keyTypes);
    }

    @Override
    public String chooseServerAlias(String keyType, Principal[] issuers, Socket socket) {
        return alias(keyType);
    }

    @Override
    public String chooseEngineServerAlias(String keyType, Principal[] issuers, SSLEngine engine) {
        return alias(keyType);
    }

    @Override
    public String[] getClientAliases(String keyType, Principal[] issuers) {
        return new String[] {ALIAS};
    }

    @Override
    public String[] getServerAliases(String keyType, Principal[] issuers) {
        return new String[] {ALIAS};
    }

    @Override
    public X509Certificate[] getCertificateChain(String alias) {
        return chain.clone();
    }

    @Override
    public PrivateKey getPrivateKey(String alias) {
        return key;
    }
}
