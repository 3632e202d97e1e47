package io.quorate.checks;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A name server with SRV records only (RFC 1035, RFC 2782), on a UDP port of its own. */
final class NameServer implements AutoCloseable {
    private static final int SRV = 33;
    private static final int INTERNET = 1;
    private static final int ANSWER_FLAGS = 0x8580;
    private static final int NO_SUCH_NAME = 3;
    private static final int TTL_SECONDS = 60;

    private final DatagramSocket socket;
    private final Map<String, List<Service>> zone;

    record Service(int priority, int weight, int port, String host) {}

    /**
     * @param zone services by their names, in lower case and without a dot at the end
     */
    NameServer(Map<String, List<Service>> zone) throws IOException {
        this.zone = Map.copyOf(zone);
        this.socket = new DatagramSocket(0, InetAddress.getLoopbackAddress());
        Thread.ofPlatform().daemon().name("name-server").start(this::serve);
    }

    int port() {
        return socket.getLocalPort();
    }

    private void serve() {
        byte[] bytes = new byte[512];
        while (!socket.isClosed()) {
            DatagramPacket packet = new DatagramPacket(bytes, bytes.length);
            try {
                socket.receive(packet);
                byte[] answer = answer(ByteBuffer.wrap(bytes, 0, packet.getLength()));
                socket.send(new DatagramPacket(answer, answer.length, packet.getSocketAddress()));
            } catch (SocketException closed) {
                return;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private byte[] answer(ByteBuffer question) throws IOException {
        short id = question.getShort();
        question.position(12);
        StringBuilder name = new StringBuilder();
        for (int length = question.get(); length > 0; length = question.get()) {
            byte[] label = new byte[length];
            question.get(label);
            name.append(name.isEmpty() ? "" : ".");
            name.append(new String(label, StandardCharsets.US_ASCII).toLowerCase(Locale.ROOT));
        }
        int type = question.getShort();
        List<Service> known = zone.get(name.toString());
        List<Service> services = known == null || type != SRV ? List.of() : known;
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeShort(id);
        out.writeShort(ANSWER_FLAGS | (known == null ? NO_SUCH_NAME : 0));
        for (int count : List.of(1, services.size(), 0, 0)) out.writeShort(count);
        writeName(out, name.toString());
        out.writeShort(type);
        out.writeShort(INTERNET);
        for (Service service : services) {
            ByteArrayOutputStream data = new ByteArrayOutputStream();
            DataOutputStream fields = new DataOutputStream(data);
            fields.writeShort(service.priority);
            fields.writeShort(service.weight);
            fields.writeShort(service.port);
            writeName(fields, service.host);
            writeName(out, name.toString());
            out.writeShort(SRV);
            out.writeShort(INTERNET);
            out.writeInt(TTL_SECONDS);
            out.writeShort(data.size());
            data.writeTo(out);
        }
        return bytes.toByteArray();
    }

    private static void writeName(DataOutputStream out, String name) throws IOException {
        for (String label : name.split("\\.")) {
            out.writeByte(label.length());
            out.writeBytes(label);
        }
        out.writeByte(0);
    }

    @Override
    public void close() {
        socket.close();
    }
}
