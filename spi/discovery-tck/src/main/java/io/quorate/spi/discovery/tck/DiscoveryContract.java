package io.quorate.spi.discovery.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.spi.discovery.DiscoveryEnv;
import io.quorate.spi.discovery.DiscoveryProvider;
import io.quorate.spi.discovery.Founders;
import io.quorate.spi.plugin.Settings;

import org.junit.jupiter.api.DisplayNameGeneration;
import org.junit.jupiter.api.DisplayNameGenerator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/** The laws of {@link DiscoveryProvider}, each a test. A plugin extends this and passes. */
@Timeout(120)
@DisplayNameGeneration(DisplayNameGenerator.Standard.class)
public abstract class DiscoveryContract {
    private static final long SECONDS = 60;

    /** The plugin under test. */
    protected abstract DiscoveryProvider provider();

    /**
     * Announces a new cluster of these members to whatever the plugin asks.
     *
     * @param members peer URLs by name
     * @return the settings that each of the members is started with
     */
    protected abstract Map<String, String> announce(Map<String, List<String>> members);

    @Test
    final void nameIsLowerCaseAndTheDescriptionOneLine() {
        assertTrue(provider().name().matches("[a-z][a-z0-9-]*"), provider().name());
        assertFalse(provider().description().isBlank());
        assertFalse(provider().description().contains("\n"));
        assertEquals(DiscoveryProvider.SPI_MAJOR, provider().spiMajor());
    }

    @Test
    @Tag("CS-01")
    final void oneMemberFindsItself() throws Exception {
        Map<String, List<String>> members = Map.of("one", List.of("http://10.0.0.1:2380"));
        assertEquals(members, allAsk(members, announce(members)).getFirst().peerUrls());
    }

    @Test
    @Tag("CS-01")
    final void allMembersGetTheSameWholeAnswer() throws Exception {
        Map<String, List<String>> members = three();
        List<Founders> answers = allAsk(members, announce(members));
        assertEquals(members, answers.getFirst().peerUrls());
        assertEquals(1, answers.stream().distinct().count(), answers::toString);
    }

    @Test
    final void askingAgainDoesNoHarm() throws Exception {
        Map<String, List<String>> members = three();
        Map<String, String> settings = announce(members);
        List<Founders> first = allAsk(members, settings);
        assertEquals(first, allAsk(members, settings));
    }

    @Test
    final void unknownSettingIsRefusedByName() {
        Map<String, List<String>> members = Map.of("one", List.of("http://10.0.0.1:2380"));
        Map<String, String> settings = new HashMap<>(announce(members));
        settings.put("no-such-setting", "1");
        IllegalArgumentException refused =
                assertThrows(
                        IllegalArgumentException.class,
                        () -> provider().find(env("one", members.get("one"), settings)));
        assertTrue(refused.getMessage().contains("no-such-setting"), refused.getMessage());
    }

    private static Map<String, List<String>> three() {
        Map<String, List<String>> members = new TreeMap<>();
        members.put("a", List.of("http://10.0.0.1:2380"));
        members.put("b", List.of("http://10.0.0.2:2380", "http://10.1.0.2:2380"));
        members.put("c", List.of("https://c.example.com:2380"));
        return members;
    }

    /** Asks for all members at the same time, as a discovery that waits for all needs it. */
    private List<Founders> allAsk(Map<String, List<String>> members, Map<String, String> settings)
            throws Exception {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<CompletableFuture<Founders>> asked = new ArrayList<>();
            members.forEach((name, urls) ->
                    asked.add(
                            CompletableFuture.supplyAsync(
                                    () -> provider().find(env(name, urls, settings)), threads)));
            List<Founders> answers = new ArrayList<>();
            for (var each : asked) answers.add(each.get(SECONDS, TimeUnit.SECONDS));
            return answers;
        }
    }

    private DiscoveryEnv env(String name, List<String> urls, Map<String, String> settings) {
        return new Asking(name, urls, new Settings("discovery " + provider().name(), settings));
    }

    private record Asking(String name, List<String> peerUrls, Settings settings)
            implements DiscoveryEnv {}
}
