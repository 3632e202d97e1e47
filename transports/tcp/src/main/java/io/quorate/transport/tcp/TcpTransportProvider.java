package io.quorate.transport.tcp;

import io.quorate.spi.transport.Transport;
import io.quorate.spi.transport.TransportEnv;
import io.quorate.spi.transport.TransportHandler;
import io.quorate.spi.transport.TransportProvider;

/** The transport {@code tcp}. */
public final class TcpTransportProvider implements TransportProvider {
    @Override
    public String name() {
        return "tcp";
    }

    @Override
    public String description() {
        return "framed sockets on virtual threads, plain or TLS";
    }

    @Override
    public Transport open(TransportEnv env, TransportHandler handler) {
        return TcpTransport.open(env, TcpSettings.of(env.settings()), handler);
    }
}
