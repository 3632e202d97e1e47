package io.quorate.api.client;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.quorate.api.grpc.GrpcClientConnection;
import io.quorate.api.grpc.NotProcessedException;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/**
 * A call with one request and one answer, and its attempts:
 *
 * <pre>
 *   connect -> (authenticate) -> call -> answered
 *      ^                           |
 *      +------- back off ----------+  unavailable, and safe to repeat
 * </pre>
 *
 * The rules are those of etcd's client: a repeatable call is made again when a member is
 * unavailable, any call when it has surely not been processed, and once more when the token was
 * refused.
 */
final class UnaryCall<Q, S> {
    /** The end of an attempt: the answer, or a status that is not OK. */
    interface Outcome<S> {
        void ended(Optional<S> response, Status status, Metadata trailers);
    }

    private static final String TOKEN_REFUSED = "etcdserver: invalid auth token";
    private static final String AUTH_CHANGED = "etcdserver: revision of auth store is old";

    /** Auth was off when the call was made, so that it came without a token. */
    private static final String AUTH_ENABLED = "etcdserver: user name is empty";

    private static final Status CLOSED = Status.CANCELLED.withDescription("the client was closed");

    private final Client client;
    private final MethodDescriptor<Q, S> method;
    private final Q request;
    private final Retry retry;
    private final Deadline deadline;
    private final CompletableFuture<S> result = new CompletableFuture<>();
    private int failures;
    private boolean tokenRenewed;

    /**
     * @param deadline of all attempts together; null for none
     */
    UnaryCall(
            Client client,
            MethodDescriptor<Q, S> method,
            Q request,
            Retry retry,
            Deadline deadline) {
        this.client = client;
        this.method = method;
        this.request = request;
        this.retry = retry;
        this.deadline = deadline;
    }

    CompletableFuture<S> result() {
        return result;
    }

    void attempt() {
        CompletableFuture<GrpcClientConnection> connecting;
        try {
            connecting = client.connectLater(deadline);
        } catch (RejectedExecutionException e) {
            fail(CLOSED, new Metadata());
            return;
        }
        connecting.whenComplete((connection, failure) -> {
            if (failure == null) {
                authenticated(connection);
            } else {
                failedToConnect(Status.fromThrowable(failure));
            }
        });
    }

    private void failedToConnect(Status status) {
        if (status.getCode() == Status.Code.UNAVAILABLE) {
            again(status, new Metadata());
        } else {
            fail(status, new Metadata());
        }
    }

    private void authenticated(GrpcClientConnection connection) {
        client.metadataLater(connection)
                .whenComplete((metadata, failure) -> {
                    if (failure == null) {
                        call(connection, metadata);
                    } else {
                        failedToConnect(Status.fromThrowable(failure));
                    }
                });
    }

    private void call(GrpcClientConnection connection, Metadata metadata) {
        if (result.isDone()) {
            return;
        }
        CallOptions options =
                CallOptions.DEFAULT.withExecutor(Runnable::run).withDeadline(deadline);
        ClientCall<Q, S> call = connection.newCall(method, options);
        start(
                call,
                metadata,
                request,
                (response, status, trailers) -> {
                    if (response.isPresent()) {
                        result.complete(response.get());
                    } else {
                        failed(connection, status, trailers);
                    }
                });
        result.whenComplete((response, failure) -> {
            if (result.isCancelled()) {
                call.cancel("cancelled by the caller", null);
            }
        });
    }

    private void failed(GrpcClientConnection connection, Status status, Metadata trailers) {
        boolean unavailable = status.getCode() == Status.Code.UNAVAILABLE;
        if (unavailable) {
            client.connections().unavailable(connection);
        }
        if (unavailable && (retry == Retry.REPEATABLE || NotProcessedException.isCauseOf(status))) {
            again(status, trailers);
        } else if (tokenRefused(status) && !tokenRenewed) {
            tokenRenewed = true;
            client.tokenRefused();
            attempt();
        } else {
            fail(status, trailers);
        }
    }

    private boolean tokenRefused(Status status) {
        String text = String.valueOf(status.getDescription());
        return client.config().credentials().isPresent()
                && (text.equals(TOKEN_REFUSED)
                        || text.equals(AUTH_CHANGED)
                        || text.equals(AUTH_ENABLED));
    }

    /** At once while there are other endpoints to try, then with back-off. */
    private void again(Status status, Metadata trailers) {
        failures++;
        if (failures > client.config().retries() || result.isDone()) {
            fail(status, trailers);
            return;
        }
        long wait = 0;
        if (failures % client.connections().size() == 0) {
            long mean = client.config().retryBackoff().toNanos();
            wait = (long) (mean * (0.9 + 0.2 * ThreadLocalRandom.current().nextDouble()));
        }
        if (deadline != null && deadline.timeRemaining(TimeUnit.NANOSECONDS) <= wait) {
            Status late =
                    Status.DEADLINE_EXCEEDED
                            .withDescription("context deadline exceeded")
                            .withCause(status.asRuntimeException());
            wait = Math.max(0, deadline.timeRemaining(TimeUnit.NANOSECONDS));
            later(() -> fail(late, trailers), wait);
            return;
        }
        later(this::attempt, wait);
    }

    private void later(Runnable task, long nanos) {
        try {
            client.timer()
                    .schedule(() -> client.executor().execute(task), nanos, TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            fail(CLOSED, new Metadata());
        }
    }

    private void fail(Status status, Metadata trailers) {
        result.completeExceptionally(status.asRuntimeException(trailers));
    }

    /** Starts a call with one request and one answer. */
    static <Q, S> void start(
            ClientCall<Q, S> call, Metadata metadata, Q request, Outcome<S> outcome) {
        call.start(
                new ClientCall.Listener<S>() {
                    private Optional<S> answer = Optional.empty();

                    @Override
                    public void onMessage(S message) {
                        answer = Optional.of(message);
                    }

                    @Override
                    public void onClose(Status status, Metadata trailers) {
                        if (!status.isOk()) {
                            outcome.ended(Optional.empty(), status, trailers);
                        } else if (answer.isEmpty()) {
                            outcome.ended(
                                    Optional.empty(),
                                    Status.INTERNAL.withDescription("the server sent no answer"),
                                    trailers);
                        } else {
                            outcome.ended(answer, status, trailers);
                        }
                    }
                },
                metadata);
        call.request(2);
        call.sendMessage(request);
        call.halfClose();
    }
}
