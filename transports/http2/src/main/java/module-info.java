/** Peers over HTTP/2, on the connection core that also serves clients. */
module io.quorate.transport.http {
    requires io.quorate.api.grpc;
    requires io.quorate.spi.transport;
    requires io.quorate.transport.link;

    provides io.quorate.spi.transport.TransportProvider with
            io.quorate.transport.http.HttpTransportProvider;
}
