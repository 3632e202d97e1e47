package io.quorate.benchmarks;

import com.google.protobuf.ByteString;

import io.quorate.api.proto.KVGrpc;
import io.quorate.api.proto.PutRequest;
import io.quorate.api.proto.RangeRequest;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Random;

/** One kind of call; a range finds what an earlier {@link #PUT} workload has written. */
enum Workload {
    PUT(KVGrpc.getPutMethod().getFullMethodName()) {
        @Override
        byte[] request(Options options, int key) {
            byte[] value = new byte[options.valueBytes()];
            new Random(key).nextBytes(value);
            return PutRequest.newBuilder()
                    .setKey(key(options, key))
                    .setValue(ByteString.copyFrom(value))
                    .build()
                    .toByteArray();
        }
    },
    RANGE(KVGrpc.getRangeMethod().getFullMethodName()) {
        @Override
        byte[] request(Options options, int key) {
            return RangeRequest.newBuilder().setKey(key(options, key)).build().toByteArray();
        }
    },
    SERIALIZABLE(KVGrpc.getRangeMethod().getFullMethodName()) {
        @Override
        byte[] request(Options options, int key) {
            return RangeRequest.newBuilder()
                    .setKey(key(options, key))
                    .setSerializable(true)
                    .build()
                    .toByteArray();
        }
    };

    private final String method;

    Workload(String method) {
        this.method = method;
    }

    /** The full name of the gRPC method. */
    String method() {
        return method;
    }

    /** The encoded request for the key of that number. */
    abstract byte[] request(Options options, int key);

    /** All requests, encoded once, so that the tool spends its time on the calls. */
    byte[][] requests(Options options) {
        byte[][] requests = new byte[options.keys()][];
        for (int key = 0; key < requests.length; key++) requests[key] = request(options, key);
        return requests;
    }

    String title() {
        return name().toLowerCase(Locale.ROOT);
    }

    private static ByteString key(Options options, int key) {
        String digits = String.format(Locale.ROOT, "%0" + options.keyBytes() + "d", key);
        return ByteString.copyFrom(digits, StandardCharsets.US_ASCII);
    }
}
