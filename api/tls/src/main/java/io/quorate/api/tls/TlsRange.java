package io.quorate.api.tls;

import static java.lang.System.Logger.Level.WARNING;

import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;

/**
 * Versions and cipher suites that may be spoken (FL-72, FL-75).
 *
 * @param minVersion {@code TLS1.2} or {@code TLS1.3}; empty is TLS 1.2
 * @param maxVersion the same; empty is the newest
 * @param cipherSuites of TLS 1.2, in Go's names; empty for the JVM's choice. Those of TLS 1.3 are
 *     always on, as in Go
 */
public record TlsRange(String minVersion, String maxVersion, List<String> cipherSuites) {
    private static final System.Logger LOG = System.getLogger("io.quorate.api.tls");

    private static final List<String> VERSIONS = List.of("TLS1.2", "TLS1.3");

    private static final List<String> TLS_1_3 =
            List.of(
                    "TLS_AES_128_GCM_SHA256",
                    "TLS_AES_256_GCM_SHA384",
                    "TLS_CHACHA20_POLY1305_SHA256");

    /** All that Go 1.26 has a name for, the insecure ones too: etcd takes these (TL-12). */
    private static final Set<String> OF_GO =
            Set.of(
                    "TLS_AES_128_GCM_SHA256",
                    "TLS_AES_256_GCM_SHA384",
                    "TLS_CHACHA20_POLY1305_SHA256",
                    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
                    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
                    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
                    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
                    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
                    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
                    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
                    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
                    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
                    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
                    "TLS_RSA_WITH_RC4_128_SHA",
                    "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
                    "TLS_RSA_WITH_AES_128_CBC_SHA",
                    "TLS_RSA_WITH_AES_256_CBC_SHA",
                    "TLS_RSA_WITH_AES_128_CBC_SHA256",
                    "TLS_RSA_WITH_AES_128_GCM_SHA256",
                    "TLS_RSA_WITH_AES_256_GCM_SHA384",
                    "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA",
                    "TLS_ECDHE_RSA_WITH_RC4_128_SHA",
                    "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA",
                    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256",
                    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256");

    /** Names of old that etcd still takes. */
    private static final Map<String, String> FORMERLY =
            Map.of(
                    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305",
                    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
                    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305",
                    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256");

    /** etcd's defaults. */
    public static final TlsRange DEFAULT = new TlsRange("TLS1.2", "", List.of());

    /**
     * @throws IllegalArgumentException in etcd's words for versions and names that do not go
     *     together or do not exist
     */
    public TlsRange {
        cipherSuites = List.copyOf(cipherSuites);
        int least = version(minVersion);
        int most = version(maxVersion);
        if (most >= 0 && least > most) {
            throw new IllegalArgumentException(
                    "min version (%s) is greater than max version (%s)"
                            .formatted(minVersion, maxVersion));
        }
        if (minVersion.equals("TLS1.3") && !cipherSuites.isEmpty()) {
            throw new IllegalArgumentException(
                    "cipher suites cannot be configured when only TLS1.3 is enabled");
        }
    }

    private static int version(String text) {
        if (text.isEmpty()) return -1;
        if (VERSIONS.contains(text)) return VERSIONS.indexOf(text);
        throw new IllegalArgumentException(
                "unexpected TLS version \"" + text + "\" (must be one of: TLS1.2, TLS1.3)");
    }

    /**
     * Checks the names of the cipher suites, which etcd does later than the versions.
     *
     * @throws IllegalArgumentException for one that Go does not know
     */
    public void checkCipherSuites() {
        for (String name : cipherSuites) {
            if (!OF_GO.contains(name) && !FORMERLY.containsKey(name)) {
                throw new IllegalArgumentException("unexpected TLS cipher suite \"" + name + "\"");
            }
        }
    }

    /** What a connection may speak; the caller may change it. */
    SSLParameters parameters() {
        SSLParameters parameters = new SSLParameters();
        List<String> protocols = new ArrayList<>();
        int least = Math.max(0, version(minVersion));
        int most = maxVersion.isEmpty() ? VERSIONS.size() - 1 : version(maxVersion);
        for (int i = most; i >= least; i--) protocols.add(VERSIONS.get(i).replace("TLS1", "TLSv1"));
        parameters.setProtocols(protocols.toArray(String[]::new));
        if (!cipherSuites.isEmpty()) parameters.setCipherSuites(suites());
        return parameters;
    }

    /**
     * Says which of the cipher suites this JVM does not speak: some that Go knows are switched off
     * or gone.
     */
    void warnOfMissing() throws NoSuchAlgorithmException {
        Set<String> usable = usable();
        List<String> missing =
                cipherSuites.stream().filter(name -> !usable.contains(current(name))).toList();
        if (missing.isEmpty()) return;
        LOG.log(
                WARNING,
                "this Java does not speak some of --cipher-suites; they are left out",
                Map.of("cipher-suites", missing));
    }

    private String[] suites() {
        try {
            Set<String> usable = usable();
            List<String> suites = new ArrayList<>(TLS_1_3);
            for (String name : cipherSuites) {
                if (usable.contains(current(name)) && !suites.contains(current(name))) {
                    suites.add(current(name));
                }
            }
            return suites.toArray(String[]::new);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this Java has no TLS", e);
        }
    }

    private static String current(String name) {
        return FORMERLY.getOrDefault(name, name);
    }

    private static Set<String> usable() throws NoSuchAlgorithmException {
        return Set.copyOf(
                Arrays.asList(
                        SSLContext.getDefault().getSupportedSSLParameters().getCipherSuites()));
    }
}
