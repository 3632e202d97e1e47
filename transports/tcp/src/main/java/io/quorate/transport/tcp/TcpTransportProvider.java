package io.quorate.transport.tcp;

import io.quorate.spi.transport.Transport;
import io.quorate.spi.transport.TransportEnv;
import io.quorate.spi.transport.TransportHandler;
import io.quorate.spi.transport.TransportProvider;
import io.quorate.transport.link.LinkTransport;

/** The transport {@code tcp}. */
public final class TcpTransportProvider implements TransportProvider {
    @Override
    public String name() {
        return "tcp";
    }

    @Override
    public int spiMajor() {
        return SPI_MAJOR;
    }

    @Override
    public String description() {
        return "framed sockets on virtual threads, plain or TLS";
    }

    @Override
    public Transport open(TransportEnv env, TransportHandler handler) {
        return LinkTransport.open(env, handler, new TcpCarrier());
    }
}
