package io.quorate.benchmarks;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.MethodDescriptor;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import io.quorate.api.proto.ClusterGrpc;
import io.quorate.api.proto.KVGrpc;
import io.quorate.api.proto.MaintenanceGrpc;
import io.quorate.api.proto.PutRequest;
import io.quorate.api.proto.RangeRequest;
import io.quorate.api.proto.RangeResponse;
import io.quorate.api.proto.StatusRequest;
import io.quorate.api.proto.StatusResponse;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Methods on encoded messages, and single calls that are not measured. */
final class Calls {
    static final MethodDescriptor<byte[], byte[]> PUT =
            Connections.unary(KVGrpc.getPutMethod().getFullMethodName());
    static final MethodDescriptor<byte[], byte[]> RANGE =
            Connections.unary(KVGrpc.getRangeMethod().getFullMethodName());
    static final MethodDescriptor<byte[], byte[]> DELETE =
            Connections.unary(KVGrpc.getDeleteRangeMethod().getFullMethodName());
    static final MethodDescriptor<byte[], byte[]> TXN =
            Connections.unary(KVGrpc.getTxnMethod().getFullMethodName());
    static final MethodDescriptor<byte[], byte[]> COMPACT =
            Connections.unary(KVGrpc.getCompactMethod().getFullMethodName());
    static final MethodDescriptor<byte[], byte[]> DEFRAGMENT =
            Connections.unary(MaintenanceGrpc.getDefragmentMethod().getFullMethodName());
    static final MethodDescriptor<byte[], byte[]> STATUS =
            Connections.unary(MaintenanceGrpc.getStatusMethod().getFullMethodName());
    static final MethodDescriptor<byte[], byte[]> HASH_KV =
            Connections.unary(MaintenanceGrpc.getHashKVMethod().getFullMethodName());
    static final MethodDescriptor<byte[], byte[]> MEMBER_ADD =
            Connections.unary(ClusterGrpc.getMemberAddMethod().getFullMethodName());

    private static final int SECONDS_MAX = 60;
    private static final int FILLERS = 256;

    private Calls() {}

    /** The answer to one call; blocks. */
    static byte[] call(Channel channel, MethodDescriptor<byte[], byte[]> method, byte[] request) {
        return ClientCalls.blockingUnaryCall(
                channel,
                method,
                CallOptions.DEFAULT.withDeadlineAfter(SECONDS_MAX, TimeUnit.SECONDS),
                request);
    }

    /** Sends a call without a deadline; its answer completes the future, in the reader. */
    static CompletableFuture<byte[]> send(
            Channel channel, MethodDescriptor<byte[], byte[]> method, byte[] request) {
        CompletableFuture<byte[]> answer = new CompletableFuture<>();
        ClientCalls.asyncUnaryCall(
                channel.newCall(method, Connections.IN_READER),
                request,
                new StreamObserver<>() {
                    @Override
                    public void onNext(byte[] message) {
                        answer.complete(message);
                    }

                    @Override
                    public void onError(Throwable cause) {
                        answer.completeExceptionally(cause);
                    }

                    @Override
                    public void onCompleted() {}
                });
        return answer;
    }

    static StatusResponse status(Channel channel) {
        try {
            return StatusResponse.parseFrom(
                    call(channel, STATUS, StatusRequest.getDefaultInstance().toByteArray()));
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The store's revision, as a linearizable or a local read has it. */
    static long revision(Channel channel, boolean serializable) {
        byte[] request =
                RangeRequest.newBuilder()
                        .setKey(ByteString.copyFromUtf8("0"))
                        .setCountOnly(true)
                        .setSerializable(serializable)
                        .build()
                        .toByteArray();
        try {
            return RangeResponse.parseFrom(call(channel, RANGE, request)).getHeader().getRevision();
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Puts the keys with the numbers 0 to {@code count - 1}, modulo the setup's keys. */
    static void fill(Connections connections, Setup setup, long count) {
        new Loop(
                        connections,
                        PUT,
                        count,
                        (int) Math.min(count, FILLERS),
                        i ->
                                PutRequest.newBuilder()
                                        .setKey(setup.key(i % setup.keys()))
                                        .setValue(setup.value(i))
                                        .build()
                                        .toByteArray())
                .run();
    }

    /** The end of the range of all keys that start so; no key may consist of 0xff only. */
    static ByteString prefixEnd(ByteString prefix) {
        byte[] end = prefix.toByteArray();
        end[end.length - 1]++;
        return ByteString.copyFrom(end);
    }
}
