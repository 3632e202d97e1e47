package io.quorate.engine.node;

import com.google.protobuf.InvalidProtocolBufferException;

import io.quorate.engine.state.Caller;
import io.quorate.engine.state.Command;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/** A put as an entry of the log: encoded once by the proposer, decoded once by each member. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class CommandCodecBenchmark {
    private final Command put =
            new Command.Put(
                    "0000000000000042".getBytes(StandardCharsets.US_ASCII),
                    new byte[256],
                    0,
                    false,
                    false,
                    false);
    private final byte[] encoded = CommandCodec.encode(7, put, Caller.NOBODY);

    @Benchmark
    public byte[] encode() {
        return CommandCodec.encode(7, put, Caller.NOBODY);
    }

    @Benchmark
    public Command decode() throws InvalidProtocolBufferException {
        return CommandCodec.decode(encoded).command();
    }
}
