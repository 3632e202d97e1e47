package io.quorate.ctl;

import io.quorate.cli.Exit;

import java.util.ArrayList;
import java.util.Hashtable;
import java.util.List;

import javax.naming.NamingEnumeration;
import javax.naming.NamingException;
import javax.naming.directory.Attribute;
import javax.naming.directory.Attributes;
import javax.naming.directory.InitialDirContext;

/** Endpoints from DNS: {@code _etcd-client-ssl._tcp} and {@code _etcd-client._tcp} (CT-12). */
final class ServiceRecords {
    private ServiceRecords() {}

    /**
     * All endpoints that the domain's records name, those with TLS first.
     *
     * @param serviceName added to the service's name after a dash; may be empty
     * @throws Exit with code 1 where there is no record at all
     */
    static List<String> endpoints(String domain, String serviceName) {
        String suffix = serviceName.isEmpty() ? "" : "-" + serviceName;
        List<String> found = new ArrayList<>();
        String secure = lookUp("etcd-client-ssl" + suffix, "https://", domain, found);
        String plain = lookUp("etcd-client" + suffix, "http://", domain, found);
        if (found.isEmpty()) {
            throw new Exit(
                    Exit.ERROR,
                    "error querying DNS SRV records for _etcd-client " + secure + plain);
        }
        return found;
    }

    private static String lookUp(
            String service, String scheme, String domain, List<String> endpoints) {
        String name = "_" + service + "._tcp." + domain;
        Hashtable<String, String> settings = new Hashtable<>();
        settings.put("java.naming.factory.initial", "com.sun.jndi.dns.DnsContextFactory");
        try {
            InitialDirContext dns = new InitialDirContext(settings);
            try {
                Attributes records = dns.getAttributes("dns:/" + name, new String[] {"SRV"});
                Attribute services = records.get("SRV");
                if (services == null) return "lookup " + name + ": no such host";
                NamingEnumeration<?> all = services.getAll();
                while (all.hasMore()) endpoints.add(endpoint(scheme, String.valueOf(all.next())));
                return "";
            } finally {
                dns.close();
            }
        } catch (NamingException e) {
            return "lookup " + name + ": no such host";
        }
    }

    /** From {@code priority weight port host.}. */
    private static String endpoint(String scheme, String service) {
        String[] fields = service.split(" ");
        String host =
                fields[3].endsWith(".")
                        ? fields[3].substring(0, fields[3].length() - 1)
                        : fields[3];
        return scheme + host + ":" + fields[2];
    }
}
