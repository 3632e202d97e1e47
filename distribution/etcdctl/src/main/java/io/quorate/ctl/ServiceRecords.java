package io.quorate.ctl;

import io.quorate.cli.Exit;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.Hashtable;
import java.util.List;

import javax.naming.CompositeName;
import javax.naming.NamingEnumeration;
import javax.naming.NamingException;
import javax.naming.directory.Attribute;
import javax.naming.directory.InitialDirContext;

/**
 * Endpoints from DNS: {@code _etcd-client-ssl._tcp} and {@code _etcd-client._tcp} (CT-12). The
 * machine's name servers are asked, or those of the JDK's property {@code
 * java.naming.provider.url}, such as {@code dns://127.0.0.1:5353}.
 */
final class ServiceRecords {
    private static final String TYPE = "SRV";

    private ServiceRecords() {}

    /** A record; the lowest priority comes first, of equal ones the greatest weight. */
    private record Service(int priority, int weight, int port, String host) {
        static final Comparator<Service> ORDER =
                Comparator.comparingInt(Service::priority)
                        .thenComparing(Service::weight, Comparator.reverseOrder());

        /** From {@code priority weight port host.}. */
        static Service parse(String record) {
            String[] fields = record.split(" ");
            return new Service(
                    Integer.parseInt(fields[0]),
                    Integer.parseInt(fields[1]),
                    Integer.parseInt(fields[2]),
                    fields[3]);
        }
    }

    /** What a question brought: endpoints, or why there are none. */
    private record Found(List<String> endpoints, String failure) {}

    /**
     * All endpoints that the domain's records name, those with TLS first; the dot at the end of
     * their names stays, as in etcdctl.
     *
     * @param serviceName added to the service's name after a dash; may be empty
     * @throws Exit with code 1 where there is neither kind of record
     */
    static List<String> endpoints(String domain, String serviceName) {
        String suffix = serviceName.isEmpty() ? "" : "-" + serviceName;
        Found secure = lookUp("etcd-client-ssl" + suffix, "https://", domain);
        Found plain = lookUp("etcd-client" + suffix, "http://", domain);
        List<String> all = new ArrayList<>(secure.endpoints);
        all.addAll(plain.endpoints);
        if (all.isEmpty()) {
            throw new Exit(
                    Exit.ERROR, "dns lookup errors: " + secure.failure + " and " + plain.failure);
        }
        return all;
    }

    private static Found lookUp(String service, String scheme, String domain) {
        String name = "_" + service + "._tcp." + domain;
        Hashtable<String, String> settings = new Hashtable<>();
        settings.put("java.naming.factory.initial", "com.sun.jndi.dns.DnsContextFactory");
        try {
            InitialDirContext dns = new InitialDirContext(settings);
            try {
                Attribute records =
                        dns.getAttributes(new CompositeName().add(name), new String[] {TYPE})
                                .get(TYPE);
                if (records == null) return none(name);
                List<Service> services = new ArrayList<>();
                NamingEnumeration<?> all = records.getAll();
                while (all.hasMore()) services.add(Service.parse(String.valueOf(all.next())));
                services.sort(Service.ORDER);
                return new Found(
                        services.stream().map(s -> scheme + s.host + ":" + s.port).toList(), "");
            } finally {
                dns.close();
            }
        } catch (NamingException e) {
            return none(name);
        }
    }

    private static Found none(String name) {
        return new Found(List.of(), "lookup " + name + ": no such host");
    }
}
