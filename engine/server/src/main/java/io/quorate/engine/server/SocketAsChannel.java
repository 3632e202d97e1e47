package io.quorate.engine.server;

import io.helidon.common.buffers.BufferData;
import io.helidon.common.socket.HelidonSocket;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.SelectorProvider;
import java.util.Set;

/**
 * A connected socket of the web server as the channel that Helidon's TLS wants to be put on: reads,
 * writes and closes, nothing else. Blocks; one thread may read while another writes.
 */
final class SocketAsChannel extends SocketChannel {
    private final HelidonSocket socket;
    // Of the reading thread: what was read and not taken yet.
    private ByteBuffer left = ByteBuffer.allocate(0);

    SocketAsChannel(HelidonSocket socket) {
        super(SelectorProvider.provider());
        this.socket = socket;
    }

    @Override
    public int read(ByteBuffer to) throws IOException {
        if (!to.hasRemaining()) return 0;
        if (!left.hasRemaining()) {
            byte[] bytes = next();
            if (bytes == null) return -1;
            left = ByteBuffer.wrap(bytes);
        }
        int length = Math.min(to.remaining(), left.remaining());
        to.put(left.slice().limit(length));
        left.position(left.position() + length);
        return length;
    }

    private byte[] next() throws IOException {
        if (!isOpen()) throw new ClosedChannelException();
        try {
            return socket.get();
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    @Override
    public int write(ByteBuffer from) throws IOException {
        if (!isOpen()) throw new ClosedChannelException();
        byte[] bytes = new byte[from.remaining()];
        from.get(bytes);
        try {
            socket.write(BufferData.create(bytes));
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        return bytes.length;
    }

    @Override
    public SocketAddress getRemoteAddress() {
        return socket.remotePeer().address();
    }

    @Override
    public SocketAddress getLocalAddress() {
        return socket.localPeer().address();
    }

    @Override
    public boolean isConnected() {
        return isOpen();
    }

    @Override
    protected void implCloseSelectableChannel() throws IOException {
        try {
            socket.close();
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    /** The close that follows does that. */
    @Override
    public SocketChannel shutdownInput() {
        return this;
    }

    /** The close that follows does that. */
    @Override
    public SocketChannel shutdownOutput() {
        return this;
    }

    @Override
    public boolean isConnectionPending() {
        return false;
    }

    // ---- what nobody asks of it

    @Override
    public long read(ByteBuffer[] to, int offset, int length) {
        throw new UnsupportedOperationException();
    }

    @Override
    public long write(ByteBuffer[] from, int offset, int length) {
        throw new UnsupportedOperationException();
    }

    @Override
    public SocketChannel bind(SocketAddress local) {
        throw new UnsupportedOperationException();
    }

    @Override
    public boolean connect(SocketAddress remote) {
        throw new UnsupportedOperationException();
    }

    @Override
    public boolean finishConnect() {
        throw new UnsupportedOperationException();
    }

    @Override
    public Socket socket() {
        throw new UnsupportedOperationException();
    }

    @Override
    public <T> SocketChannel setOption(SocketOption<T> name, T value) {
        throw new UnsupportedOperationException();
    }

    @Override
    public <T> T getOption(SocketOption<T> name) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Set<SocketOption<?>> supportedOptions() {
        return Set.of();
    }

    @Override
    protected void implConfigureBlocking(boolean block) {
        if (!block) throw new UnsupportedOperationException();
    }
}
