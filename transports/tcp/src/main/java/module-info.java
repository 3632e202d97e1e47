/** Peers over framed sockets, one virtual thread for each direction. */
module io.quorate.transport.tcp {
    requires io.quorate.spi.transport;
    requires io.quorate.transport.link;

    provides io.quorate.spi.transport.TransportProvider with
            io.quorate.transport.tcp.TcpTransportProvider;
}
