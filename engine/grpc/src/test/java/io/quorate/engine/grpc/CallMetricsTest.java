package io.quorate.engine.grpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.quorate.api.proto.WatchGrpc;
import io.quorate.api.proto.WatchRequest;
import io.quorate.api.proto.WatchResponse;
import io.quorate.engine.metrics.MetricRegistry;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.util.List;

/** Streams that break, which a client cannot make happen at will. */
@Tag("ME-28")
final class CallMetricsTest {
    private static final String FAILURES =
            "etcd_network_server_stream_failures_total{API=\"watch\",Type=\"%s\"} ";

    private final MetricRegistry registry = new MetricRegistry();
    private final ServerServiceDefinition watch = new WatchGrpc.WatchImplBase() {}.bindService();
    private final CallMetrics metrics =
            new CallMetrics(List.of(watch), false, registry, System::nanoTime);

    @Test
    void aStreamThatBreaksIsCountedAndOneThatIsGivenUpIsNot() throws IOException {
        cancelled(Status.CANCELLED);
        assertEquals(List.of(), failures());
        cancelled(Status.UNAVAILABLE);
        cancelled(Status.INTERNAL);
        assertEquals(List.of(FAILURES.formatted("receive") + 2), failures());
    }

    @Test
    void anAnswerThatCannotBeSentIsCounted() throws IOException {
        var unused =
                metrics.interceptCall(
                        new Broken(),
                        new Metadata(),
                        (call, headers) -> {
                            assertThrows(
                                    IllegalStateException.class,
                                    () -> call.sendMessage(WatchResponse.getDefaultInstance()));
                            return new ServerCall.Listener<>() {};
                        });
        assertEquals(List.of(FAILURES.formatted("send") + 1), failures());
    }

    private void cancelled(Status why) {
        ServerCall.Listener<WatchRequest> listener =
                metrics.interceptCall(
                        new Broken(),
                        new Metadata(),
                        (call, headers) -> new ServerCall.Listener<>() {});
        Context.CancellableContext context = Context.current().withCancellation();
        context.cancel(why.asRuntimeException());
        context.run(listener::onCancel);
    }

    private List<String> failures() throws IOException {
        StringBuilder page = new StringBuilder();
        registry.text(page);
        return page.toString()
                .lines()
                .filter(line -> line.startsWith("etcd_network_server_stream_failures_total{"))
                .toList();
    }

    /** A call over a connection that takes nothing more. */
    private static final class Broken extends ServerCall<WatchRequest, WatchResponse> {
        @Override
        public void request(int messages) {}

        @Override
        public void sendHeaders(Metadata headers) {}

        @Override
        public void sendMessage(WatchResponse message) {
            throw new IllegalStateException("the connection is gone");
        }

        @Override
        public void close(Status status, Metadata trailers) {}

        @Override
        public boolean isCancelled() {
            return false;
        }

        @Override
        public MethodDescriptor<WatchRequest, WatchResponse> getMethodDescriptor() {
            return WatchGrpc.getWatchMethod();
        }
    }
}
