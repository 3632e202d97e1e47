package io.quorate.api.client;

import com.google.protobuf.ByteString;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.quorate.api.proto.AuthGrpc;
import io.quorate.api.proto.AuthenticateRequest;
import io.quorate.api.proto.AuthenticateResponse;
import io.quorate.api.proto.KVGrpc;
import io.quorate.api.proto.LeaseGrantRequest;
import io.quorate.api.proto.LeaseGrantResponse;
import io.quorate.api.proto.LeaseGrpc;
import io.quorate.api.proto.LeaseKeepAliveRequest;
import io.quorate.api.proto.LeaseKeepAliveResponse;
import io.quorate.api.proto.PutRequest;
import io.quorate.api.proto.PutResponse;
import io.quorate.api.proto.RangeRequest;
import io.quorate.api.proto.RangeResponse;
import io.quorate.api.proto.ResponseHeader;
import io.quorate.api.proto.WatchCreateRequest;
import io.quorate.api.proto.WatchGrpc;
import io.quorate.api.proto.WatchRequest;
import io.quorate.api.proto.WatchResponse;
import io.quorate.api.proto.mvcc.Event;
import io.quorate.api.proto.mvcc.KeyValue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

/**
 * As much of a cluster as a client's tests need, on grpc-java's server: members that share one
 * history, and that can be told to misbehave.
 */
final class FakeCluster implements AutoCloseable {
    static final Metadata.Key<String> TOKEN =
            Metadata.Key.of("token", Metadata.ASCII_STRING_MARSHALLER);

    /** Revision {@code i + 1} made these events; revision 1 is the empty store. */
    private final List<List<Event>> history = new ArrayList<>(List.of(List.of()));

    private final List<FakeWatch> watches = new ArrayList<>();
    private long compacted;

    /** Seconds that a renewed lease is said to have. */
    volatile long ttl = 2;

    final Map<Long, AtomicInteger> renewals = new HashMap<>();
    final AtomicReference<Optional<String>> demandedToken = new AtomicReference<>(Optional.empty());
    final AtomicInteger logins = new AtomicInteger();
    final List<Metadata> metadata = new ArrayList<>();
    private final List<Server> servers = new ArrayList<>();

    /** A member of its own port. */
    final class FakeMember {
        final AtomicInteger puts = new AtomicInteger();
        final AtomicInteger ranges = new AtomicInteger();

        /** What happens to a put instead of being done. */
        volatile Optional<Consumer<StreamObserver<PutResponse>>> putFault = Optional.empty();

        volatile Optional<Status> rangeFault = Optional.empty();
        private final Server server;

        FakeMember(NettyServerBuilder builder) throws IOException {
            server =
                    builder.executor(Executors.newVirtualThreadPerTaskExecutor())
                            .addService(new Kv(this))
                            .addService(new Watches())
                            .addService(new Leases())
                            .addService(new Logins())
                            .intercept(new Seen())
                            .build()
                            .start();
            servers.add(server);
        }

        int port() {
            return server.getPort();
        }

        String endpoint() {
            return "http://127.0.0.1:" + port();
        }
    }

