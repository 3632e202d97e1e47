package io.quorate.engine.grpc;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.helidon.common.tls.Tls;
import io.quorate.api.grpc.Traffic;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

/** gRPC and REST on one port, plain and over TLS (GS-03, GS-19). */
@Timeout(240)
final class GrpcSharedPortTest {
    private static final char[] PASSWORD = "not a secret".toCharArray();

    private static final String VERSION = "{\"etcdserver\":\"x\"}";

    private final GrpcProbeService service = new GrpcProbeService();

    private static byte[] call(ManagedChannel channel, byte[] request) {
        return ClientCalls.blockingUnaryCall(
                channel,
                GrpcProbeService.DO,
                CallOptions.DEFAULT.withDeadlineAfter(20, TimeUnit.SECONDS),
                request);
    }

    /** What GET /version answers over HTTP/1.1, head and body. */
    private static String http1(Socket socket, String moreHeaders) throws IOException {
        socket.setSoTimeout(20_000);
        String request = "GET /version HTTP/1.1\r\nHost: a\r\n" + moreHeaders + "\r\n";
        socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
        StringBuilder answer = new StringBuilder();
        InputStream in = socket.getInputStream();
        while (answer.indexOf(VERSION) < 0 && answer.indexOf("101 ") < 0) {
            int b = in.read();
            if (b < 0) {
                break;
            }
            answer.append((char) b);
        }
        return answer.toString();
    }

    /**
     * What GET /version answers over HTTP/2 by prior knowledge: SETTINGS ACKs seen, and the body.
     */
    private static String http2(Socket socket) throws IOException {
        socket.setSoTimeout(20_000);
        ByteArrayOutputStream request = new ByteArrayOutputStream();
        request.writeBytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        request.writeBytes(new byte[] {0, 0, 0, 4, 0, 0, 0, 0, 0});
        byte[] path = "/version".getBytes(StandardCharsets.US_ASCII);
        // HEADERS, END_STREAM and END_HEADERS: GET, http, :path as a literal, :authority.
        byte[] block = new byte[2 + 2 + path.length + 3];
        block[0] = (byte) 0x82;
        block[1] = (byte) 0x86;
        block[2] = 0x04;
        block[3] = (byte) path.length;
        System.arraycopy(path, 0, block, 4, path.length);
        block[4 + path.length] = 0x01;
        block[5 + path.length] = 1;
        block[6 + path.length] = 'a';
        request.writeBytes(new byte[] {0, 0, (byte) block.length, 1, 5, 0, 0, 0, 1});
        request.writeBytes(block);
        socket.getOutputStream().write(request.toByteArray());
        int acks = 0;
        InputStream in = socket.getInputStream();
        while (true) {
            byte[] head = in.readNBytes(9);
            assertEquals(9, head.length, "the server closed the connection");
            int length = (head[0] & 255) << 16 | (head[1] & 255) << 8 | head[2] & 255;
            byte[] payload = in.readNBytes(length);
            if (head[3] == 4 && (head[4] & 1) != 0) {
                acks++;
            }
            if (head[3] == 0 && length > 0) {
                return acks + " ack, " + new String(payload, StandardCharsets.UTF_8);
            }
        }
    }

    private static Socket tls(SSLContext context, int port, String protocol) throws IOException {
        SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket("localhost", port);
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setApplicationProtocols(new String[] {protocol});
        socket.setSSLParameters(parameters);
        socket.startHandshake();
        assertEquals(protocol, socket.getApplicationProtocol());
        return socket;
    }

    @Test
    @Tag("GS-03")
    void plainPortServesGrpcAndBothHttpVersions() throws Exception {
        try (GrpcTestServer server =
                        GrpcTestServer.plain(GrpcSettings.DEFAULTS, service.definition());
                Socket old = new Socket(InetAddress.getLoopbackAddress(), server.port());
                Socket upgrading = new Socket(InetAddress.getLoopbackAddress(), server.port());
                Socket knowing = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            ManagedChannel channel =
                    NettyChannelBuilder.forAddress("127.0.0.1", server.port())
                            .usePlaintext()
                            .build();
            try {
                assertArrayEquals(new byte[] {'x'}, call(channel, new byte[] {'x'}));
            } finally {
                channel.shutdownNow();
            }
            assertTrue(http1(old, "").startsWith("HTTP/1.1 200"));
            String upgrade =
                    "Connection: Upgrade, HTTP2-Settings\r\n"
                            + "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n";
            assertTrue(http1(upgrading, upgrade).startsWith("HTTP/1.1 101"));
            // Handed over to Helidon, which acknowledges the client's SETTINGS once.
            assertEquals("1 ack, " + VERSION, http2(knowing));
        }
    }

