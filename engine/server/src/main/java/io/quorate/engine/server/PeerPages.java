package io.quorate.engine.server;

import io.helidon.webserver.http.HttpRouting;
import io.quorate.engine.rest.Rest;
import io.quorate.spi.transport.HttpFallback;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The pages of the peer addresses (PE-01, PE-02). The transport owns those addresses; who speaks
 * HTTP there is passed on, byte by byte, to a web server on a loopback port that the system chose.
 */
final class PeerPages implements HttpFallback, AutoCloseable {
    private static final long START_SECONDS = 30;

    private final CompletableFuture<Listener> listener = new CompletableFuture<>();

    /** Begins to serve; who came before waits until now. */
    void start(Rest rest) {
        HttpRouting.Builder routing = HttpRouting.builder();
        rest.addPeerTo(routing);
        MemberUrl url = MemberUrl.parse("http://127.0.0.1:0");
        listener.complete(Listener.start(url, routing, Optional.empty(), false, server -> {}));
    }

    @Override
    public void serve(InputStream in, OutputStream out) throws IOException {
        MemberUrl server = server();
        try (Socket socket = new Socket(server.host(), server.port())) {
            socket.setTcpNoDelay(true);
            Thread.ofVirtual().name("peer-page-request").start(() -> forward(in, socket));
            socket.getInputStream().transferTo(out);
        }
    }

    private MemberUrl server() throws IOException {
        try {
            return listener.get(START_SECONDS, TimeUnit.SECONDS).bound();
        } catch (ExecutionException | TimeoutException e) {
            throw new IOException("this member does not serve pages yet", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    private static void forward(InputStream in, Socket socket) {
        try {
            OutputStream out = socket.getOutputStream();
            byte[] bytes = new byte[8192];
            for (int read = in.read(bytes); read >= 0; read = in.read(bytes)) {
                out.write(bytes, 0, read);
            }
            socket.shutdownOutput();
        } catch (IOException e) {
            try {
                // Ends the other direction, which is of no use to anybody now.
                socket.close();
            } catch (IOException inner) {
                e.addSuppressed(inner);
            }
        }
    }

    @Override
    public void close() {
        listener.completeExceptionally(new IOException("this member stops"));
        if (!listener.isCompletedExceptionally()) listener.join().close();
    }
}
