package io.quorate.checks;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.grpc.Server;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.quorate.api.proto.KVGrpc;
import io.quorate.api.proto.PutRequest;
import io.quorate.api.proto.PutResponse;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * What both tools print of reasons that a server may give, those of other releases among them: a
 * server of the test gives each of them.
 */
@Timeout(300)
final class ErrorTextTest {
    /** Known to etcd's client, sent but not known to it, of other servers, and none at all. */
    private static final List<Status> REASONS =
            List.of(
                    Status.INVALID_ARGUMENT.withDescription("etcdserver: key is not provided"),
                    Status.OUT_OF_RANGE.withDescription(
                            "etcdserver: mvcc: required revision has been compacted"),
                    Status.UNKNOWN.withDescription("etcdserver: too many requests"),
                    // The text decides, whatever the code.
                    Status.ABORTED.withDescription("etcdserver: permission denied"),
                    Status.INVALID_ARGUMENT.withDescription(
                            "etcdserver: invalid client api version"),
                    Status.CANCELLED.withDescription("etcdserver: watch canceled"),
                    Status.CANCELLED.withDescription("etcdserver: request canceled"),
                    Status.FAILED_PRECONDITION.withDescription("etcdserver: permission not given"),
                    Status.FAILED_PRECONDITION.withDescription("etcdserver: of a later release"),
                    Status.UNKNOWN.withDescription("auth: whatever"),
                    Status.PERMISSION_DENIED.withDescription("go away"),
                    Status.DATA_LOSS);

    @Test
    @Tag("ER-67")
    @Tag("CT-06")
    void aReasonIsKnownByItsTextOrPrintedWithItsCode() throws Exception {
        Server server =
                NettyServerBuilder.forAddress(
                                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                        .addService(new Refuser())
                        .build()
                        .start();
        try {
            String endpoint = "--endpoints=127.0.0.1:" + server.getPort();
            assertAll(
                    REASONS.stream()
                            .map(reason ->
                                    () ->
                                            assertEquals(
                                                    put(Binaries.etcdctl37(), endpoint, reason),
                                                    put(Binaries.ownEtcdctl(), endpoint, reason),
                                                    reason::toString)));
        } finally {
            server.shutdownNow();
        }
    }

    /** The tool's last line; before it stand log lines of retries. */
    private static String put(Path tool, String endpoint, Status reason) {
        String which = Integer.toString(REASONS.indexOf(reason));
        Exec.Outcome outcome =
                Exec.run(List.of(tool.toString(), endpoint, "put", which, "x"), Map.of(), "");
        List<String> lines = outcome.err().lines().toList();
        return outcome.exit() + " " + (lines.isEmpty() ? "" : lines.getLast());
    }

    /** Answers the key N with the N-th reason. */
    private static final class Refuser extends KVGrpc.KVImplBase {
        @Override
        public void put(PutRequest request, StreamObserver<PutResponse> answer) {
            int which = Integer.parseInt(request.getKey().toStringUtf8());
            answer.onError(REASONS.get(which).asRuntimeException());
        }
    }
}
