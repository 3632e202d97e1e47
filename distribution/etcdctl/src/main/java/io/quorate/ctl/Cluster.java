package io.quorate.ctl;

import io.grpc.MethodDescriptor;
import io.grpc.StatusRuntimeException;
import io.quorate.api.client.BidiStream;
import io.quorate.api.client.Client;
import io.quorate.api.client.ClientConfig;
import io.quorate.api.client.LoginException;
import io.quorate.api.client.ResponseStream;
import io.quorate.api.client.Retry;
import io.quorate.api.proto.AuthGrpc;
import io.quorate.cli.Exit;
import io.quorate.cli.LogLine;
import io.quorate.cli.Terminal;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** The cluster at the endpoints, with the failures and log lines of etcdctl. */
final class Cluster implements AutoCloseable {
    private static final String RETRY_CALLER = "client/Cluster.java";

    private final Client client;
    private final Terminal terminal;
    private final String logger;

    /**
     * Connects with the first call.
     *
     * @param logger the name in log lines; by another than the usual one a failed login is an
     *     answer like others, not the end
     */
    Cluster(ClientConfig config, Terminal terminal, String logger) {
        this.client = Client.connect(config);
        this.terminal = terminal;
        this.logger = logger;
    }

    /** The library's client, for its watches. */
    Client client() {
        return client;
    }

    /** A call that may be made again when a member is unavailable. */
    <Q, S> S read(MethodDescriptor<Q, S> method, Q request) {
        return call(method, request, Retry.REPEATABLE);
    }

    /** A call that is made again only when no member has seen it. */
    <Q, S> S write(MethodDescriptor<Q, S> method, Q request) {
        return call(method, request, Retry.UNSENT_ONLY);
    }

    private <Q, S> S call(MethodDescriptor<Q, S> method, Q request, Retry retry) {
        try {
            return client.call(method, request, retry);
        } catch (StatusRuntimeException e) {
            if (isLogin(e)) throw loginFailed(e);
            log(method, e);
            throw new CallFailure(e.getStatus());
        }
    }

    private static boolean isLogin(StatusRuntimeException e) {
        return e.getStatus().getCause() instanceof LoginException;
    }

    /** To etcdctl a login is a part of connecting. */
    private RuntimeException loginFailed(StatusRuntimeException e) {
        log(AuthGrpc.getAuthenticateMethod(), e);
        CallFailure failure = new CallFailure(e.getStatus());
        return logger.equals(Session.LOGGER)
                ? new Exit(Exit.BAD_CONNECTION, failure.getMessage())
                : failure;
    }

    private void log(MethodDescriptor<?, ?> method, StatusRuntimeException e) {
        terminal.error(
                new LogLine(
                                "warn",
                                Instant.now(),
                                logger,
                                RETRY_CALLER,
                                "retrying of unary invoker failed")
                        .with("target", target())
                        .with("method", "/" + method.getFullMethodName())
                        .with("attempt", 0)
                        .with("error", CallFailure.wireText(e.getStatus()))
                        .toString());
    }

    private String target() {
        String first = client.config().endpoints().getFirst();
        int scheme = first.indexOf("://");
        return "etcd-endpoints://quorate/" + (scheme < 0 ? first : first.substring(scheme + 3));
    }

    /** Answers to one request. */
    <Q, S> ResponseStream<S> stream(MethodDescriptor<Q, S> method, Q request, Duration timeout) {
        try {
            return client.stream(method, request, timeout);
        } catch (StatusRuntimeException e) {
            if (isLogin(e)) throw loginFailed(e);
            throw new CallFailure(e.getStatus());
        }
    }

    /** The next answer; empty at the end. */
    <S> Optional<S> next(ResponseStream<S> stream) {
        try {
            return stream.next();
        } catch (StatusRuntimeException e) {
            throw new CallFailure(e.getStatus());
        }
    }

    /** Requests and answers. */
    <Q, S> BidiStream<Q, S> open(MethodDescriptor<Q, S> method) {
        try {
            return client.open(method, Duration.ZERO);
        } catch (StatusRuntimeException e) {
            if (isLogin(e)) throw loginFailed(e);
            throw new CallFailure(e.getStatus());
        }
    }

    @Override
    public void close() {
        client.close();
    }
}
