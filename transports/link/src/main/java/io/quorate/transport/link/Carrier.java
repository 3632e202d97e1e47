package io.quorate.transport.link;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.util.List;

/**
 * What tells one transport of this family from another: how two streams of bytes travel on a
 * connection, and how the connection shows what it is. Methods are called by many threads, and may
 * block; who calls cuts the socket when they take too long.
 */
public interface Carrier extends AutoCloseable {
    /** Length of the head that {@link #recognises} looks at. */
    int HEAD_BYTES = 4;

    /** Name of the transport, as {@code --transport} takes it. */
    String name();

    /** Application protocols for TLS, the one preferred first; empty for none. */
    List<String> applicationProtocols();

    /** Whether a connection that begins with this head comes from a member on this transport. */
    boolean recognises(byte[] head);

    /** What a member on another transport is answered, so that it finds out about the mistake. */
    byte[] answerToOthers();

    /**
     * Takes a connection that was recognised.
     *
     * @param raw the socket, below TLS if there is any
     * @param in from the head on
     */
    Pipe accept(Socket raw, InputStream in, OutputStream out) throws IOException;

    /**
     * Begins a connection to a member.
     *
     * @param raw connected, below TLS if there is any
     * @throws OtherProtocolException when the answer shows that the server speaks something else
     */
    Pipe connect(Socket raw, InputStream in, OutputStream out, URI url) throws IOException;

    /** Releases what it shares between connections; all of those were cut before. */
    @Override
    default void close() {}

    /** The answer of a server is not of this protocol. */
    final class OtherProtocolException extends IOException {
        private static final long serialVersionUID = 1;

        /** RFC 8446 §5.1: what a server that wants TLS says to those who come without. */
        private static final int TLS_ALERT = 21;

        private final boolean tls;

        /**
         * @param head first bytes of the answer
         */
        public OtherProtocolException(byte[] head) {
            super("the server speaks another protocol");
            this.tls = head.length > 0 && head[0] == TLS_ALERT;
        }

        /** Whether the server wants TLS. */
        boolean tls() {
            return tls;
        }
    }
}
