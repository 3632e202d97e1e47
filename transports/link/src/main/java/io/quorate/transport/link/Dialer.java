package io.quorate.transport.link;

import io.quorate.spi.transport.Peer;
import io.quorate.spi.transport.Refusal;
import io.quorate.spi.transport.TransportEnv;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;

import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;

/** Makes connections to peers, up to the point where the peer has let this member in. */
final class Dialer {
    private final TransportEnv env;
    private final LinkSettings settings;
    private final Deadlines deadlines;
    private final Carrier carrier;

    Dialer(TransportEnv env, LinkSettings settings, Deadlines deadlines, Carrier carrier) {
        this.carrier = carrier;
        this.env = env;
        this.settings = settings;
        this.deadlines = deadlines;
    }

    /**
     * Connects to one URL of a peer.
     *
     * @throws Refused when one of the two does not want to talk to the other
     */
    Connection dial(Peer peer, URI url, Hello.Lane lane) throws IOException {
        Socket raw = new Socket();
        boolean done = false;
        int timeout = (int) settings.connectTimeout().toMillis();
        try (var _ = deadlines.closing(raw, settings.connectTimeout().multipliedBy(2))) {
            raw.setTcpNoDelay(true);
            raw.setSoTimeout(timeout);
            raw.connect(new InetSocketAddress(url.getHost(), url.getPort()), timeout);
            Socket secured = secured(raw, url);
            Connection connection =
                    new Connection(
                            carrier.connect(
                                    raw, secured.getInputStream(), secured.getOutputStream(), url));
            greet(connection.wire(), peer, lane);
            connection.readTimeout((int) settings.idleTimeout().toMillis());
            done = true;
            return connection;
        } catch (Carrier.OtherProtocolException e) {
            if (e.tls()) {
                throw new IOException(
                        url
                                + " is answered with TLS; use https in the peer URLs of all members,"
                                + " and give each keys by --peer-cert-file and --peer-key-file",
                        e);
            }
            throw new Refused(
                    Refusal.OTHER_TRANSPORT,
                    "the server at %s does not answer in the protocol of the transport \"%s\"; start all members of a cluster with the same --transport, and check the peer URL"
                            .formatted(url, carrier.name()));
        } finally {
            if (!done) raw.close();
        }
    }

    private Socket secured(Socket raw, URI url) throws IOException {
        if (!"https".equals(url.getScheme())) return raw;
        if (env.tls().isEmpty()) {
            throw new IOException(
                    url
                            + " asks for TLS, but this member has no keys; give --peer-cert-file,"
                            + " --peer-key-file and --peer-trusted-ca-file");
        }
        SSLSocket secured =
                (SSLSocket)
                        env.tls()
                                .get()
                                .client()
                                .getSocketFactory()
                                .createSocket(raw, url.getHost(), url.getPort(), true);
        SSLParameters parameters = env.tls().get().clientParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        parameters.setApplicationProtocols(carrier.applicationProtocols().toArray(String[]::new));
        secured.setSSLParameters(parameters);
        secured.startHandshake();
        return secured;
    }

    private void greet(Wire wire, Peer peer, Hello.Lane lane) throws IOException {
        wire.writePreface();
        wire.write(
                Wire.Kind.HELLO,
                new Hello(env.clusterId(), env.self(), peer.memberId(), env.version(), lane)
                        .encode());
        wire.flush();
        wire.readPreface();
        Wire.Frame answer = wire.read(Wire.HELLO_BYTES_MAX);
        switch (answer.kind()) {
            case WELCOME -> {}
            case REFUSED -> throw Refused.decode(answer.payload());
            default ->
                    throw new IOException("the peer answered the greeting with " + answer.kind());
        }
    }
}
