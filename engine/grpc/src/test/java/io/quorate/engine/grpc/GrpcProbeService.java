package io.quorate.engine.grpc;

import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** A service whose requests say what the handler shall do; messages are plain bytes. */
final class GrpcProbeService {
    static final Metadata.Key<String> ECHO =
            Metadata.Key.of("echo", Metadata.ASCII_STRING_MARSHALLER);
    static final Metadata.Key<byte[]> ECHO_BIN =
            Metadata.Key.of("echo-bin", Metadata.BINARY_BYTE_MARSHALLER);
    static final Metadata.Key<String> REJECT =
            Metadata.Key.of("reject", Metadata.ASCII_STRING_MARSHALLER);

    static final MethodDescriptor<byte[], byte[]> DO =
            method("Do", MethodDescriptor.MethodType.UNARY);
    static final MethodDescriptor<byte[], byte[]> LENGTH =
            method("Length", MethodDescriptor.MethodType.UNARY);
    static final MethodDescriptor<byte[], byte[]> STREAM =
            method("Stream", MethodDescriptor.MethodType.SERVER_STREAMING);
    static final MethodDescriptor<byte[], byte[]> COLLECT =
            method("Collect", MethodDescriptor.MethodType.CLIENT_STREAMING);
    static final MethodDescriptor<byte[], byte[]> ECHO_ALL =
            method("EchoAll", MethodDescriptor.MethodType.BIDI_STREAMING);
    static final MethodDescriptor<byte[], byte[]> ONE_BY_ONE =
            method("OneByOne", MethodDescriptor.MethodType.CLIENT_STREAMING);

    private static final Context.Key<String> ECHO_VALUE = Context.key("echo");

    /** Filled by handlers: a word for every cancel, deadline and other event a probe waits for. */
    final BlockingQueue<String> events = new LinkedBlockingQueue<>();

    /** Handlers of "gate" wait here. */
    final Semaphore gate = new Semaphore(0);

    /** Counts handlers of "gate" that have come in. */
    final Semaphore arrived = new Semaphore(0);

    /** One permit lets ONE_BY_ONE take one message. */
    final Semaphore take = new Semaphore(0);

    static MethodDescriptor<byte[], byte[]> method(String name, MethodDescriptor.MethodType type) {
        return MethodDescriptor.<byte[], byte[]>newBuilder()
                .setFullMethodName("probe.Probe/" + name)
                .setType(type)
                .setRequestMarshaller(new Bytes())
                .setResponseMarshaller(new Bytes())
                .build();
    }

    ServerServiceDefinition definition() {
        ServerServiceDefinition service =
                ServerServiceDefinition.builder("probe.Probe")
                        .addMethod(DO, ServerCalls.asyncUnaryCall(this::perform))
                        .addMethod(LENGTH, ServerCalls.asyncUnaryCall(this::length))
                        .addMethod(STREAM, ServerCalls.asyncServerStreamingCall(this::stream))
                        .addMethod(COLLECT, ServerCalls.asyncClientStreamingCall(this::collect))
                        .addMethod(ECHO_ALL, ServerCalls.asyncBidiStreamingCall(this::echoAll))
                        .addMethod(ONE_BY_ONE, ServerCalls.asyncClientStreamingCall(this::oneByOne))
                        .build();
        return ServerInterceptors.intercept(service, new EchoMetadata());
    }

