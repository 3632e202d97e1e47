/**
 * What the transports over sockets share: greeting, queues, pings, snapshots, as frames on a stream
 * of bytes.
 */
module io.quorate.transport.link {
    requires transitive io.quorate.spi.transport;

    exports io.quorate.transport.link;
}
