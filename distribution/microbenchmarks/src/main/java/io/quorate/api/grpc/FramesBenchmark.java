package io.quorate.api.grpc;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

import java.io.ByteArrayOutputStream;
import java.util.concurrent.TimeUnit;

/** Frames and header blocks of small calls, as they come in one read; time of one call. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class FramesBenchmark {
    private static final int CALLS = 32;
    private static final int MESSAGE = 300;
    private static final int TABLE = 4_096;
    private static final int LIST_MAX = 8_192;

    private final byte[] block = request();
    private final byte[] bytes = calls(block);
    private final HpackDecoder decoder = new HpackDecoder(TABLE, LIST_MAX);
    private final FrameReader reader = new FrameReader(new byte[0], this::taken);
    private long payload;

    private boolean taken(int type, int flags, int stream, byte[] from, int offset, int length) {
        payload += length;
        return true;
    }

    private static byte[] request() {
        return new HeaderBlock()
                .post(false, "127.0.0.1:2379", "/etcdserverpb.KV/Put")
                .add("te", "trailers")
                .add("content-type", "application/grpc")
                .add("user-agent", "grpc-java")
                .build();
    }

    private static byte[] calls(byte[] block) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int i = 0; i < CALLS; i++) {
            int stream = 2 * i + 1;
            append(out, block, Frames.HEADERS, Frames.FLAG_END_HEADERS, stream);
            append(out, new byte[MESSAGE], Frames.DATA, Frames.FLAG_END_STREAM, stream);
        }
        return out.toByteArray();
    }

    private static void append(
            ByteArrayOutputStream out, byte[] payload, int type, int flags, int stream) {
        byte[] header = new byte[Frames.HEADER_BYTES];
        Frames.putHeader(header, 0, payload.length, type, flags, stream);
        out.writeBytes(header);
        out.writeBytes(payload);
    }

    @Benchmark
    @OperationsPerInvocation(CALLS)
    public long framesCutFromBytes() throws ConnectionException {
        reader.receive(bytes, 0, bytes.length);
        return payload;
    }

    @Benchmark
    public Object headersDecoded() throws ConnectionException {
        return decoder.decode(block, 0, block.length);
    }

    @Benchmark
    public byte[] headersBuilt() {
        return request();
    }
}
