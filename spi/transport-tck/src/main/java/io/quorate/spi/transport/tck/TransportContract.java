package io.quorate.spi.transport.tck;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.quorate.spi.transport.Peer;
import io.quorate.spi.transport.Refusal;
import io.quorate.spi.transport.SnapshotBody;
import io.quorate.spi.transport.Transport;
import io.quorate.spi.transport.TransportException;
import io.quorate.spi.transport.TransportProvider;
import io.quorate.spi.transport.tck.TestPeer.Options;
import io.quorate.spi.transport.tck.TestPeer.Received;
import io.quorate.spi.transport.tck.TestPeer.Refused;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayNameGeneration;
import org.junit.jupiter.api.DisplayNameGenerator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The laws of {@link io.quorate.spi.transport.Transport}, each a test. A plugin extends this and
 * passes. Peers are reached over TCP on the loopback address; for another kind of network say so
 * with {@link #overTcp()}.
 */
@Timeout(120)
@DisplayNameGeneration(DisplayNameGenerator.Standard.class)
public abstract class TransportContract {
    private static final long SECONDS = 30;

    private final List<AutoCloseable> open = new ArrayList<>();

    /** The plugin under test. */
    protected abstract TransportProvider provider();

    /**
     * Settings that make it give up within about two seconds: later, tests last long; much sooner,
     * it gives up those who are only slow.
     */
    protected abstract Map<String, String> impatient();

    /** Settings that let 1 MiB, and no more, wait for a peer. */
    protected abstract Map<String, String> smallQueue();

    /** Whether peers connect by TCP to the addresses of their URLs. */
    protected boolean overTcp() {
        return true;
    }

    @AfterEach
    final void closeAll() throws Exception {
        for (AutoCloseable closeable : open.reversed()) closeable.close();
    }

    @Test
    void messagesOfAllSizesArriveWhole() throws Exception {
        TestPeer a = peer(1);
        TestPeer b = peer(2);
        a.transport.put(b.asPeer());
        for (int size : new int[] {0, 1, 100, 65_535, 65_536, 1 << 20, 8 << 20}) {
            byte[] message = random(size);
            Received received = delivered(a, b, message);
            assertEquals(1, received.from());
            assertArrayEquals(message, received.body());
        }
        assertTrue(a.sentBytes.get() >= 8 << 20, "sent bytes are counted");
        assertTrue(b.receivedBytes.get() >= 8 << 20, "received bytes are counted");
    }

    @Test
    void bothDirectionsWorkAtOnce() throws Exception {
        TestPeer a = peer(1);
        TestPeer b = peer(2);
        a.transport.put(b.asPeer());
        b.transport.put(a.asPeer());
        delivered(a, b, new byte[] {1});
        delivered(b, a, new byte[] {2});
        assertTrue(a.transport.connectedSince(2).isPresent());
        assertTrue(b.transport.connectedSince(1).isPresent());
    }

    @Test
    void nothingArrivesThatWasNotSent() throws Exception {
        TestPeer a = peer(1);
        TestPeer b = peer(2);
        a.transport.put(b.asPeer());
        delivered(a, b, number(-1));
        Set<Long> seen = new HashSet<>();
        for (long i = 0; i < 20_000; i++) {
            a.transport.send(2, number(i));
            // The end of the stream is repeated: single messages may be lost.
            if (i % 1000 == 0) drain(b, seen);
        }
        while (!seen.contains(20_000L)) {
            a.transport.send(2, number(20_000));
            Received next = b.messages.poll(10, TimeUnit.MILLISECONDS);
            if (next != null) seen.add(ByteBuffer.wrap(next.body()).getLong());
            drain(b, seen);
        }
        seen.remove(-1L);
        assertTrue(seen.stream().allMatch(n -> n >= 0 && n <= 20_000), "only what was sent");
    }

    @Test
    void sendToNobodyGoesNowhere() {
        TestPeer a = peer(1);
        a.transport.send(99, new byte[10]);
        assertTrue(a.transport.connectedSince(99).isEmpty());
    }

    @Test
    void messagesBeforeThePeerStartsAreLostAndLaterOnesArrive() throws Exception {
        TestPeer a = peer(1);
        InetSocketAddress free = freeAddress();
        a.transport.put(new Peer(2, List.of(url(free))));
        a.transport.send(2, new byte[] {1});
        assertEquals(2, next(a.unreachable));
        TestPeer b = peer(2);
        FaultyLink link = relay(free, b);
        assertNotNull(link);
        delivered(a, b, new byte[] {2});
    }

    @Test
    void brokenConnectionIsMadeAnew() throws Exception {
        TestPeer a = peer(1);
        TestPeer b = peer(2);
        FaultyLink link = link(b);
        a.transport.put(b.at(link.address()));
        for (int i = 0; i < 5; i++) {
            delivered(a, b, number(i));
            link.cut();
            assertEquals(2, next(a.unreachable));
        }
        delivered(a, b, number(5));
    }

    @Test
    void peerThatIsDownForLongComesBack() throws Exception {
        TestPeer a = peer(1);
        TestPeer b = peer(2);
        FaultyLink link = link(b);
        a.transport.put(b.at(link.address()));
        delivered(a, b, number(1));
        link.down();
        for (int i = 0; i < 3; i++) assertEquals(2, next(a.unreachable));
        assertTrue(a.transport.connectedSince(2).isEmpty());
        link.up();
        delivered(a, b, number(2));
        assertTrue(a.transport.connectedSince(2).isPresent());
    }

    @Test
    void hangingPeerNeitherBlocksNorHurtsOthersNorFillsTheMemory() throws Exception {
        TestPeer a = peer(Options.of(1), smallQueue());
        TestPeer hanging = peer(2);
        TestPeer healthy = peer(3);
        FaultyLink link = link(hanging);
        a.transport.put(hanging.at(link.address()));
        a.transport.put(healthy.asPeer());
        delivered(a, hanging, number(1));
        delivered(a, healthy, number(1));
        link.hang();
        // 16 GiB by reference: a queue without a bound would hold a million messages.
        byte[] message = new byte[16 << 10];
        for (int i = 0; i < 1_000_000; i++) a.transport.send(2, message);
        assertEquals(2, next(a.unreachable));
        assertTrue(a.sendFailures.get() > 900_000, "only so many wait: " + a.sendFailures.get());
        delivered(a, healthy, number(2));
        link.resume();
        delivered(a, hanging, number(7));
    }

    @Test
    void connectionThatHangsIsGivenUpAndMadeAnew() throws Exception {
        TestPeer a = peer(1);
        TestPeer b = peer(2);
        FaultyLink bad = link(b);
        a.transport.put(b.at(bad.address()));
        delivered(a, b, number(1));
        bad.hang();
        a.transport.send(2, number(2));
        assertEquals(2, next(a.unreachable));
        // What hung is gone with its connections; new ones do well.
        bad.cut();
        bad.resume();
        delivered(a, b, number(3));
    }

    @Test
    void damagedBytesAreNeverDelivered() throws Exception {
        assumeTrue(overTcp());
        TestPeer a = peer(1);
        TestPeer b = peer(2);
        FaultyLink link = link(b);
        a.transport.put(b.at(link.address()));
        byte[] message = random(100_000);
        delivered(a, b, message);
        link.damage(true);
        do {
            a.transport.send(2, message);
        } while (a.unreachable.poll(20, TimeUnit.MILLISECONDS) == null);
        link.damage(false);
        delivered(a, b, message);
        for (Received received : b.messages) assertArrayEquals(message, received.body());
    }

    @Test
    @Tag("PE-12")
    @Tag("EX-08")
    void anotherClusterIsRefusedOnBothSides() throws Exception {
        TestPeer a = peer(1);
        TestPeer stranger = peer(Options.of(2).inCluster(0xc2), impatient());
        a.transport.put(stranger.asPeer());
        Refused here = next(a.refusals);
        Refused there = next(stranger.refusals);
        assertEquals(Refusal.CLUSTER_ID_MISMATCH, here.reason());
        assertEquals(Refusal.CLUSTER_ID_MISMATCH, there.reason());
        assertEquals(2, here.memberId());
        assertEquals(1, there.memberId());
        assertTrue(here.explanation().contains("c1"), here.explanation());
        assertTrue(here.explanation().contains("c2"), here.explanation());
        a.transport.send(2, number(1));
        assertTrue(a.transport.connectedSince(2).isEmpty());
        assertTrue(stranger.messages.isEmpty());
    }

    @Test
    @Tag("PE-12")
    void anotherMemberThanTheOneMeantIsRefused() throws Exception {
        TestPeer a = peer(1);
        TestPeer b = peer(2);
        a.transport.put(new Peer(7, b.asPeer().urls()));
        assertEquals(Refusal.MEMBER_ID_MISMATCH, next(a.refusals).reason());
        assertEquals(Refusal.MEMBER_ID_MISMATCH, next(b.refusals).reason());
    }

    @Test
    @Tag("PE-12")
    void anotherMajorVersionIsRefused() throws Exception {
        TestPeer a = peer(1);
        TestPeer later = peer(Options.of(2).ofVersion("4.0.0"), impatient());
        a.transport.put(later.asPeer());
        Refused refused = next(a.refusals);
        assertEquals(Refusal.INCOMPATIBLE_VERSION, refused.reason());
        assertTrue(refused.explanation().contains("4.0.0"), refused.explanation());
    }

    @Test
    void anotherMinorVersionIsLetIn() throws Exception {
        TestPeer a = peer(1);
        TestPeer later = peer(Options.of(2).ofVersion("3.8.0"), impatient());
        a.transport.put(later.asPeer());
        delivered(a, later, number(1));
    }

    @Test
    @Tag("PE-13")
    void removedMemberIsTold() throws Exception {
        TestPeer removed = peer(1);
        TestPeer b = peer(2);
        removed.transport.put(b.asPeer());
        delivered(removed, b, number(1));
        b.removed.add(1L);
        b.transport.remove(1);
        Refused refused = next(removed.refusals);
        assertEquals(Refusal.REMOVED, refused.reason());
        assertEquals(2, refused.memberId());
    }

    @Test
    void anotherTransportIsRefusedWithAClearMessage() throws Exception {
        assumeTrue(overTcp());
        TestPeer a = peer(1);
        try (ServerSocket web = new ServerSocket(0, 8, InetAddress.getLoopbackAddress())) {
            Thread.ofVirtual().start(() -> answerBadRequests(web));
            a.transport.put(
                    new Peer(2, List.of(url((InetSocketAddress) web.getLocalSocketAddress()))));
            Refused refused = next(a.refusals);
            assertEquals(Refusal.OTHER_TRANSPORT, refused.reason());
            assertTrue(refused.explanation().contains("--transport"), refused.explanation());
        }
    }

    @Test
    void garbageAndSilenceHurtNobody() throws Exception {
        assumeTrue(overTcp());
        TestPeer a = peer(1);
        TestPeer b = peer(2);
        Random random = new Random(7);
        List<Socket> silent = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            Socket socket = new Socket(b.address().getAddress(), b.address().getPort());
            silent.add(socket);
            open.add(socket);
            if (i % 2 == 0) {
                byte[] garbage = new byte[random.nextInt(1000)];
                random.nextBytes(garbage);
                write(socket, garbage);
            }
        }
        a.transport.put(b.asPeer());
        delivered(a, b, number(1));
        for (Socket socket : silent) {
            socket.setSoTimeout((int) TimeUnit.SECONDS.toMillis(SECONDS));
            assertTrue(ends(socket), "a connection that does not introduce itself is cut");
        }
    }

    @Test
    void newUrlsAreUsed() throws Exception {
        TestPeer a = peer(1);
        TestPeer old = peer(2);
        a.transport.put(old.asPeer());
        delivered(a, old, number(1));
        TestPeer moved = peer(2);
        a.transport.put(moved.asPeer());
        delivered(a, moved, number(2));
    }

    @Test
    void urlsAreTriedInTurn() throws Exception {
        TestPeer a = peer(1);
        TestPeer b = peer(2);
        List<URI> urls = new ArrayList<>();
        urls.add(url(freeAddress()));
        urls.addAll(b.asPeer().urls());
        a.transport.put(new Peer(2, urls));
        delivered(a, b, number(1));
    }

    @Test
    void removedPeerGetsNothing() throws Exception {
        TestPeer a = peer(1);
        TestPeer b = peer(2);
        a.transport.put(b.asPeer());
        delivered(a, b, number(1));
        a.transport.remove(2);
        b.messages.clear();
        a.transport.send(2, number(2));
        assertTrue(a.transport.connectedSince(2).isEmpty());
        a.transport.put(b.asPeer());
        delivered(a, b, number(3));
        for (Received received : b.messages) {
            assertFalse(Arrays.equals(number(2), received.body()));
        }
    }

    @Test
    @Tag("ME-23")
    void roundTripsAreMeasured() throws Exception {
        TestPeer a = peer(1);
        TestPeer b = peer(2);
        a.transport.put(b.asPeer());
        while (a.roundTrips.get() < 2) delivered(a, b, number(1));
    }

    @Test
    void snapshotArrivesWholeWhileMessagesFlow() throws Exception {
        TestPeer a = peer(1);
        TestPeer b = peer(2);
        a.transport.put(b.asPeer());
        delivered(a, b, number(1));
        CountDownLatch half = new CountDownLatch(1);
        CountDownLatch messageSeen = new CountDownLatch(1);
        byte[] part = random(8 << 20);
        Body body =
                new Body(out -> {
                    out.write(part);
                    half.countDown();
                    await(messageSeen);
                    for (byte b1 : Arrays.copyOf(part, 1000)) out.write(b1);
                });
        CompletableFuture<Void> sent = a.transport.sendSnapshot(2, number(42), body);
        await(half);
        delivered(a, b, number(2));
        messageSeen.countDown();
        sent.get(SECONDS, TimeUnit.SECONDS);
        Received snapshot = next(b.snapshots);
        assertEquals(1, snapshot.from());
        assertArrayEquals(number(42), snapshot.header());
        assertEquals(part.length + 1000, snapshot.body().length);
        assertArrayEquals(part, Arrays.copyOf(snapshot.body(), part.length));
        assertTrue(body.closed.get(), "the body is released");
    }

    @Test
    void emptySnapshotArrives() throws Exception {
        TestPeer a = peer(1);
        TestPeer b = peer(2);
        a.transport.put(b.asPeer());
        a.transport
                .sendSnapshot(2, new byte[0], new Body(out -> {}))
                .get(SECONDS, TimeUnit.SECONDS);
        assertEquals(0, next(b.snapshots).body().length);
    }

    @Test
    void snapshotThatFailsAtTheSenderIsNotTaken() throws Exception {
        TestPeer a = peer(1);
        TestPeer b = peer(2);
        a.transport.put(b.asPeer());
        Body body =
                new Body(out -> {
                    out.write(new byte[3 << 20]);
                    throw new IOException("the disk is broken");
                });
        failed(a.transport.sendSnapshot(2, new byte[0], body), "the disk is broken");
        next(b.failedSnapshots);
        assertTrue(b.snapshots.isEmpty());
        assertTrue(body.closed.get());
    }

    @Test
    void snapshotThatTheReceiverRefusesFails() throws Exception {
        TestPeer a = peer(1);
        TestPeer b = peer(2);
        b.takeSnapshotsBy(in -> {
            throw new IOException("no space left");
        });
        a.transport.put(b.asPeer());
        Body body = new Body(out -> out.write(new byte[64 << 20]));
        failed(a.transport.sendSnapshot(2, new byte[0], body), "no space left");
        assertTrue(body.closed.get());
    }

    @Test
    void snapshotToAPeerThatVanishesFails() throws Exception {
        TestPeer a = peer(1);
        TestPeer b = peer(2);
        FaultyLink link = link(b);
        a.transport.put(b.at(link.address()));
        Body body =
                new Body(out -> {
                    out.write(new byte[1 << 20]);
                    link.down();
                    while (true) out.write(new byte[1 << 20]);
                });
        failed(a.transport.sendSnapshot(2, new byte[0], body), "");
        assertTrue(body.closed.get());
        assertTrue(b.snapshots.isEmpty(), "a snapshot that was cut off is not one");
    }

    @Test
    void snapshotToAPeerThatHangsFails() throws Exception {
        TestPeer a = peer(1);
        TestPeer b = peer(2);
        FaultyLink link = link(b);
        a.transport.put(b.at(link.address()));
        Body body =
                new Body(out -> {
                    out.write(new byte[1 << 20]);
                    link.hang();
                    while (true) out.write(new byte[1 << 20]);
                });
        failed(a.transport.sendSnapshot(2, new byte[0], body), "");
        assertTrue(body.closed.get());
    }

    @Test
    void snapshotThatTakesLongToInstallIsWaitedFor() throws Exception {
        TestPeer a = peer(1);
        TestPeer b = peer(2);
        CountDownLatch go = new CountDownLatch(1);
        b.takeSnapshotsBy(in -> {
            byte[] all = in.readAllBytes();
            await(go);
            return all;
        });
        a.transport.put(b.asPeer());
        CompletableFuture<Void> sent =
                a.transport.sendSnapshot(2, new byte[0], new Body(out -> out.write(1)));
        // Longer than an impatient transport waits for a silent peer.
        assertThrows(
                java.util.concurrent.TimeoutException.class, () -> sent.get(4, TimeUnit.SECONDS));
        go.countDown();
        sent.get(SECONDS, TimeUnit.SECONDS);
    }

    @Test
    void snapshotToNobodyFails() throws Exception {
        TestPeer a = peer(1);
        Body body = new Body(out -> out.write(1));
        failed(a.transport.sendSnapshot(0x99, new byte[0], body), "99");
        assertTrue(body.closed.get());
    }

    @Test
    @Tag("TL-04")
    void membersTalkOverTls(@TempDir Path directory) throws Exception {
        Keys keys = Keys.make(directory, "all");
        TestPeer a = peer(Options.of(1).with(keys.trusting(true, keys)), impatient());
        TestPeer b = peer(Options.of(2).with(keys.trusting(true, keys)), impatient());
        a.transport.put(b.asPeer());
        b.transport.put(a.asPeer());
        byte[] large = random(4 << 20);
        assertArrayEquals(large, delivered(a, b, large).body());
        delivered(b, a, number(2));
        a.transport
                .sendSnapshot(2, number(3), new Body(out -> out.write(large)))
                .get(SECONDS, TimeUnit.SECONDS);
        assertArrayEquals(large, next(b.snapshots).body());
    }

    @Test
    @Tag("TL-04")
    void keysThatAreNotTrustedAreRefused(@TempDir Path directory) throws Exception {
        Keys good = Keys.make(directory, "good");
        Keys other = Keys.make(directory, "other");
        TestPeer a = peer(Options.of(1).with(other.trusting(true, good)), impatient());
        TestPeer b = peer(Options.of(2).with(good.trusting(true, good)), impatient());
        a.transport.put(b.asPeer());
        for (int i = 0; i < 2; i++) assertEquals(2, next(a.unreachable));
        a.transport.send(2, number(1));
        assertTrue(b.messages.isEmpty());
        assertTrue(a.transport.connectedSince(2).isEmpty());
    }

    @Test
    void plainMemberDoesNotReachASecureOne(@TempDir Path directory) throws Exception {
        Keys keys = Keys.make(directory, "all");
        TestPeer a = peer(1);
        TestPeer b = peer(Options.of(2).with(keys.trusting(false, keys)), impatient());
        a.transport.put(new Peer(2, List.of(url(b.address()))));
        for (int i = 0; i < 2; i++) assertEquals(2, next(a.unreachable));
        assertTrue(b.messages.isEmpty());
    }

    @Test
    void httpOnThePeerAddressIsAnswered() throws Exception {
        assumeTrue(overTcp());
        TestPeer a =
                peer(
                        Options.of(1)
                                .with((in, out) -> {
                                    byte[] start = in.readNBytes(14);
                                    out.write(
                                            new String(start, StandardCharsets.US_ASCII)
                                                    .replace("GET", "seen")
                                                    .getBytes(StandardCharsets.US_ASCII));
                                    out.flush();
                                }),
                        impatient());
        try (Socket socket = new Socket(a.address().getAddress(), a.address().getPort())) {
            write(socket, "GET /version HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            byte[] answer = socket.getInputStream().readNBytes(13);
            assertTrue(
                    new String(answer, StandardCharsets.US_ASCII).startsWith("seen /version"),
                    new String(answer, StandardCharsets.US_ASCII));
        }
    }

    @Test
    void addressInUseIsNamed() {
        TestPeer a = peer(1);
        TransportException refused =
                assertThrows(
                        TransportException.class,
                        () -> provider().open(new FixedAddress(a.address(), false), new Deaf()));
        assertTrue(
                refused.getMessage().contains(String.valueOf(a.address().getPort())),
                refused.getMessage());
    }

    @Test
    void aPortIsSharedWhereBothAskForIt() {
        InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        try (Transport one = provider().open(new FixedAddress(any, true), new Deaf())) {
            InetSocketAddress taken = one.addresses().getFirst();
            try (Transport two = provider().open(new FixedAddress(taken, true), new Deaf())) {
                assertEquals(taken, two.addresses().getFirst());
            }
        }
    }

    @Test
    void closeFreesTheAddressAndSilencesTheHandler() throws Exception {
        TestPeer a = peer(1);
        TestPeer b = peer(2);
        a.transport.put(b.asPeer());
        b.transport.put(a.asPeer());
        delivered(a, b, number(1));
        InetSocketAddress address = b.address();
        b.close();
        b.close();
        b.messages.clear();
        b.unreachable.clear();
        b.transport.send(1, number(2));
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(address);
        }
        assertEquals(2, next(a.unreachable));
        assertNull(b.messages.poll());
        assertNull(b.unreachable.poll());
        assertInstanceOf(
                TransportException.class,
                assertThrows(
                                ExecutionException.class,
                                () ->
                                        b.transport
                                                .sendSnapshot(1, new byte[0], new Body(out -> {}))
                                                .get(SECONDS, TimeUnit.SECONDS))
                        .getCause());
    }

    private TestPeer peer(long id) {
        return peer(Options.of(id), impatient());
    }

    private TestPeer peer(Options options, Map<String, String> settings) {
        TestPeer peer = TestPeer.open(options, provider(), settings);
        open.add(peer);
        return peer;
    }

    private FaultyLink link(TestPeer to) {
        assumeTrue(overTcp());
        FaultyLink link = FaultyLink.to(to.address());
        open.add(link);
        return link;
    }

    /** Makes a peer answer at an address that was free before. */
    private FaultyLink relay(InetSocketAddress at, TestPeer to) throws IOException {
        FaultyLink link = FaultyLink.between(at, to.address());
        open.add(link);
        return link;
    }

    /** Sends until it arrives: a transport may lose messages, but not all. */
    private static Received delivered(TestPeer from, TestPeer to, byte[] message)
            throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
        while (System.nanoTime() - deadline < 0) {
            from.transport.send(to.id, message);
            long patience = message.length > 1 << 20 ? 2000 : 200;
            for (Received received = to.messages.poll(patience, TimeUnit.MILLISECONDS);
                    received != null;
                    received = to.messages.poll()) {
                if (Arrays.equals(message, received.body())) return received;
            }
        }
        throw new AssertionError("the message did not arrive; refusals: " + from.refusals);
    }

    private static void drain(TestPeer peer, Set<Long> seen) {
        for (Received r = peer.messages.poll(); r != null; r = peer.messages.poll()) {
            seen.add(ByteBuffer.wrap(r.body()).getLong());
        }
    }

    private static <T> T next(BlockingQueue<T> queue) throws InterruptedException {
        T next = queue.poll(SECONDS, TimeUnit.SECONDS);
        assertNotNull(next, "nothing came");
        return next;
    }

    private static void failed(CompletableFuture<Void> sent, String text) {
        ExecutionException thrown =
                assertThrows(ExecutionException.class, () -> sent.get(SECONDS, TimeUnit.SECONDS));
        assertInstanceOf(TransportException.class, thrown.getCause());
        assertTrue(thrown.getCause().getMessage().contains(text), thrown.getCause().getMessage());
    }

    private static void await(CountDownLatch latch) {
        try {
            assertTrue(latch.await(SECONDS, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static void write(Socket socket, byte[] bytes) throws IOException {
        OutputStream out = socket.getOutputStream();
        out.write(bytes);
        out.flush();
    }

    private static boolean ends(Socket socket) {
        try (InputStream in = socket.getInputStream()) {
            while (in.read() >= 0) continue;
            return true;
        } catch (java.net.SocketTimeoutException e) {
            return false;
        } catch (IOException e) {
            return true;
        }
    }

    private static void answerBadRequests(ServerSocket web) {
        while (!web.isClosed()) {
            try (Socket socket = web.accept()) {
                socket.getInputStream().read();
                write(
                        socket,
                        "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"
                                .getBytes(StandardCharsets.US_ASCII));
            } catch (IOException e) {
                // The next one is answered again.
            }
        }
    }

    private static InetSocketAddress freeAddress() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return (InetSocketAddress) socket.getLocalSocketAddress();
        }
    }

    private static URI url(InetSocketAddress address) {
        return URI.create("http://localhost:" + address.getPort());
    }

    private static byte[] random(int size) {
        byte[] bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        return bytes;
    }

    private static byte[] number(long number) {
        return ByteBuffer.allocate(Long.BYTES).putLong(number).array();
    }

    /** A snapshot made by a lambda. */
    private static final class Body implements SnapshotBody {
        private final Writer writer;
        private final AtomicBoolean closed = new AtomicBoolean();

        Body(Writer writer) {
            this.writer = writer;
        }

        @Override
        public void writeTo(OutputStream out) throws IOException {
            writer.writeTo(out);
        }

        @Override
        public void close() {
            closed.set(true);
        }
    }

    private interface Writer {
        void writeTo(OutputStream out) throws IOException;
    }
}
