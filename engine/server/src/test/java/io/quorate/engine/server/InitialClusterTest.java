package io.quorate.engine.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.quorate.spi.discovery.Founders;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

class InitialClusterTest {
    @Test
    @Tag("FL-33")
    void oneNameMayHaveSeveralUrls() {
        InitialCluster cluster =
                parse("b=http://10.0.0.2:1,a=http://10.0.0.1:2,a=http://10.0.0.1:1");
        assertEquals(
                Map.of(
                        "a", List.of("http://10.0.0.1:1", "http://10.0.0.1:2"),
                        "b", List.of("http://10.0.0.2:1")),
                cluster.urls());
        cluster.check("b", MemberUrl.parseList("http://10.0.0.2:1"));
    }

    @ParameterizedTest
    @Tag("EX-04")
    @Tag("EX-05")
    @Tag("EX-09")
    @CsvSource(
            delimiter = '|',
            value = {
                "a=http://127.0.0.1:1 | b | http://127.0.0.1:1 | couldn't find local name \"b\" in the initial cluster configuration",
                "a=http://127.0.0.1:1 | a | http://localhost:2 | --initial-cluster has a=http://127.0.0.1:1 but missing from --initial-advertise-peer-urls=http://localhost:2 (resolved urls: \"http://localhost:2\" != \"http://127.0.0.1:1\")",
                "a=http://127.0.0.1:1 | a | http://127.0.0.1:1,http://127.0.0.1:2 | --initial-advertise-peer-urls has http://127.0.0.1:2 but missing from --initial-cluster=a=http://127.0.0.1:1",
                "a=http://127.0.0.1:1,b=http://127.0.0.1:1 | a | http://127.0.0.1:1 | initial cluster a=http://127.0.0.1:1,b=http://127.0.0.1:1 has duplicate url",
            })
    @Tag("SD-06")
    void aClusterThatDoesNotFitIsRefused(
            String cluster, String name, String advertised, String message) {
        InitialCluster parsed = parse(cluster);
        List<MemberUrl> urls = MemberUrl.parseList(advertised);
        assertEquals(
                message,
                assertThrows(ConfigException.class, () -> parsed.check(name, urls)).getMessage());
    }

    /** Names and addresses of one host are the same URL. */
    @Test
    @Tag("CS-04")
    @Tag("SD-21")
    void hostNamesAreComparedByTheirAddresses() throws Exception {
        InetAddress self = InetAddress.getLocalHost();
        assumeFalse(self.getHostName().equals("localhost"), "this host has no name of its own");
        String address = InetAddress.getByName(self.getHostName()).getHostAddress();
        String byAddress = "http://" + MemberUrl.hostPort(address, 2380);
        String byName = "http://" + self.getHostName() + ":2380";
        parse("a=" + byAddress).check("a", MemberUrl.parseList(byName));
        assertTrue(InitialCluster.same(List.of(byName), List.of(byAddress)));
        assertFalse(
                InitialCluster.same(List.of(byName), List.of(byAddress.replace("2380", "2381"))));
    }

    @Test
    @Tag("CS-04")
    void aNameThatIsNotKnownYetIsAskedForAgainForHalfAMinute() {
        AtomicLong now = new AtomicLong();
        List<Long> asked = new ArrayList<>();
        HostNames names =
                new HostNames(
                        name -> {
                            asked.add(now.get() / 1_000_000_000);
                            if (name.equals("late") && asked.size() == 4) return "10.0.0.1";
                            throw new UnknownHostException(name);
                        },
                        now::get,
                        now::addAndGet);
        assertEquals("10.0.0.1", names.address("late"));
        assertEquals(List.of(0L, 1L, 2L, 3L), asked);
        asked.clear();
        assertEquals("never", names.address("never"));
        assertEquals(31, asked.size());
    }

    @Test
    void aUrlThatIsNoneNamesItsMember() {
        String message = assertThrows(ConfigException.class, () -> parse("a=zzz")).getMessage();
        assertTrue(
                message.startsWith(
                        "error setting up initial cluster: URL scheme must be http, https, unix, or"
                                + " unixs: zzz"),
                message);
        assertTrue(message.contains("member \"a\""), message);
    }

    private static InitialCluster parse(String text) {
        return InitialCluster.of(Founders.parse(text, "t"));
    }
}
