package io.quorate.ctl;

import io.grpc.Attributes;
import io.grpc.Deadline;
import io.grpc.stub.StreamObserver;
import io.quorate.api.grpc.ByteSink;
import io.quorate.api.grpc.ConnectionSettings;
import io.quorate.api.grpc.GrpcServer;
import io.quorate.api.grpc.GrpcServerConnection;
import io.quorate.api.grpc.Traffic;
import io.quorate.api.proto.AlarmRequest;
import io.quorate.api.proto.AlarmResponse;
import io.quorate.api.proto.ClusterGrpc;
import io.quorate.api.proto.DeleteRangeRequest;
import io.quorate.api.proto.DeleteRangeResponse;
import io.quorate.api.proto.KVGrpc;
import io.quorate.api.proto.LeaseGrantRequest;
import io.quorate.api.proto.LeaseGrantResponse;
import io.quorate.api.proto.LeaseGrpc;
import io.quorate.api.proto.MaintenanceGrpc;
import io.quorate.api.proto.Member;
import io.quorate.api.proto.MemberListRequest;
import io.quorate.api.proto.MemberListResponse;
import io.quorate.api.proto.PutRequest;
import io.quorate.api.proto.PutResponse;
import io.quorate.api.proto.RangeRequest;
import io.quorate.api.proto.RangeResponse;
import io.quorate.api.proto.ResponseHeader;
import io.quorate.api.proto.StatusRequest;
import io.quorate.api.proto.StatusResponse;
import io.quorate.api.proto.TxnRequest;
import io.quorate.api.proto.TxnResponse;
import io.quorate.api.proto.mvcc.KeyValue;
import io.quorate.cli.Program;
import io.quorate.cli.Terminal;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;

/**
 * Some commands against a server of canned answers in this process, for the JVM to record the
 * tool's start-up cache from. {@code bin/etcdctl} runs this once in a new place.
 */
public final class Warmup {
    private static final int ROUNDS = 30;

    private Warmup() {}

    /** Runs the commands; fails where one of them does. */
    public static void main(String[] args) throws IOException {
        // What Main does before it runs a command.
        Program.words(args);
        Main.environment();
        try (ServerSocket listener = new ServerSocket(0, 16, InetAddress.getLoopbackAddress())) {
            Thread.ofVirtual().start(() -> serve(listener));
            String endpoint = "127.0.0.1:" + listener.getLocalPort();
            for (int round = 0; round < ROUNDS; round++) {
                run(endpoint, "put", "key", "value");
                run(endpoint, "get", "key");
                run(endpoint, "get", "key", "--prefix", "-w", "json");
                run(endpoint, "get", "key", "-w", "fields");
                run(endpoint, "del", "key");
                run(endpoint, "txn");
                run(endpoint, "lease", "grant", "60");
                run(endpoint, "member", "list", "-w", "table");
                run(endpoint, "endpoint", "status");
                run(endpoint, "endpoint", "health");
            }
            run(endpoint, "help");
            run(endpoint, "put", "--help");
            run(endpoint, "version");
            ClientThreads.awaitEnd();
        }
    }

    private static void run(String endpoint, String... words) {
        InputStream transaction = new ByteArrayInputStream("\nput key value\n\n\n".getBytes());
        Terminal terminal = new Terminal(transaction, OutputStream.nullOutputStream(), System.err);
        Program program = Etcdctl.program(terminal, Map.of("ETCDCTL_ENDPOINTS", endpoint));
        int code = program.run(List.of(words));
        if (code != 0) {
            throw new IllegalStateException(String.join(" ", words) + " ended with " + code);
        }
    }