    static String text(byte[] message) {
        return new String(message, StandardCharsets.UTF_8);
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static byte[] random(int size) {
        byte[] data = new byte[size];
        new Random(size).nextBytes(data);
        return data;
    }

    private void perform(byte[] request, StreamObserver<byte[]> answer) {
        String[] command = text(request).split(":", 3);
        switch (command[0]) {
            case "status" ->
                    answer.onError(
                            Status.fromCodeValue(Integer.parseInt(command[1]))
                                    .withDescription(command[2])
                                    .asRuntimeException());
            case "trailers" -> {
                Metadata trailers = new Metadata();
                trailers.put(ECHO, "in trailers");
                trailers.put(ECHO_BIN, new byte[] {0, (byte) 200, 7});
                answer.onError(Status.ABORTED.withDescription("why").asRuntimeException(trailers));
            }
            case "boom" -> throw new IllegalStateException("a broken handler, on purpose");
            case "big" -> reply(answer, random(Integer.parseInt(command[1])));
            case "gzip" -> {
                ((ServerCallStreamObserver<byte[]>) answer).setCompression("gzip");
                reply(answer, random(Integer.parseInt(command[1])));
            }
            case "gate" -> {
                arrived.release();
                gate.acquireUninterruptibly();
                reply(answer, bytes("through"));
            }
            case "hang" -> hang();
            case "deadline" -> {
                var deadline = Context.current().getDeadline();
                reply(
                        answer,
                        bytes(
                                deadline == null
                                        ? "none"
                                        : "" + deadline.timeRemaining(TimeUnit.MILLISECONDS)));
            }
            case "context" -> reply(answer, bytes(String.valueOf(ECHO_VALUE.get())));
            default -> reply(answer, request);
        }
    }

    /** Waits for its Context to be cancelled, and answers nothing. */
    private void hang() {
        CountDownLatch over = new CountDownLatch(1);
        Context.current().addListener(c -> over.countDown(), Runnable::run);
        events.add("hanging");
        try {
            if (!over.await(60, TimeUnit.SECONDS)) {
                throw new IllegalStateException("never cancelled");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        events.add("cancelled");
    }

    private void length(byte[] request, StreamObserver<byte[]> answer) {
        reply(answer, bytes("" + request.length));
    }

    private static void reply(StreamObserver<byte[]> answer, byte[] message) {
        answer.onNext(message);
        answer.onCompleted();
    }

    /** "N:SIZE": sends N messages as fast as isReady allows, then completes. */
    private void stream(byte[] request, StreamObserver<byte[]> answer) {
        String[] numbers = text(request).split(":");
        int count = Integer.parseInt(numbers[0]);
        byte[] message = random(Integer.parseInt(numbers[1]));
        var out = (ServerCallStreamObserver<byte[]>) answer;
        out.setOnCancelHandler(() -> events.add("cancelled"));
        int[] sent = {0};
        out.setOnReadyHandler(() -> {
            while (out.isReady() && sent[0] < count) {
                out.onNext(message);
                sent[0]++;
            }
            if (sent[0] == count) {
                sent[0]++;
                out.onCompleted();
                events.add("sent");
            } else if (sent[0] < count) {
                events.add("full:" + sent[0]);
            }
        });
    }

    private StreamObserver<byte[]> collect(StreamObserver<byte[]> answer) {
        return new StreamObserver<>() {
            private long total;

            @Override
            public void onNext(byte[] message) {
                total += message.length;
            }

            @Override
            public void onError(Throwable t) {
                events.add("cancelled");
            }

            @Override
            public void onCompleted() {
                reply(answer, bytes("" + total));
            }
        };
    }

    private StreamObserver<byte[]> echoAll(StreamObserver<byte[]> answer) {
        ((ServerCallStreamObserver<byte[]>) answer)
                .setOnCancelHandler(() -> events.add("cancelled"));
        return new StreamObserver<>() {
            @Override
            public void onNext(byte[] message) {
                answer.onNext(message);
            }

            @Override
            public void onError(Throwable t) {}

            @Override
            public void onCompleted() {
                answer.onCompleted();
            }
        };
    }

    /** Takes a message only when the probe gives a permit. */
    private StreamObserver<byte[]> oneByOne(StreamObserver<byte[]> answer) {
        var out = (ServerCallStreamObserver<byte[]>) answer;
        out.disableAutoRequest();
        Thread.startVirtualThread(() -> {
            while (!out.isCancelled()) {
                take.acquireUninterruptibly();
                out.request(1);
            }
        });
        return new StreamObserver<>() {
            private int count;

            @Override
            public void onNext(byte[] message) {
                count++;
                events.add("took:" + count);
            }

            @Override
            public void onError(Throwable t) {
                events.add("cancelled");
            }

            @Override
            public void onCompleted() {
                reply(answer, bytes("" + count));
            }
        };
    }

    /**
     * Echoes metadata into the response headers and the Context; rejects before the request is in.
     */
    private static final class EchoMetadata implements ServerInterceptor {
        @Override
        public <Q, S> ServerCall.Listener<Q> interceptCall(
                ServerCall<Q, S> call, Metadata headers, ServerCallHandler<Q, S> next) {
            if (headers.containsKey(REJECT)) {
                call.close(Status.UNAUTHENTICATED.withDescription("rejected"), new Metadata());
                return new ServerCall.Listener<>() {};
            }
            if (!headers.containsKey(ECHO)) {
                return next.startCall(call, headers);
            }
            var echoing =
                    new io.grpc.ForwardingServerCall.SimpleForwardingServerCall<Q, S>(call) {
                        @Override
                        public void sendHeaders(Metadata response) {
                            response.put(ECHO, headers.get(ECHO));
                            if (headers.containsKey(ECHO_BIN)) {
                                response.put(ECHO_BIN, headers.get(ECHO_BIN));
                            }
                            super.sendHeaders(response);
                        }
                    };
            Context context = Context.current().withValue(ECHO_VALUE, headers.get(ECHO));
            return io.grpc.Contexts.interceptCall(context, echoing, headers, next);
        }
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
            } catch (StatusRuntimeException e) {
                throw e;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
