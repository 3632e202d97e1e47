package io.quorate.api.grpc;

import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/** Two methods without a stub: a unary echo, and a stream the test drives by hand. */
final class TestService {
    static final String ECHO = "/t.T/Echo";
    static final String STREAM = "/t.T/Stream";

    /** What listeners were told, in order. */
    final List<String> events = new ArrayList<>();

    /** The last stream call that was started. */
    ServerCall<byte[], byte[]> call;

    ServerServiceDefinition definition() {
        return ServerServiceDefinition.builder("t.T")
                .addMethod(
                        method("Echo", MethodDescriptor.MethodType.UNARY),
                        (call, headers) -> echo(call))
                .addMethod(
                        method("Stream", MethodDescriptor.MethodType.BIDI_STREAMING),
                        (call, headers) -> stream(call))
                .build();
    }

    private ServerCall.Listener<byte[]> echo(ServerCall<byte[], byte[]> call) {
        call.request(2);
        return new ServerCall.Listener<>() {
            private byte[] message;

            @Override
            public void onMessage(byte[] m) {
                message = m;
            }

            @Override
            public void onHalfClose() {
                events.add("echo " + message.length);
                SendBatch.run(() -> {
                    call.sendHeaders(new Metadata());
                    call.sendMessage(message);
                    call.close(Status.OK, new Metadata());
                });
            }

            @Override
            public void onComplete() {
                events.add("complete");
            }

            @Override
            public void onCancel() {
                events.add("cancel");
            }
        };
    }

    private ServerCall.Listener<byte[]> stream(ServerCall<byte[], byte[]> started) {
        call = started;
        events.add("start");
        return new ServerCall.Listener<>() {
            @Override
            public void onMessage(byte[] m) {
                events.add("message " + m.length);
            }

            @Override
            public void onHalfClose() {
                events.add("halfClose");
            }

            @Override
            public void onCancel() {
                events.add("cancel");
            }

            @Override
            public void onComplete() {
                events.add("complete");
            }

            @Override
            public void onReady() {
                events.add("ready");
            }
        };
    }

    static MethodDescriptor<byte[], byte[]> method(String name, MethodDescriptor.MethodType type) {
        return MethodDescriptor.<byte[], byte[]>newBuilder()
                .setFullMethodName("t.T/" + name)
                .setType(type)
                .setRequestMarshaller(new Bytes())
                .setResponseMarshaller(new Bytes())
                .build();
    }

    private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
        @Override
        public InputStream stream(byte[] value) {
            return new ByteArrayInputStream(value);
        }

        @Override
        public byte[] parse(InputStream stream) {
            try {
                return stream.readAllBytes();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
