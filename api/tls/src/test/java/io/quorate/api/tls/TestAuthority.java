package io.quorate.api.tls;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Signs certificates and revokes them, with the JDK's keytool. */
final class TestAuthority {
    private static final char[] PASSWORD = "password".toCharArray();

    private final Path folder;
    private final Path store;

    TestAuthority(Path folder) throws Exception {
        this.folder = folder;
        this.store = folder.resolve("ca.p12");
        generate("ca", "CN=test authority", "bc:c");
        Files.writeString(certificate(), Pem.block("CERTIFICATE", own().getEncoded()));
    }

    /** What those trust who trust this authority. */
    Path certificate() {
        return folder.resolve("ca.pem");
    }

    /**
     * A certificate and its key, as {@code NAME.pem} and {@code NAME.key}.
     *
     * @param names such as {@code ip:127.0.0.1,dns:localhost}; may be empty
     */
    TlsFiles issue(String name, String commonName, String names) throws Exception {
        generate(name, "CN=" + commonName, "");
        byte[] request = keytool("-certreq", "-alias", name);
        Path file = folder.resolve(name + ".csr");
        Files.write(file, request);
        List<String> sign = new ArrayList<>();
        sign.addAll(List.of("-gencert", "-alias", "ca", "-validity", "2", "-rfc"));
        sign.addAll(List.of("-infile", file.toString()));
        if (!names.isEmpty()) sign.addAll(List.of("-ext", "san=" + names));
        Path certificate = folder.resolve(name + ".pem");
        Files.write(certificate, keytool(sign.toArray(String[]::new)));
        Path key = folder.resolve(name + ".key");
        byte[] secret = load().getKey(name, PASSWORD).getEncoded();
        Files.writeString(key, Pem.block("PRIVATE KEY", secret));
        return new TlsFiles(
                Optional.of(certificate),
                Optional.of(key),
                Optional.empty(),
                Optional.empty(),
                Optional.of(certificate()),
                true,
                Optional.empty(),
                List.of(),
                List.of(),
                false,
                false);
    }

    /** A list with the serial numbers of these certificates, in DER. */
    Path revoke(TlsFiles... revoked) throws Exception {
        List<String> command = new ArrayList<>(List.of("-gencrl", "-alias", "ca"));
        for (TlsFiles files : revoked) {
            var serial = Pem.certificates(files.certificate().get()).getFirst().getSerialNumber();
            command.addAll(List.of("-id", serial.toString()));
        }
        Path list = folder.resolve("crl.der");
        Files.write(list, keytool(command.toArray(String[]::new)));
        return list;
    }

    private void generate(String alias, String name, String extension) throws Exception {
        List<String> command = new ArrayList<>();
        command.addAll(List.of("-genkeypair", "-alias", alias, "-dname", name));
        command.addAll(List.of("-keyalg", "EC", "-groupname", "secp256r1", "-validity", "2"));
        if (!extension.isEmpty()) command.addAll(List.of("-ext", extension));
        keytool(command.toArray(String[]::new));
    }

    private Certificate own() throws Exception {
        return load().getCertificate("ca");
    }

    private KeyStore load() throws Exception {
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(store)) {
            keys.load(in, PASSWORD);
        }
        return keys;
    }

    private byte[] keytool(String... words) throws Exception {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
        command.addAll(List.of(words));
        command.addAll(List.of("-keystore", store.toString(), "-storetype", "PKCS12"));
        command.addAll(List.of("-storepass", new String(PASSWORD)));
        Process process =
                new ProcessBuilder(command)
                        .redirectError(folder.resolve("keytool.log").toFile())
                        .start();
        byte[] output = process.getInputStream().readAllBytes();
        if (process.waitFor() != 0) {
            throw new IOException(
                    command
                            + ": "
                            + new String(output)
                            + Files.readString(folder.resolve("keytool.log")));
        }
        return output;
    }
}
