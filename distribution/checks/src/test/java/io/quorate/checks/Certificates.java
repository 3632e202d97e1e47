package io.quorate.checks;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/** An authority that signs certificates, made of the JDK's keytool. */
final class Certificates {
    private static final String PASSWORD = "password";

    private final Path folder;
    private final Path store;

    Certificates(Path folder) throws Exception {
        this.folder = folder;
        this.store = folder.resolve("keys.p12");
        generate("ca", "-ext", "bc:c");
        Files.write(authority(), keytool("-exportcert", "-rfc", "-alias", "ca"));
    }

    /** What those trust who trust this authority. */
    String ca() {
        return authority().toString();
    }

    private Path authority() {
        return folder.resolve("ca.pem");
    }

    /** Makes {@link #certificate} and {@link #key} of this name, good for 127.0.0.1. */
    void issue(String name) throws Exception {
        generate(name);
        Path request = folder.resolve(name + ".csr");
        Files.write(request, keytool("-certreq", "-alias", name));
        Files.write(
                Path.of(certificate(name)),
                keytool(
                        "-gencert",
                        "-rfc",
                        "-alias",
                        "ca",
                        "-infile",
                        request.toString(),
                        "-validity",
                        "2",
                        "-ext",
                        "san=ip:127.0.0.1,dns:localhost"));
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(store)) {
            keys.load(in, PASSWORD.toCharArray());
        }
        byte[] key = keys.getKey(name, PASSWORD.toCharArray()).getEncoded();
        String lines = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(key);
        Files.writeString(
                Path.of(key(name)),
                "-----BEGIN PRIVATE KEY-----\n" + lines + "\n-----END PRIVATE KEY-----\n");
    }

    String certificate(String name) {
        return folder.resolve(name + ".pem").toString();
    }

    String key(String name) {
        return folder.resolve(name + ".key").toString();
    }

    private void generate(String name, String... more) throws Exception {
        List<String> words = new ArrayList<>();
        words.addAll(List.of("-genkeypair", "-alias", name, "-dname", "CN=" + name));
        words.addAll(List.of("-keyalg", "EC", "-groupname", "secp256r1", "-validity", "2"));
        words.addAll(List.of(more));
        keytool(words.toArray(String[]::new));
    }

    private byte[] keytool(String... words) throws Exception {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
        command.addAll(List.of(words));
        command.addAll(List.of("-keystore", store.toString(), "-storetype", "PKCS12"));
        command.addAll(List.of("-storepass", PASSWORD));
        Path errors = folder.resolve("keytool.log");
        Process process = new ProcessBuilder(command).redirectError(errors.toFile()).start();
        byte[] output = process.getInputStream().readAllBytes();
        if (process.waitFor() == 0) return output;
        throw new IOException(command + ": " + new String(output) + Files.readString(errors));
    }
}
