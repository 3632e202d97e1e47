package io.quorate.transport.link;

import io.quorate.spi.transport.Peer;

import java.io.DataInputStream;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;

/**
 * How a member introduces itself on a connection that it makes.
 *
 * @param clusterId of the sender
 * @param from the sender
 * @param to whom the sender means to talk to
 * @param version release of the sender
 * @param lane what the connection is for
 */
record Hello(long clusterId, Peer from, long to, String version, Lane lane) {
    /** What a connection carries. The order is the number on the wire. */
    enum Lane {
        MESSAGES,
        SNAPSHOT
    }

    byte[] encode() {
        return Wire.bytes(out -> {
            out.writeLong(clusterId);
            out.writeLong(from.memberId());
            out.writeLong(to);
            out.writeUTF(version);
            out.writeByte(lane.ordinal());
            out.writeByte(from.urls().size());
            for (URI url : from.urls()) out.writeUTF(url.toString());
        });
    }

    static Hello decode(byte[] payload) throws IOException {
        try (DataInputStream in = Wire.fields(payload)) {
            long cluster = in.readLong();
            long from = in.readLong();
            long to = in.readLong();
            String version = in.readUTF();
            Lane lane = Lane.values()[in.readUnsignedByte()];
            List<URI> urls = new ArrayList<>();
            for (int count = in.readUnsignedByte(); count > 0; count--) {
                urls.add(URI.create(in.readUTF()));
            }
            return new Hello(cluster, new Peer(from, urls), to, version, lane);
        } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException e) {
            throw new IOException("a greeting that makes no sense", e);
        }
    }
}
