package io.quorate.api.tls;

import java.security.cert.X509Certificate;
import java.util.Optional;

import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;

/** Whose a certificate is. */
public final class CommonName {
    private CommonName() {}

    /** The common name of a certificate's subject, the last one where it has several. */
    public static Optional<String> of(X509Certificate certificate) {
        try {
            return new LdapName(certificate.getSubjectX500Principal().getName())
                    .getRdns().stream()
                            .filter(part -> part.getType().equalsIgnoreCase("CN"))
                            .map(part -> String.valueOf(part.getValue()))
                            .reduce((first, second) -> second);
        } catch (InvalidNameException e) {
            return Optional.empty();
        }
    }
}