    @Test
    @Tag("GS-03")
    @Tag("GS-19")
    void tlsPortNegotiatesByAlpn(@TempDir Path dir) throws Exception {
        Path store = selfSigned(dir);
        KeyStore keys = KeyStore.getInstance(store.toFile(), PASSWORD);
        SSLContext context = context(keys);
        Tls tls = Tls.builder().sslContext(context).build();
        X509Certificate certificate = (X509Certificate) keys.getCertificate("server");
        try (GrpcTestServer server =
                        GrpcTestServer.with(
                                GrpcSettings.DEFAULTS,
                                Optional.of(tls),
                                Traffic.NONE,
                                service.definition());
                Socket old = tls(context, server.port(), "http/1.1");
                Socket modern = tls(context, server.port(), "h2")) {
            ManagedChannel channel =
                    NettyChannelBuilder.forAddress("localhost", server.port())
                            .sslContext(
                                    GrpcSslContexts.forClient().trustManager(certificate).build())
                            .build();
            try {
                byte[] big = call(channel, GrpcProbeService.bytes("big:1000000"));
                assertArrayEquals(GrpcProbeService.random(1_000_000), big);
                assertTrue(http1(old, "").startsWith("HTTP/1.1 200"));
                assertEquals("1 ack, " + VERSION, http2(modern));
            } finally {
                channel.shutdownNow();
            }
        }
    }

    @Test
    @Tag("ME-27")
    void trafficIsCounted() {
        AtomicLong received = new AtomicLong();
        AtomicLong sent = new AtomicLong();
        Traffic traffic =
                new Traffic() {
                    @Override
                    public void received(int bytes) {
                        received.addAndGet(bytes);
                    }

                    @Override
                    public void sent(int bytes) {
                        sent.addAndGet(bytes);
                    }
                };
        try (GrpcTestServer server =
                GrpcTestServer.with(
                        GrpcSettings.DEFAULTS, Optional.empty(), traffic, service.definition())) {
            ManagedChannel channel =
                    NettyChannelBuilder.forAddress("127.0.0.1", server.port())
                            .usePlaintext()
                            .build();
            try {
                call(channel, GrpcProbeService.bytes("big:500000"));
                assertEquals(
                        "text",
                        GrpcProbeService.text(call(channel, new byte[] {'t', 'e', 'x', 't'})));
            } finally {
                channel.shutdownNow();
            }
            assertTrue(sent.get() > 500_000 && sent.get() < 520_000, "sent " + sent);
            assertTrue(received.get() > 50 && received.get() < 5_000, "received " + received);
        }
    }

    private static Path selfSigned(Path dir) throws IOException, InterruptedException {
        Path store = dir.resolve("server.p12");
        Path keytool = Path.of(System.getProperty("java.home"), "bin", "keytool");
        Process process =
                new ProcessBuilder(
                                keytool.toString(),
                                "-genkeypair",
                                "-alias",
                                "server",
                                "-keyalg",
                                "EC",
                                "-dname",
                                "CN=localhost",
                                "-ext",
                                "san=dns:localhost,ip:127.0.0.1",
                                "-storetype",
                                "PKCS12",
                                "-keystore",
                                store.toString(),
                                "-storepass",
                                new String(PASSWORD))
                        .redirectErrorStream(true)
                        .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), output);
        assertTrue(Files.exists(store));
        return store;
    }

    private static SSLContext context(KeyStore keys) throws Exception {
        KeyManagerFactory key =
                KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        key.init(keys, PASSWORD);
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry("server", keys.getCertificate("server"));
        TrustManagerFactory trust =
                TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(key.getKeyManagers(), trust.getTrustManagers(), null);
        return context;
    }
}