    static NettyServerBuilder anyPort() {
        return NettyServerBuilder.forAddress(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    }

    FakeMember start() throws IOException {
        return new FakeMember(anyPort());
    }

    // ---- the history

    synchronized long revision() {
        return history.size();
    }

    /** Makes one revision that puts all these keys, and tells the watches. */
    synchronized long put(String value, String... keys) {
        List<Event> events = new ArrayList<>();
        long revision = history.size() + 1L;
        for (String key : keys) {
            events.add(
                    Event.newBuilder()
                            .setKv(
                                    KeyValue.newBuilder()
                                            .setKey(Keys.of(key))
                                            .setValue(Keys.of(value))
                                            .setModRevision(revision))
                            .build());
        }
        history.add(events);
        watches.removeIf(watch -> !watch.send(revision, events));
        return revision;
    }

    synchronized void compact(long revision) {
        compacted = revision;
    }

    synchronized int openWatches() {
        return watches.size();
    }

    private synchronized Optional<KeyValue> latest(ByteString key) {
        for (List<Event> events : history.reversed()) {
            for (Event event : events) {
                if (event.getKv().getKey().equals(key)) {
                    return Optional.of(event.getKv());
                }
            }
        }
        return Optional.empty();
    }

    private ResponseHeader header() {
        return ResponseHeader.newBuilder().setRevision(revision()).build();
    }

    private synchronized void watch(
            WatchCreateRequest request, ServerCallStreamObserver<WatchResponse> out) {
        long from = request.getStartRevision() == 0 ? revision() + 1 : request.getStartRevision();
        out.onNext(WatchResponse.newBuilder().setHeader(header()).setCreated(true).build());
        if (from < compacted) {
            out.onNext(
                    WatchResponse.newBuilder()
                            .setCanceled(true)
                            .setCompactRevision(compacted)
                            .build());
            return;
        }
        FakeWatch watch = new FakeWatch(request, out);
        for (long revision = from; revision <= history.size(); revision++) {
            watch.send(revision, history.get((int) revision - 1));
        }
        watches.add(watch);
    }

    private final class FakeWatch {
        private final WatchCreateRequest request;
        private final ServerCallStreamObserver<WatchResponse> out;

        FakeWatch(WatchCreateRequest request, ServerCallStreamObserver<WatchResponse> out) {
            this.request = request;
            this.out = out;
        }

        boolean send(long revision, List<Event> events) {
            if (out.isCancelled()) {
                return false;
            }
            if (revision < request.getStartRevision() || events.isEmpty()) {
                return true;
            }
            if (!request.getFragment()) {
                out.onNext(
                        WatchResponse.newBuilder()
                                .setHeader(header())
                                .addAllEvents(events)
                                .build());
                return true;
            }
            for (int i = 0; i < events.size(); i++) {
                out.onNext(
                        WatchResponse.newBuilder()
                                .setHeader(header())
                                .addEvents(events.get(i))
                                .setFragment(i < events.size() - 1)
                                .build());
            }
            return true;
        }
    }

    // ---- the services

    private final class Kv extends KVGrpc.KVImplBase {
        private final FakeMember member;

        Kv(FakeMember member) {
            this.member = member;
        }

        @Override
        public void put(PutRequest request, StreamObserver<PutResponse> out) {
            member.puts.incrementAndGet();
            var fault = member.putFault;
            if (fault.isPresent()) {
                fault.get().accept(out);
                return;
            }
            FakeCluster.this.put(
                    request.getValue().toStringUtf8(), request.getKey().toStringUtf8());
            out.onNext(PutResponse.newBuilder().setHeader(header()).build());
            out.onCompleted();
        }

        @Override
        public void range(RangeRequest request, StreamObserver<RangeResponse> out) {
            member.ranges.incrementAndGet();
            var fault = member.rangeFault;
            if (fault.isPresent()) {
                out.onError(fault.get().asRuntimeException());
                return;
            }
            RangeResponse.Builder response = RangeResponse.newBuilder().setHeader(header());
            latest(request.getKey()).ifPresent(response::addKvs);
            out.onNext(response.setCount(response.getKvsCount()).build());
            out.onCompleted();
        }
    }

    private final class Watches extends WatchGrpc.WatchImplBase {
        @Override
        public StreamObserver<WatchRequest> watch(StreamObserver<WatchResponse> out) {
            var call = (ServerCallStreamObserver<WatchResponse>) out;
            // Without it grpc-java throws when the client is gone.
            call.setOnCancelHandler(() -> {});
            return new Ignorant<>() {
                @Override
                public void onNext(WatchRequest request) {
                    if (request.hasCreateRequest()) {
                        FakeCluster.this.watch(request.getCreateRequest(), call);
                    } else if (request.hasProgressRequest()) {
                        synchronized (FakeCluster.this) {
                            call.onNext(
                                    WatchResponse.newBuilder()
                                            .setWatchId(-1)
                                            .setHeader(header())
                                            .build());
                        }
                    }
                }
            };
        }
    }

    private final class Leases extends LeaseGrpc.LeaseImplBase {
        @Override
        public void leaseGrant(LeaseGrantRequest request, StreamObserver<LeaseGrantResponse> out) {
            synchronized (renewals) {
                long id = renewals.size() + 100L;
                renewals.put(id, new AtomicInteger());
                out.onNext(
                        LeaseGrantResponse.newBuilder().setID(id).setTTL(request.getTTL()).build());
            }
            out.onCompleted();
        }

        @Override
        public StreamObserver<LeaseKeepAliveRequest> leaseKeepAlive(
                StreamObserver<LeaseKeepAliveResponse> out) {
            ((ServerCallStreamObserver<LeaseKeepAliveResponse>) out).setOnCancelHandler(() -> {});
            return new Ignorant<>() {
                @Override
                public void onNext(LeaseKeepAliveRequest request) {
                    AtomicInteger count;
                    synchronized (renewals) {
                        count = renewals.get(request.getID());
                    }
                    if (count != null) {
                        count.incrementAndGet();
                    }
                    out.onNext(
                            LeaseKeepAliveResponse.newBuilder()
                                    .setID(request.getID())
                                    .setTTL(count == null ? 0 : ttl)
                                    .build());
                }
            };
        }
    }

    private final class Logins extends AuthGrpc.AuthImplBase {
        @Override
        public void authenticate(
                AuthenticateRequest request, StreamObserver<AuthenticateResponse> out) {
            int n = logins.incrementAndGet();
            if (demandedToken.get().isEmpty()) {
                out.onError(
                        Status.FAILED_PRECONDITION
                                .withDescription("etcdserver: authentication is not enabled")
                                .asRuntimeException());
                return;
            }
            if (!request.getPassword().equals("secret")) {
                out.onError(
                        Status.INVALID_ARGUMENT
                                .withDescription(
                                        "etcdserver: authentication failed, invalid user ID or"
                                                + " password")
                                .asRuntimeException());
                return;
            }
            String token = "token-" + n;
            demandedToken.set(Optional.of(token));
            out.onNext(AuthenticateResponse.newBuilder().setToken(token).build());
            out.onCompleted();
        }
    }

    /** Notes the metadata and asks for the token, if one is demanded. */
    private final class Seen implements ServerInterceptor {
        @Override
        public <Q, S> ServerCall.Listener<Q> interceptCall(
                ServerCall<Q, S> call, Metadata headers, ServerCallHandler<Q, S> next) {
            synchronized (metadata) {
                metadata.add(headers);
            }
            boolean login = call.getMethodDescriptor().getServiceName().endsWith("Auth");
            Optional<String> wanted = demandedToken.get();
            if (!login && wanted.isPresent() && !wanted.get().equals(headers.get(TOKEN))) {
                call.close(
                        Status.UNAUTHENTICATED.withDescription("etcdserver: invalid auth token"),
                        new Metadata());
                return new ServerCall.Listener<>() {};
            }
            return Contexts.interceptCall(Context.current(), call, headers, next);
        }
    }

    private abstract static class Ignorant<T> implements StreamObserver<T> {
        @Override
        public void onError(Throwable t) {
            // The client has gone; the observer is found cancelled.
        }

        @Override
        public void onCompleted() {
            // The answers go on.
        }
    }

    @Override
    public void close() {
        servers.forEach(Server::shutdownNow);
    }
}
