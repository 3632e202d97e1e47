package io.quorate.engine.server;

import static java.lang.System.Logger.Level.INFO;
import static java.lang.System.Logger.Level.WARNING;

import io.quorate.api.tls.SelfSigned;
import io.quorate.api.tls.TlsContexts;
import io.quorate.api.tls.TlsFiles;
import io.quorate.engine.server.ServerConfig.Security;
import io.quorate.spi.transport.TransportTls;

import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.List;
import java.util.Optional;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;

/**
 * Keys and trust of a member, read or made before anything is bound, so that a mistake among them
 * ends the start (TL-01 to TL-15).
 *
 * @param client of the client addresses; empty for none
 * @param peer of the peer addresses; empty for none
 */
record Secrets(Optional<TlsContexts> client, Optional<TlsContexts> peer) {
    private static final System.Logger LOG = System.getLogger("io.quorate.engine.server");

    /** Peers and clients, in the words of the log. */
    private record Side(
            String name,
            TlsFiles given,
            boolean auto,
            List<MemberUrl> listen,
            String plain,
            String authFlag) {}

    /**
     * @throws ConfigException in etcd's words, for files that cannot be used and for URLs that ask
     *     for what is not there
     */
    static Secrets of(ServerConfig config) {
        Security security = config.security();
        ServerConfig.Addresses addresses = config.addresses();
        Side peers =
                new Side(
                        "peer",
                        security.peer(),
                        security.peerAuto(),
                        addresses.listenPeer(),
                        "HTTP",
                        "--peer-client-cert-auth");
        Side clients =
                new Side(
                        "client",
                        security.client(),
                        security.clientAuto(),
                        addresses.listenAllClient(),
                        "http or unix",
                        "--client-cert-auth");
        Optional<TlsContexts> peer = contexts(peers, config);
        for (MemberUrl url : peers.listen) {
            if (url.secure() && peer.isEmpty()) {
                throw new ConfigException(
                        "cannot listen on TLS for "
                                + url.hostPort()
                                + ": KeyFile and CertFile are not presented (--peer-cert-file,"
                                + " --peer-key-file)");
            }
        }
        Optional<TlsContexts> client = contexts(clients, config);
        for (MemberUrl url : clients.listen) {
            if (url.secure() && client.isEmpty()) {
                throw new ConfigException(
                        "TLS key/cert (--cert-file, --key-file) must be provided for client url "
                                + url
                                + " with HTTPS scheme");
            }
        }
        if (addresses.listenMetrics().stream().anyMatch(MemberUrl::secure) && client.isEmpty()) {
            throw new ConfigException(
                    "client TLS key/cert (--cert-file, --key-file) must be provided for metrics"
                            + " secure url");
        }
        return new Secrets(client, peer);
    }

    private static Optional<TlsContexts> contexts(Side side, ServerConfig config) {
        try {
            config.security().range().checkCipherSuites();
            TlsFiles files = files(side, config);
            warnOfPlain(side, files);
            if (files.isEmpty()) return Optional.empty();
            TlsContexts contexts = new TlsContexts(files, config.security().range());
            LOG.log(
                    INFO,
                    "starting with " + side.name + " TLS",
                    Fields.of(
                            "tls-info",
                            files.toString(),
                            "cipher-suites",
                            config.security().range().cipherSuites()));
            return Optional.of(contexts);
        } catch (IOException | GeneralSecurityException | IllegalArgumentException e) {
            throw new ConfigException(String.valueOf(e.getMessage()), e);
        }
    }

    private static TlsFiles files(Side side, ServerConfig config)
            throws IOException, GeneralSecurityException {
        if (!side.auto) return side.given;
        if (!side.given.isEmpty()) {
            LOG.log(WARNING, "ignoring " + side.name + " auto TLS since certs given");
            return side.given;
        }
        Path folder = config.dataDir().resolve("fixtures").resolve(side.name);
        List<String> hosts =
                side.listen.stream().filter(url -> !url.local()).map(MemberUrl::host).toList();
        return TlsFiles.of(SelfSigned.in(folder, hosts, config.security().selfSignedYears()));
    }

    /** Addresses without encryption although there are keys. */
    private static void warnOfPlain(Side side, TlsFiles files) {
        for (MemberUrl url : side.listen) {
            if (url.secure()) continue;
            Object[] fields = {side.name + "-url", url.text()};
            if (!files.isEmpty()) {
                LOG.log(
                        WARNING,
                        "scheme is "
                                + side.plain
                                + " while key and cert files are present; ignoring key and cert"
                                + " files",
                        Fields.of(fields));
            }
            if (files.clientCertAuth()) {
                LOG.log(
                        WARNING,
                        "scheme is "
                                + side.plain
                                + " while "
                                + side.authFlag
                                + " is enabled; ignoring client cert auth for this URL",
                        Fields.of(fields));
            }
        }
    }

    /** Those of the peer addresses, as transports take them. */
    Optional<TransportTls> ofTransport() {
        return peer.map(OfTransport::new);
    }

    private record OfTransport(TlsContexts contexts) implements TransportTls {
        @Override
        public SSLContext server() throws IOException {
            return contexts.server();
        }

        @Override
        public SSLContext client() throws IOException {
            return contexts.client();
        }

        @Override
        public SSLParameters serverParameters() {
            return contexts.serverParameters();
        }

        @Override
        public SSLParameters clientParameters() {
            return contexts.clientParameters();
        }
    }
}
