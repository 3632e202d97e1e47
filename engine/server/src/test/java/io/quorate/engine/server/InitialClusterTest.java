package io.quorate.engine.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.spi.discovery.Founders;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.List;
import java.util.Map;

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
