package io.quorate.spi.transport.tck;

import io.quorate.spi.transport.TransportTls;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.List;

import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** A key pair with a certificate that it signed itself, made by the JDK's keytool. */
final class Keys {
    private static final char[] PASSWORD = "changeit".toCharArray();

    private final KeyStore own;

    private Keys(KeyStore own) {
        this.own = own;
    }

    /** Keys for the host {@code localhost}. */
    static Keys make(Path directory, String name) throws Exception {
        Path file = directory.resolve(name + ".p12");
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
        command.addAll(
                List.of("-genkeypair", "-alias", name, "-keyalg", "EC", "-dname", "CN=" + name));
        command.addAll(List.of("-ext", "san=dns:localhost,ip:127.0.0.1", "-validity", "2"));
        command.addAll(List.of("-keystore", file.toString(), "-storetype", "PKCS12"));
        command.addAll(List.of("-storepass", new String(PASSWORD)));
        Process keytool = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(keytool.getInputStream().readAllBytes());
        if (keytool.waitFor() != 0) throw new IOException("keytool failed: " + output);
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(file)) {
            store.load(in, PASSWORD);
        }
        return new Keys(store);
    }

    /** TLS with these keys that trusts what the others show. */
    TransportTls trusting(boolean clientAuth, Keys... others) throws Exception {
        SSLContext context = context(others);
        return TransportTls.of(context, context, clientAuth);
    }

    private SSLContext context(Keys... others) throws GeneralSecurityException, IOException {
        KeyManagerFactory keys =
                KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(own, PASSWORD);
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        for (Keys other : others) {
            String alias = other.own.aliases().nextElement();
            trusted.setCertificateEntry(alias, other.own.getCertificate(alias));
        }
        TrustManagerFactory trust =
                TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        return context;
    }
}
