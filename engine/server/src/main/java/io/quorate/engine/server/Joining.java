package io.quorate.engine.server;

import io.quorate.api.tls.TlsContexts;
import io.quorate.engine.node.MemberIds;
import io.quorate.engine.node.RunningCluster;
import io.quorate.engine.state.Member;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** How a member without data comes to its cluster: founds it with others, or joins it. */
final class Joining {
    private static final Duration JOIN_TIMEOUT = Duration.ofSeconds(10);

    /** Who founds a cluster does not wait long for members that are most likely not there yet. */
    private static final Duration FOUND_TIMEOUT = Duration.ofSeconds(1);

    private Joining() {}

    /**
     * The running cluster that a new member joins; empty when it founds one.
     *
     * @param cluster that the configuration names
     * @throws ConfigException when that cluster is not as the configuration says
     */
    static Optional<RunningCluster> running(
            ServerConfig config, InitialCluster cluster, Secrets secrets) {
        if (config.bootstrap().existing()) {
            return Optional.of(join(config.name(), cluster, secrets.peer()));
        }
        refuseBootstrapped(config.name(), cluster, secrets.peer());
        return Optional.empty();
    }

    /**
     * Makes sure that the cluster to be founded does not run already with this member (EX-06).
     *
     * @throws ConfigException when it does
     */
    private static void refuseBootstrapped(
            String name, InitialCluster cluster, Optional<TlsContexts> tls) {
        List<MemberUrl> others = cluster.urlsOfOthers(name);
        Optional<RunningCluster> running = new ClusterProbe(FOUND_TIMEOUT, tls).ask(others, false);
        long id = MemberIds.member(cluster.urls().get(name), cluster.token());
        boolean started =
                running.stream()
                        .flatMap(found -> found.members().stream())
                        .anyMatch(member -> member.id() == id && !member.clientUrls().isEmpty());
        if (started) {
            throw new ConfigException(
                    "member " + Long.toHexString(id) + " has already been bootstrapped");
        }
    }

    /**
     * The running cluster that this member was added to (RC-09, EX-07).
     *
     * @throws ConfigException when nobody answers, or when the members are not those of the
     *     configuration
     */
    private static RunningCluster join(
            String name, InitialCluster cluster, Optional<TlsContexts> tls) {
        RunningCluster running =
                new ClusterProbe(JOIN_TIMEOUT, tls)
                        .ask(cluster.urlsOfOthers(name), true)
                        .orElseThrow(() ->
                                new ConfigException(
                                        "cannot fetch cluster info from peer urls: could not"
                                                + " retrieve cluster information from the given"
                                                + " URLs"));
        List<List<String>> configured = new ArrayList<>(cluster.urls().values());
        if (configured.size() != running.members().size()) {
            throw mismatch(running, "member count is unequal");
        }
        for (Member member : running.members()) {
            boolean found =
                    configured.removeIf(urls -> InitialCluster.same(urls, member.peerUrls()));
            if (!found) {
                throw mismatch(
                        running,
                        "PeerURLs: no match found for existing member (%x, %s)"
                                .formatted(member.id(), member.peerUrls()));
            }
        }
        return running;
    }

    private static ConfigException mismatch(RunningCluster running, String why) {
        List<String> members = new ArrayList<>();
        for (Member member : running.members()) {
            members.add(
                    "{ClusterID:%x Name:%s PeerURLs:%s}"
                            .formatted(running.clusterId(), member.name(), member.peerUrls()));
        }
        return new ConfigException(
                "error validating peerURLs " + String.join(" ", members) + ": " + why);
    }
}
