package io.quorate.transport.tcp;

import io.quorate.transport.link.Carrier;
import io.quorate.transport.link.Frames;
import io.quorate.transport.link.Pipe;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.util.List;

/** The frames of a link right on the socket. */
final class TcpCarrier implements Carrier {
    @Override
    public String name() {
        return "tcp";
    }

    @Override
    public List<String> applicationProtocols() {
        return List.of();
    }

    @Override
    public boolean recognises(byte[] head) {
        return Frames.begin(head);
    }

    @Override
    public byte[] answerToOthers() {
        return Frames.preface();
    }

    @Override
    public Pipe accept(Socket raw, InputStream in, OutputStream out) {
        return new SocketPipe(raw, in, out);
    }

    @Override
    public Pipe connect(Socket raw, InputStream in, OutputStream out, URI url) {
        return new SocketPipe(raw, in, out);
    }

    private record SocketPipe(Socket raw, InputStream in, OutputStream out) implements Pipe {
        @Override
        public void readTimeout(int millis) throws IOException {
            raw.setSoTimeout(millis);
        }

        /** It is the socket below that closes: TLS would first wait for a write that hangs. */
        @Override
        public void close() {
            try {
                raw.close();
            } catch (IOException e) {
                // It is of no use any more, which is all that was wanted.
            }
        }
    }
}
