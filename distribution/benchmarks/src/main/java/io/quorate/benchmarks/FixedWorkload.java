package io.quorate.benchmarks;

import com.google.protobuf.ByteString;

import io.grpc.MethodDescriptor;
import io.quorate.api.proto.PutRequest;
import io.quorate.api.proto.RangeRequest;
import io.quorate.api.proto.RequestOp;
import io.quorate.api.proto.TxnRequest;

import java.util.SplittableRandom;
import java.util.function.IntFunction;

/**
 * Calls that do not depend on answers. All requests are encoded before, so that the tool spends its
 * time on the calls; a client takes them in random order.
 */
final class FixedWorkload implements Workload {
    private static final int PREFIX_KEYS = 1_000;
    private static final int PREFIX_DIGITS = 3;

    private final MethodDescriptor<byte[], byte[]> method;
    private final byte[][] requests;

    private FixedWorkload(
            MethodDescriptor<byte[], byte[]> method, int count, IntFunction<byte[]> request) {
        this.method = method;
        requests = new byte[count][];
        for (int i = 0; i < count; i++) requests[i] = request.apply(i);
    }

    static FixedWorkload put(Setup setup) {
        return new FixedWorkload(
                Calls.PUT, setup.keys(), key -> putRequest(setup, key).toByteArray());
    }

    private static PutRequest putRequest(Setup setup, int key) {
        return PutRequest.newBuilder().setKey(setup.key(key)).setValue(setup.value(key)).build();
    }

    static FixedWorkload range(Setup setup, boolean serializable) {
        return new FixedWorkload(
                Calls.RANGE,
                setup.keys(),
                key ->
                        RangeRequest.newBuilder()
                                .setKey(setup.key(key))
                                .setSerializable(serializable)
                                .build()
                                .toByteArray());
    }

    /**
     * Linearizable reads of the thousand keys that share all digits but the last three; there must
     * be as many.
     */
    static FixedWorkload prefix(Setup setup) {
        return new FixedWorkload(
                Calls.RANGE,
                setup.keys() / PREFIX_KEYS,
                thousand -> {
                    ByteString first = setup.key((long) thousand * PREFIX_KEYS);
                    ByteString prefix = first.substring(0, first.size() - PREFIX_DIGITS);
                    return RangeRequest.newBuilder()
                            .setKey(prefix)
                            .setRangeEnd(Calls.prefixEnd(prefix))
                            .build()
                            .toByteArray();
                });
    }

    /** Half of the transactions read a key, half put it. */
    static FixedWorkload txn(Setup setup) {
        return new FixedWorkload(
                Calls.TXN,
                2 * setup.keys(),
                i -> {
                    RequestOp.Builder operation = RequestOp.newBuilder();
                    int key = i / 2;
                    if (i % 2 == 0) operation.setRequestPut(putRequest(setup, key));
                    else
                        operation.setRequestRange(RangeRequest.newBuilder().setKey(setup.key(key)));
                    return TxnRequest.newBuilder().addSuccess(operation).build().toByteArray();
                });
    }

    @Override
    public Script script(int client) {
        SplittableRandom random = new SplittableRandom(client);
        return new Script() {
            @Override
            public byte[] next() {
                return requests[random.nextInt(requests.length)];
            }

            @Override
            public MethodDescriptor<byte[], byte[]> method() {
                return method;
            }
        };
    }
}
