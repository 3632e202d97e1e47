package io.quorate.transport.link;

import io.quorate.spi.transport.Refusal;

import java.io.DataInputStream;
import java.io.IOException;

/** A handshake that ended with a no, from either side. */
final class Refused extends IOException {
    private static final long serialVersionUID = 1;

    private final Refusal reason;

    Refused(Refusal reason, String explanation) {
        super(explanation);
        this.reason = reason;
    }

    Refusal reason() {
        return reason;
    }

    byte[] encode() {
        return Wire.bytes(out -> {
            out.writeUTF(reason.name());
            out.writeUTF(getMessage());
        });
    }

    static Refused decode(byte[] payload) throws IOException {
        try (DataInputStream in = Wire.fields(payload)) {
            return new Refused(Refusal.valueOf(in.readUTF()), in.readUTF());
        } catch (IllegalArgumentException e) {
            throw new IOException("refused for a reason that this release does not know", e);
        }
    }
}