    private static void serve(ServerSocket listener) {
        ScheduledExecutorService timer =
                Executors.newSingleThreadScheduledExecutor(Thread.ofPlatform().daemon().factory());
        GrpcServer server =
                new GrpcServer(
                        List.of(
                                new Keys().bindService(),
                                new Leases().bindService(),
                                new Members().bindService(),
                                new Maintenance().bindService()),
                        ConnectionSettings.DEFAULTS,
                        Executors.newVirtualThreadPerTaskExecutor(),
                        timer,
                        Deadline.getSystemTicker(),
                        Traffic.NONE);
        try {
            while (true) {
                Socket socket = listener.accept();
                Thread.ofVirtual().start(() -> serve(server, socket));
            }
        } catch (IOException closed) {
            timer.shutdown();
        }
    }

    private static void serve(GrpcServer server, Socket socket) {
        try (socket) {
            OutputStream out = socket.getOutputStream();
            ByteSink sink =
                    new ByteSink() {
                        @Override
                        public void write(byte[] bytes, int offset, int length) throws IOException {
                            out.write(bytes, offset, length);
                        }

                        @Override
                        public void close() {
                            // The client ends the connection.
                        }
                    };
            GrpcServerConnection connection = server.open(sink, Attributes.EMPTY, false);
            byte[] bytes = new byte[1 << 14];
            InputStream in = socket.getInputStream();
            for (int read = in.read(bytes); read >= 0; read = in.read(bytes)) {
                if (!connection.receive(bytes, 0, read)) return;
                connection.readPaused();
            }
            connection.disconnected();
        } catch (IOException clientWentAway) {
            return;
        }
    }

    private static ResponseHeader header() {
        return ResponseHeader.newBuilder()
                .setClusterId(1)
                .setMemberId(1)
                .setRevision(1)
                .setRaftTerm(1)
                .build();
    }

    private static <T> void answer(StreamObserver<T> to, T answer) {
        to.onNext(answer);
        to.onCompleted();
    }

    private static final class Keys extends KVGrpc.KVImplBase {
        @Override
        public void put(PutRequest request, StreamObserver<PutResponse> to) {
            answer(to, PutResponse.newBuilder().setHeader(header()).build());
        }

        @Override
        public void range(RangeRequest request, StreamObserver<RangeResponse> to) {
            KeyValue pair =
                    KeyValue.newBuilder()
                            .setKey(request.getKey())
                            .setValue(request.getKey())
                            .setVersion(1)
                            .build();
            answer(
                    to,
                    RangeResponse.newBuilder()
                            .setHeader(header())
                            .addKvs(pair)
                            .setCount(1)
                            .build());
        }

        @Override
        public void deleteRange(
                DeleteRangeRequest request, StreamObserver<DeleteRangeResponse> to) {
            answer(to, DeleteRangeResponse.newBuilder().setHeader(header()).build());
        }

        @Override
        public void txn(TxnRequest request, StreamObserver<TxnResponse> to) {
            answer(to, TxnResponse.newBuilder().setHeader(header()).build());
        }
    }

    private static final class Leases extends LeaseGrpc.LeaseImplBase {
        @Override
        public void leaseGrant(LeaseGrantRequest request, StreamObserver<LeaseGrantResponse> to) {
            answer(
                    to,
                    LeaseGrantResponse.newBuilder()
                            .setHeader(header())
                            .setID(1)
                            .setTTL(request.getTTL())
                            .build());
        }
    }

    private static final class Members extends ClusterGrpc.ClusterImplBase {
        @Override
        public void memberList(MemberListRequest request, StreamObserver<MemberListResponse> to) {
            answer(
                    to,
                    MemberListResponse.newBuilder()
                            .setHeader(header())
                            .addMembers(Member.newBuilder().setID(1).setName("m1"))
                            .build());
        }
    }

    private static final class Maintenance extends MaintenanceGrpc.MaintenanceImplBase {
        @Override
        public void status(StatusRequest request, StreamObserver<StatusResponse> to) {
            answer(to, StatusResponse.newBuilder().setHeader(header()).setDbSize(1).build());
        }

        @Override
        public void alarm(AlarmRequest request, StreamObserver<AlarmResponse> to) {
            answer(to, AlarmResponse.newBuilder().setHeader(header()).build());
        }
    }
}
