package io.quorate.discovery.fixed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.quorate.spi.discovery.DiscoveryEnv;
import io.quorate.spi.discovery.DiscoveryException;
import io.quorate.spi.discovery.DiscoveryProvider;
import io.quorate.spi.discovery.Founders;
import io.quorate.spi.discovery.tck.DiscoveryContract;
import io.quorate.spi.plugin.Settings;

import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

class StaticDiscoveryTest extends DiscoveryContract {
    @Override
    protected DiscoveryProvider provider() {
        return new StaticDiscoveryProvider();
    }

    @Override
    protected Map<String, String> announce(Map<String, List<String>> members) {
        return Map.of(
                "initial-cluster",
                new Founders(new TreeMap<>(members), "t").toString(),
                "initial-cluster-token",
                "t");
    }

    @Test
    void theTokenIsTheOneGivenOrEtcdsDefault() {
        Map<String, String> given =
                Map.of("initial-cluster", "a=http://a:1", "initial-cluster-token", "mine");
        assertEquals("mine", provider().find(new Member(given)).token());
        Map<String, String> none = Map.of("initial-cluster", "a=http://a:1");
        assertEquals("etcd-cluster", provider().find(new Member(none)).token());
    }

    @Test
    void anEmptyListIsRefusedWithAnExample() {
        DiscoveryException refused =
                assertThrows(DiscoveryException.class, () -> provider().find(new Member(Map.of())));
        assertEquals(
                "the initial cluster is empty; list all members in --initial-cluster, such as"
                        + " a=http://a:1",
                refused.getMessage());
    }

    private record Member(Map<String, String> given) implements DiscoveryEnv {
        @Override
        public String name() {
            return "a";
        }

        @Override
        public List<String> peerUrls() {
            return List.of("http://a:1");
        }

        @Override
        public Settings settings() {
            return new Settings("discovery static", given);
        }
    }
}
