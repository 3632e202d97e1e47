package io.quorate.transport.http;

import io.quorate.spi.transport.Transport;
import io.quorate.spi.transport.TransportEnv;
import io.quorate.spi.transport.TransportHandler;
import io.quorate.spi.transport.TransportProvider;
import io.quorate.transport.link.LinkTransport;

/** The transport {@code http2}. */
public final class HttpTransportProvider implements TransportProvider {
    @Override
    public String name() {
        return "http2";
    }

    @Override
    public int spiMajor() {
        return SPI_MAJOR;
    }

    @Override
    public String description() {
        return "HTTP/2 streams, plain or TLS";
    }

    @Override
    public Transport open(TransportEnv env, TransportHandler handler) {
        return LinkTransport.open(env, handler, new HttpCarrier());
    }
}
