package io.quorate.microbenchmarks;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;

import io.quorate.api.proto.PutRequest;
import io.quorate.api.proto.RangeResponse;
import io.quorate.api.proto.ResponseHeader;
import io.quorate.api.proto.mvcc.KeyValue;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

import java.util.concurrent.TimeUnit;

/** The messages of the commonest calls: a put comes in, the answer to a range of one key leaves. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class ProtoBenchmark {
    private final ByteString key = ByteString.copyFromUtf8("0000000000000042");
    private final ByteString value = ByteString.copyFrom(new byte[256]);
    private final byte[] put =
            PutRequest.newBuilder().setKey(key).setValue(value).build().toByteArray();

    @Benchmark
    public PutRequest putDecoded() throws InvalidProtocolBufferException {
        return PutRequest.parseFrom(put);
    }

    @Benchmark
    public byte[] rangeAnswerEncoded() {
        return RangeResponse.newBuilder()
                .setHeader(
                        ResponseHeader.newBuilder()
                                .setClusterId(0x1234567812345678L)
                                .setMemberId(0x7654321076543210L)
                                .setRevision(1_000_000)
                                .setRaftTerm(3))
                .addKvs(
                        KeyValue.newBuilder()
                                .setKey(key)
                                .setValue(value)
                                .setCreateRevision(999_000)
                                .setModRevision(999_999)
                                .setVersion(12))
                .setCount(1)
                .build()
                .toByteArray();
    }
}
