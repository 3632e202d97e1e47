package io.quorate.checks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.checks.NameServer.Service;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Endpoints from DNS: our etcdctl asks a name server of the test, by the JDK's own property. */
@Tag("CT-12")
@Timeout(300)
final class DiscoverySrvTest {
    @RegisterExtension final Members members = Members.perTest();

    @Test
    void bothKindsOfRecordsAreEndpointsThoseWithTlsFirst() throws Exception {
        Member member = members.start("ours", Binaries.ours());
        int nobody = Member.freePort();
        try (NameServer names =
                new NameServer(
                        Map.of(
                                "_etcd-client-ssl._tcp.example.com",
                                List.of(new Service(0, 0, nobody, "localhost")),
                                "_etcd-client._tcp.example.com",
                                List.of(
                                        new Service(20, 0, nobody, "localhost"),
                                        new Service(10, 0, member.clientPort(), "localhost")),
                                "_etcd-client-blue._tcp.example.com",
                                List.of(new Service(0, 0, member.clientPort(), "localhost"))))) {
            // It says where it would ask.
            Exec.Outcome all =
                    ctl(names, "--discovery-srv=example.com", "snapshot", "save", "nowhere");
            assertEquals(5, all.exit(), all::err);
            assertTrue(
                    all.err()
                            .contains(
                                    "not multiple [https://localhost.:%d http://localhost.:%d http://localhost.:%d]"
                                            .formatted(nobody, member.clientPort(), nobody)),
                    all::err);

            String[] blue = {"--discovery-srv=example.com", "--discovery-srv-name=blue"};
            Exec.Outcome put = ctl(names, blue, "put", "key", "value");
            assertEquals("OK\n", put.out(), put::err);

            Exec.Outcome secure =
                    ctl(
                            names,
                            new String[] {
                                "--discovery-srv=example.com",
                                "--insecure-discovery=false",
                                "--command-timeout=1s",
                                "--dial-timeout=1s"
                            },
                            "get",
                            "key");
            assertEquals(1, secure.exit(), secure::err);
            assertTrue(
                    secure.err()
                            .contains(
                                    "ignoring discovered insecure endpoint \"http://localhost.:"
                                            + member.clientPort()
                                            + "\""),
                    secure::err);

            Exec.Outcome nothing = ctl(names, "--discovery-srv=nowhere.org", "get", "key");
            assertEquals(1, nothing.exit(), nothing::err);
            assertTrue(
                    nothing.err()
                            .startsWith(
                                    "Error: dns lookup errors: lookup"
                                            + " _etcd-client-ssl._tcp.nowhere.org"),
                    nothing::err);
        }
    }

    private static Exec.Outcome ctl(NameServer names, String flag, String... words) {
        return ctl(names, new String[] {flag}, words);
    }

    private static Exec.Outcome ctl(NameServer names, String[] flags, String... words) {
        List<String> command = new ArrayList<>(List.of(Binaries.ownEtcdctl().toString()));
        command.addAll(List.of(flags));
        command.addAll(List.of(words));
        String property = "-Djava.naming.provider.url=dns://127.0.0.1:" + names.port();
        return Exec.run(command, Map.of("QUORATE_JAVA_OPTS", property), "");
    }
}
