package io.quorate.spi.transport.tck;

import io.quorate.spi.transport.Peer;
import io.quorate.spi.transport.Refusal;
import io.quorate.spi.transport.TransportHandler;

import java.io.InputStream;
import java.util.Optional;

/** A handler that nothing is to reach. */
final class Deaf implements TransportHandler {
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
    public void unreachable(long to) {
        throw new AssertionError("there is no peer");
    }

    @Override
    public void refused(long memberId, Refusal reason, String explanation) {
        throw new AssertionError("there is no peer");
    }
}
