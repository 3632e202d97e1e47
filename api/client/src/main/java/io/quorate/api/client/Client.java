package io.quorate.api.client;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.quorate.api.grpc.ClientSettings;
import io.quorate.api.grpc.GrpcClientConnection;
import io.quorate.api.proto.AuthGrpc;
import io.quorate.api.proto.AuthenticateRequest;
import io.quorate.api.proto.AuthenticateResponse;
import io.quorate.api.proto.WatchCreateRequest;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * A client of an etcd-compatible cluster: the one object to make, to share between threads and to
 * close.
 *
 * <p>The methods of the parts ({@link #kv}, {@link #leases}, ...) and {@link #call} block the
 * calling thread until the answer has come; virtual threads make that cheap. Failures are {@link
 * StatusRuntimeException}s with gRPC's code and the server's text. An interrupt of a waiting thread
 * cancels its call and fails it with CANCELLED, the interrupt stays set.
 *
 * <p>Calls go round the endpoints. When one is unavailable a call is made again elsewhere, with
 * back-off, if that is safe: reads always, writes only when they have surely not reached a member.
 * So a write that fails with UNAVAILABLE may or may not have been done.
 */
public final class Client implements AutoCloseable {
    private static final Metadata.Key<String> TOKEN =
            Metadata.Key.of("token", Metadata.ASCII_STRING_MARSHALLER);
    private static final Metadata.Key<String> HAS_LEADER =
            Metadata.Key.of("hasleader", Metadata.ASCII_STRING_MARSHALLER);

    /** grpc-go's clients do not ping more often; servers end connections that do. */
    private static final Duration KEEP_ALIVE_MIN = Duration.ofSeconds(10);

    private final ClientConfig config;
    private final Executor executor;
    private final ScheduledThreadPoolExecutor timer;
    private final Connections connections;
    private final LeaseKeeper keeper;
    private volatile Optional<String> token = Optional.empty();

    private Client(ClientConfig config) {
        this.config = config;
        this.executor = task -> config.threads().newThread(task).start();
        this.timer =
                new ScheduledThreadPoolExecutor(
                        1,
                        task -> {
                            Thread thread = new Thread(task, "quorate-client-timer");
                            thread.setDaemon(true);
                            return thread;
                        });
        timer.setRemoveOnCancelPolicy(true);
        Duration interval = config.keepAliveInterval();
        if (!interval.isZero() && interval.compareTo(KEEP_ALIVE_MIN) < 0) {
            interval = KEEP_ALIVE_MIN;
        }
        ClientSettings settings =
                ClientSettings.DEFAULTS
                        .withMaxMessageBytes(config.maxReceiveBytes(), config.maxSendBytes())
                        .withKeepAlive(interval, config.keepAliveTimeout(), false);
        this.connections = new Connections(config, settings, executor, timer, config.threads());
        this.keeper = new LeaseKeeper(this);
    }

    /** Makes a client. Connects with the first call, so this neither blocks nor fails. */
    public static Client connect(ClientConfig config) {
        return new Client(config);
    }

    /** What this client was made with. */
    public ClientConfig config() {
        return config;
    }

    /** From now on calls go to these endpoints; what runs at others may end there. */
    public void useEndpoints(List<String> endpoints) {
        connections.replace(endpoints);
    }

    // ---- the parts of the API

    /** Keys and values. */
    public KvClient kv() {
        return new KvClient(this);
    }

    /**
     * Watches keys; returns when the server knows the watch, so that a change made after this is
     * seen. Of the request a watch id is not used.
     *
     * @throws WatchCanceledException when the server does not create it
     */
    public Watch watch(WatchCreateRequest request) {
        return new Watch(this, request.toBuilder().clearWatchId().build());
    }

    /** Watches one key from now on. */
    public Watch watch(String key) {
        return watch(WatchCreateRequest.newBuilder().setKey(Keys.of(key)).build());
    }

    /** Leases. */
    public LeaseClient leases() {
        return new LeaseClient(this, keeper);
    }

    /** Locks. */
    public LockClient locks() {
        return new LockClient(this);
    }

    /** Elections. */
    public ElectionClient elections() {
        return new ElectionClient(this);
    }

    /** Members. */
    public ClusterClient cluster() {
        return new ClusterClient(this);
    }

    /** Status, alarms, snapshots. */
    public MaintenanceClient maintenance() {
        return new MaintenanceClient(this);
    }

    /** Login. */
    public AuthClient auth() {
        return new AuthClient(this);
    }

    // ---- calls

    /** As {@link #callLater}, waiting for the answer. */
    public <Q, S> S call(MethodDescriptor<Q, S> method, Q request, Retry retry) {
        return await(callLater(method, request, retry));
    }

    /**
     * Makes a unary call within {@link ClientConfig#callTimeout}. Cancelling the future cancels the
     * call. The future's stages run in the thread that reads from the server and must not block.
     */
    public <Q, S> CompletableFuture<S> callLater(
            MethodDescriptor<Q, S> method, Q request, Retry retry) {
        Deadline deadline =
                config.callTimeout().isZero()
                        ? null
                        : Deadline.after(config.callTimeout().toNanos(), TimeUnit.NANOSECONDS);
        return callLater(method, request, retry, deadline);
    }

    /** For calls that wait for others, as a lock does: no deadline. */
    <Q, S> S callWithoutLimit(MethodDescriptor<Q, S> method, Q request) {
        return await(callLater(method, request, Retry.UNSENT_ONLY, null));
    }

    <Q, S> CompletableFuture<S> callLater(
            MethodDescriptor<Q, S> method, Q request, Retry retry, Deadline deadline) {
        UnaryCall<Q, S> call = new UnaryCall<>(this, method, request, retry, deadline);
        call.attempt();
        return call.result();
    }

    /**
     * Opens a stream of answers to one request. Not made again when it fails.
     *
     * @param timeout for the whole of it; zero for none
     */
    public <Q, S> ResponseStream<S> stream(
            MethodDescriptor<Q, S> method, Q request, Duration timeout) {
        BidiStream<Q, S> stream = open(method, timeout);
        stream.send(request);
        stream.halfClose();
        return stream;
    }

    /**
     * Opens a stream of requests and answers. Not made again when it fails.
     *
     * @param timeout for the whole of it; zero for none
     */
    public <Q, S> BidiStream<Q, S> open(MethodDescriptor<Q, S> method, Duration timeout) {
        CallOptions options = CallOptions.DEFAULT.withExecutor(Runnable::run);
        if (!timeout.isZero()) {
            options = options.withDeadlineAfter(timeout.toNanos(), TimeUnit.NANOSECONDS);
        }
        GrpcClientConnection connection = await(connectLater(options.getDeadline()));
        Metadata metadata = await(metadataLater(connection));
        return new BidiStream<>(connection.newCall(method, options), metadata);
    }

    /** Waits for a future of this client; its failure is thrown as a StatusRuntimeException. */
    static <T> T await(CompletableFuture<T> future) {
        try {
            return future.get();
        } catch (InterruptedException e) {
            future.cancel(false);
            Thread.currentThread().interrupt();
            throw Status.CANCELLED.withDescription("interrupted").withCause(e).asRuntimeException();
        } catch (ExecutionException e) {
            throw Status.fromThrowable(e.getCause()).asRuntimeException(trailers(e.getCause()));
        }
    }

    private static Metadata trailers(Throwable failure) {
        Metadata trailers = Status.trailersFromThrowable(failure);
        return trailers == null ? new Metadata() : trailers;
    }

    // ---- what calls need

    Connections connections() {
        return connections;
    }

    ScheduledThreadPoolExecutor timer() {
        return timer;
    }

    Executor executor() {
        return executor;
    }

    /** A connection, trying each endpoint once. */
    CompletableFuture<GrpcClientConnection> connectLater(Deadline deadline) {
        CompletableFuture<GrpcClientConnection> result = new CompletableFuture<>();
        connectLater(connections.size(), result);
        if (deadline != null) {
            var timeout =
                    timer.schedule(
                            () ->
                                    result.completeExceptionally(
                                            Status.DEADLINE_EXCEEDED
                                                    .withDescription("context deadline exceeded")
                                                    .asRuntimeException()),
                            deadline.timeRemaining(TimeUnit.NANOSECONDS),
                            TimeUnit.NANOSECONDS);
            result.whenComplete((connection, failure) -> timeout.cancel(false));
        }
        return result;
    }

    private void connectLater(int attempts, CompletableFuture<GrpcClientConnection> result) {
        connections
                .next()
                .whenComplete((connection, failure) -> {
                    if (connection != null) {
                        result.complete(connection);
                    } else if (attempts > 1 && !result.isDone()) {
                        connectLater(attempts - 1, result);
                    } else {
                        result.completeExceptionally(
                                Status.UNAVAILABLE
                                        .withDescription("connection error: " + text(failure))
                                        .withCause(failure)
                                        .asRuntimeException());
                    }
                });
    }

    private static String text(Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null
                        ? failure.getCause()
                        : failure;
        return cause.getMessage();
    }

    /** The metadata of the next call: leader required, token. Authenticates when needed. */
    CompletableFuture<Metadata> metadataLater(GrpcClientConnection connection) {
        Metadata metadata = new Metadata();
        if (config.requireLeader()) {
            metadata.put(HAS_LEADER, "true");
        }
        if (config.credentials().isEmpty()) {
            return CompletableFuture.completedFuture(metadata);
        }
        Optional<String> known = token;
        if (known.isPresent()) {
            metadata.put(TOKEN, known.get());
            return CompletableFuture.completedFuture(metadata);
        }
        return authenticateLater(connection)
                .thenApply(fresh -> {
                    fresh.ifPresent(t -> metadata.put(TOKEN, t));
                    return metadata;
                });
    }

    /** Empty while the cluster's auth is not enabled: then a token is neither had nor needed. */
    private CompletableFuture<Optional<String>> authenticateLater(GrpcClientConnection connection) {
        var credentials = config.credentials().orElseThrow();
        AuthenticateRequest request =
                AuthenticateRequest.newBuilder()
                        .setName(credentials.user())
                        .setPassword(credentials.password())
                        .build();
        CompletableFuture<Optional<String>> result = new CompletableFuture<>();
        ClientCall<AuthenticateRequest, AuthenticateResponse> call =
                connection.newCall(
                        AuthGrpc.getAuthenticateMethod(),
                        CallOptions.DEFAULT
                                .withExecutor(Runnable::run)
                                .withDeadlineAfter(
                                        config.connectTimeout().toNanos(), TimeUnit.NANOSECONDS));
        UnaryCall.start(
                call,
                new Metadata(),
                request,
                (response, status, trailers) -> {
                    if (response.isPresent()) {
                        token = Optional.of(response.get().getToken());
                        result.complete(token);
                    } else if (String.valueOf(status.getDescription())
                            .contains("authentication is not enabled")) {
                        result.complete(Optional.empty());
                    } else {
                        result.completeExceptionally(
                                status.withCause(new LoginException())
                                        .asRuntimeException(trailers));
                    }
                });
        return result;
    }

    /** The server refused the token: the next call asks for another. */
    void tokenRefused() {
        token = Optional.empty();
    }

    /** Ends every call with CANCELLED, and the connections. Harmless when repeated. */
    @Override
    public void close() {
        keeper.close();
        connections.close();
        timer.shutdown();
    }
}
