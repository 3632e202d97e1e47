package io.quorate.engine.server;

import static java.lang.System.Logger.Level.WARNING;

import io.quorate.api.tls.ChannelSocket;
import io.quorate.api.tls.TlsContexts;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;

/**
 * TLS on a socket of the file system ({@code unixs://}, TL-17), which the web server cannot do by
 * itself: what is inside the TLS is passed on to a plain socket that the web server listens on, in
 * a folder that nobody else may enter.
 */
final class TlsSocketFile implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger("io.quorate.engine.server");
    private static final String[] PROTOCOLS = {"h2", "http/1.1"};
    private static final int BUFFER_BYTES = 16 << 10;

    private final Path file;
    private final Path plain;
    private final TlsContexts tls;
    private final ServerSocketChannel server;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();

    private TlsSocketFile(Path file, Path plain, TlsContexts tls, ServerSocketChannel server) {
        this.file = file;
        this.plain = plain;
        this.tls = tls;
        this.server = server;
    }

    /** Where the web server listens; its folder goes when this is closed. */
    static Path plainSocket() throws IOException {
        return Files.createTempDirectory("quorate-").resolve("plain");
    }

    /**
     * Binds and begins to accept.
     *
     * @param plain a socket that the web server accepts at already
     */
    static TlsSocketFile open(Path file, Path plain, TlsContexts tls) throws IOException {
        ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            Files.deleteIfExists(file);
            server.bind(UnixDomainSocketAddress.of(file));
        } catch (IOException | RuntimeException e) {
            server.close();
            throw e;
        }
        TlsSocketFile socket = new TlsSocketFile(file, plain, tls, server);
        Thread.ofPlatform().daemon().name("accept-" + file.getFileName()).start(socket::accept);
        return socket;
    }

    private void accept() {
        while (server.isOpen()) {
            try {
                SocketChannel channel = server.accept();
                Thread.ofVirtual().name("tls-socket-file").start(() -> serve(channel));
            } catch (ClosedChannelException e) {
                return;
            } catch (IOException e) {
                LOG.log(WARNING, "cannot accept at " + file, e);
            }
        }
    }

    private void serve(SocketChannel channel) {
        try (ChannelSocket raw = new ChannelSocket(channel)) {
            open.add(raw);
            try {
                if (!server.isOpen()) return;
                SSLSocket secure = shakeHands(raw);
                if (secure != null) pass(secure, raw);
            } finally {
                open.remove(raw);
            }
        } catch (IOException e) {
            // One of the two has gone, and takes the other along; both sides see an end.
        }
    }

    /**
     * @return null for who could not prove who it is, which has been logged (TL-20)
     */
    private SSLSocket shakeHands(ChannelSocket raw) throws IOException {
        SSLSocket secure =
                (SSLSocket) tls.server().getSocketFactory().createSocket(raw, null, true);
        SSLParameters parameters = tls.serverParameters();
        parameters.setApplicationProtocols(PROTOCOLS);
        secure.setUseClientMode(false);
        secure.setSSLParameters(parameters);
        try {
            secure.startHandshake();
            return secure;
        } catch (IOException e) {
            LOG.log(
                    WARNING,
                    "rejected connection on client endpoint",
                    Fields.of("remote-addr", file, "error", String.valueOf(e.getMessage())));
            return null;
        }
    }

    private void pass(SSLSocket secure, ChannelSocket raw) throws IOException {
        SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(plain));
        try (ChannelSocket inner = new ChannelSocket(channel)) {
            InputStream fromClient = secure.getInputStream();
            Thread.ofVirtual().name("tls-socket-file-in").start(() -> forward(fromClient, inner));
            copy(inner.getInputStream(), secure.getOutputStream());
            secure.shutdownOutput();
        } finally {
            // Not the TLS socket: its close may wait for a writer.
            raw.close();
        }
    }

    private static void forward(InputStream in, ChannelSocket to) {
        try {
            copy(in, to.getOutputStream());
            to.shutdownOutput();
        } catch (IOException gone) {
            try {
                to.close();
            } catch (IOException e) {
                gone.addSuppressed(e);
            }
        }
    }

    private static void copy(InputStream in, OutputStream out) throws IOException {
        byte[] bytes = new byte[BUFFER_BYTES];
        for (int read = in.read(bytes); read >= 0; read = in.read(bytes)) {
            out.write(bytes, 0, read);
        }
    }

    /** Ends what is open too; the web server is closed before. */
    @Override
    public void close() {
        try {
            server.close();
            Files.deleteIfExists(file);
            for (Socket socket : open) socket.close();
            Files.deleteIfExists(plain);
            Files.deleteIfExists(plain.getParent());
        } catch (IOException e) {
            LOG.log(WARNING, "cannot remove the socket " + file, e);
        }
    }
}
