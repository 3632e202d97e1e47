package io.quorate.engine.server;

import static java.lang.System.Logger.Level.DEBUG;
import static java.lang.System.Logger.Level.WARNING;

import io.quorate.api.tls.TlsContexts;
import io.quorate.engine.node.RunningCluster;
import io.quorate.engine.state.Member;
import io.quorate.engine.state.MemberJson;
import io.quorate.spi.storage.StorageException;

import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

import javax.net.ssl.HttpsURLConnection;

/** Asks members of a cluster what the cluster is, before this member is one of it (PE-01). */
final class ClusterProbe {
    private static final System.Logger LOG = System.getLogger("io.quorate.engine.server");
    private static final int ANSWER_BYTES_MAX = 16 << 20;

    private final Duration timeout;
    private final Optional<TlsContexts> tls;

    /**
     * @param timeout for a connection and for each answer
     * @param tls keys and trust for peers with https URLs
     */
    ClusterProbe(Duration timeout, Optional<TlsContexts> tls) {
        this.timeout = timeout;
        this.tls = tls;
    }

    /**
     * The cluster as the first of these peers that answers knows it; empty when none does.
     *
     * @param warn whether a peer that does not answer is worth a warning
     */
    Optional<RunningCluster> ask(List<MemberUrl> peers, boolean warn) {
        for (MemberUrl peer : peers) {
            String address = peer.text() + "/members";
            try {
                RunningCluster cluster = get(address);
                if (!cluster.members().isEmpty()) return Optional.of(cluster);
            } catch (IOException | StorageException.Corruption | IllegalArgumentException e) {
                LOG.log(
                        warn ? WARNING : DEBUG,
                        "failed to get cluster response",
                        Fields.of("address", address, "error", e));
            }
        }
        return Optional.empty();
    }

    private RunningCluster get(String address) throws IOException {
        HttpURLConnection connection =
                (HttpURLConnection) URI.create(address).toURL().openConnection();
        if (connection instanceof HttpsURLConnection secure && tls.isPresent()) {
            secure.setSSLSocketFactory(tls.get().outgoing());
        }
        connection.setConnectTimeout((int) timeout.toMillis());
        connection.setReadTimeout((int) timeout.toMillis());
        connection.setInstanceFollowRedirects(false);
        connection.setRequestProperty("Connection", "close");
        try (InputStream in = connection.getInputStream()) {
            String cluster = connection.getHeaderField("X-Etcd-Cluster-ID");
            if (cluster == null) throw new IOException("the answer names no cluster");
            List<Member> members = MemberJson.readList(in.readNBytes(ANSWER_BYTES_MAX));
            return new RunningCluster(Long.parseUnsignedLong(cluster, 16), members);
        } finally {
            connection.disconnect();
        }
    }
}
