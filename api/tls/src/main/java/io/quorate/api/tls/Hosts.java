package io.quorate.api.tls;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Which hosts a certificate stands for, by the rules of Go's {@code crypto/x509} and etcd's. */
final class Hosts {
    private static final int DNS_NAME = 2;
    private static final int IP_ADDRESS = 7;

    private Hosts() {}

    /** Whether a text is an IP address rather than a name. */
    static boolean isAddress(String host) {
        return host.indexOf(':') >= 0 || host.matches("\\d{1,3}(\\.\\d{1,3}){3}");
    }

    static List<String> dnsNames(X509Certificate certificate) {
        return names(certificate, DNS_NAME);
    }

    static List<String> addresses(X509Certificate certificate) {
        return names(certificate, IP_ADDRESS);
    }

    private static List<String> names(X509Certificate certificate, int kind) {
        List<String> found = new ArrayList<>();
        try {
            Collection<List<?>> all = certificate.getSubjectAlternativeNames();
            if (all == null) return found;
            for (List<?> name : all) {
                if (name.getFirst().equals(kind)) found.add((String) name.get(1));
            }
        } catch (CertificateParsingException e) {
            // Then it stands for nobody.
        }
        return found;
    }

    /** Whether a certificate stands for a host; only its alternative names count. */
    static boolean covers(X509Certificate certificate, String host) {
        if (isAddress(host)) {
            return addresses(certificate).stream().anyMatch(address -> same(address, host));
        }
        return dnsNames(certificate).stream().anyMatch(pattern -> matches(pattern, host));
    }

    private static boolean same(String a, String b) {
        try {
            return InetAddress.getByName(a).equals(InetAddress.getByName(b));
        } catch (UnknownHostException e) {
            return false;
        }
    }

    /** RFC 6125 §6.4.3: a star stands for the whole first label. */
    private static boolean matches(String pattern, String host) {
        String wanted = pattern.toLowerCase(Locale.ROOT);
        String name = host.toLowerCase(Locale.ROOT);
        if (!wanted.startsWith("*.")) return wanted.equals(name);
        int dot = name.indexOf('.');
        return dot > 0 && wanted.substring(1).equals(name.substring(dot));
    }

    /**
     * Whether a certificate may come from this address (TL-05): it names the address, or a name
     * that leads to it or that it leads to. One without names may come from anywhere.
     *
     * @return why not, or empty
     */
    static String objection(X509Certificate certificate, InetAddress remote) {
        List<String> addresses = addresses(certificate);
        List<String> names = dnsNames(certificate);
        String host = remote.getHostAddress();
        if (addresses.isEmpty() && names.isEmpty()) return "";
        if (addresses.stream().anyMatch(address -> same(address, host))) return "";
        if (names.isEmpty()) {
            return "x509: certificate is valid for "
                    + String.join(", ", addresses)
                    + ", not "
                    + host;
        }
        if (leadsTo(names, remote)) return "";
        String quoted =
                names.stream().map(name -> '"' + name + '"').collect(Collectors.joining(" "));
        return "tls: \"" + host + "\" does not match any of DNSNames [" + quoted + "]";
    }

    private static boolean leadsTo(List<String> names, InetAddress remote) {
        String reverse = remote.getCanonicalHostName();
        for (String name : names) {
            boolean wildcard = name.startsWith("*.");
            if (wildcard ? reverse.endsWith(name.substring(1)) : reverse.equals(name)) return true;
        }
        for (String name : names) {
            if (name.startsWith("*.")) continue;
            try {
                if (List.of(InetAddress.getAllByName(name)).contains(remote)) return true;
            } catch (UnknownHostException e) {
                // Another name may lead there.
            }
        }
        return false;
    }
}
