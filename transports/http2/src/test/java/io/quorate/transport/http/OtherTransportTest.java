package io.quorate.transport.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.spi.plugin.Settings;
import io.quorate.spi.transport.Peer;
import io.quorate.spi.transport.Refusal;
import io.quorate.spi.transport.Transport;
import io.quorate.spi.transport.TransportEnv;
import io.quorate.spi.transport.TransportHandler;
import io.quorate.spi.transport.TransportMetrics;
import io.quorate.spi.transport.TransportProvider;
import io.quorate.spi.transport.TransportTls;
import io.quorate.transport.tcp.TcpTransportProvider;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/** Members of one cluster that were started with different transports. */
@Timeout(60)
final class OtherTransportTest {
    @Test
    void memberOnTcpAndMemberOnHttp2TellWhatIsWrong() throws InterruptedException {
        bothTell(new TcpTransportProvider(), new HttpTransportProvider());
        bothTell(new HttpTransportProvider(), new TcpTransportProvider());
    }

    private static void bothTell(TransportProvider mine, TransportProvider yours)
            throws InterruptedException {
        Member one = new Member(1);
        Member two = new Member(2);
        try (Transport a = mine.open(one, one);
                Transport b = yours.open(two, two)) {
            a.put(new Peer(2, List.of(two.url(b))));
            Told fromOne = one.told.take();
            assertEquals(Refusal.OTHER_TRANSPORT, fromOne.reason);
            assertEquals(2, fromOne.memberId);
            assertTrue(fromOne.text.contains("\"" + mine.name() + "\""), fromOne.text);
            assertTrue(fromOne.text.contains("same --transport"), fromOne.text);
            Told fromTwo = two.told.take();
            assertEquals(Refusal.OTHER_TRANSPORT, fromTwo.reason);
            assertTrue(fromTwo.text.contains("\"" + yours.name() + "\""), fromTwo.text);
            assertTrue(fromTwo.text.contains("same --transport"), fromTwo.text);
            assertTrue(a.connectedSince(2).isEmpty());
        }
    }

    private record Told(long memberId, Refusal reason, String text) {}

    private record Member(long id, BlockingQueue<Told> told)
            implements TransportEnv, TransportHandler {
        Member(long id) {
            this(id, new LinkedBlockingQueue<>());
        }

        URI url(Transport transport) {
            return URI.create("http://localhost:" + transport.addresses().getFirst().getPort());
        }

        @Override
        public long clusterId() {
            return 0xc1;
        }

        @Override
        public Peer self() {
            return new Peer(id, List.of(URI.create("http://localhost:1")));
        }

        @Override
        public String version() {
            return "3.7.1";
        }

        @Override
        public List<InetSocketAddress> listen() {
            return List.of(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        }

        @Override
        public Settings settings() {
            return new Settings("transport", Map.of());
        }

        @Override
        public Optional<TransportTls> tls() {
            return Optional.empty();
        }

        @Override
        public TransportMetrics metrics() {
            return TransportMetrics.NONE;
        }

        @Override
        public Optional<Refusal> admit(Peer from) {
            throw new AssertionError("nobody can come in");
        }

        @Override
        public void received(long from, byte[] message) {
            throw new AssertionError("nobody can send");
        }

        @Override
        public void snapshot(long from, byte[] header, InputStream body) {
            throw new AssertionError("nobody can send");
        }

        @Override
        public void unreachable(long to) {}

        @Override
        public void refused(long memberId, Refusal reason, String explanation) {
            told.add(new Told(memberId, reason, explanation));
        }
    }
}
