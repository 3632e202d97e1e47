package io.quorate.engine.grpc;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.quorate.engine.node.Node;
import io.quorate.engine.state.AuthState;
import io.quorate.engine.state.Caller;

import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * Who calls, by the token in the metadata (GS-10), or else by the name in the client's certificate
 * where that counts (SE-104). Either travels with the call's context; whoever serves the call asks
 * here when it matters, since tokens end and roles change while a stream goes on.
 */
final class Callers implements ServerInterceptor {
    private static final Context.Key<String> TOKEN = Context.key("token");
    private static final String BEARER = "Bearer ";

    private static final Metadata.Key<String> OWN =
            Metadata.Key.of("token", Metadata.ASCII_STRING_MARSHALLER);
    private static final Metadata.Key<String> GATEWAYS =
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

    private static final Context.Key<X509Certificate> CERTIFICATE = Context.key("certificate");

    /** Of a gateway, which has a certificate of its own and calls for somebody else (SE-105). */
    private static final Metadata.Key<String> GATEWAY =
            Metadata.Key.of("grpcgateway-accept", Metadata.ASCII_STRING_MARSHALLER);

    private final Node node;
    private final Function<X509Certificate, Optional<String>> certificateUser;

    /**
     * @param certificateUser the user whom a certificate names; empty where it names nobody
     */
    Callers(Node node, Function<X509Certificate, Optional<String>> certificateUser) {
        this.node = node;
        this.certificateUser = certificateUser;
    }

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
        String token = token(headers);
        if (token != null) {
            Context context = Context.current().withValue(TOKEN, token);
            return Contexts.interceptCall(context, call, headers, next);
        }
        List<Certificate> chain = call.getAttributes().get(GrpcPeer.CERTIFICATES);
        if (chain != null
                && chain.getFirst() instanceof X509Certificate own
                && !headers.containsKey(GATEWAY)) {
            Context context = Context.current().withValue(CERTIFICATE, own);
            return Contexts.interceptCall(context, call, headers, next);
        }
        return next.startCall(call, headers);
    }

    private static String token(Metadata headers) {
        String token = first(headers, OWN);
        if (token == null) {
            token = first(headers, GATEWAYS);
        }
        return token != null && token.startsWith(BEARER) ? token.substring(BEARER.length()) : token;
    }

    private static String first(Metadata headers, Metadata.Key<String> key) {
        Iterable<String> values = headers.getAll(key);
        if (values == null) {
            return null;
        }
        Iterator<String> each = values.iterator();
        return each.hasNext() ? each.next() : null;
    }

    /**
     * Who calls, as of now; nobody without token and name, or while auth is off. May wait until
     * this member has heard of the token (SE-101).
     *
     * @throws java.util.concurrent.CompletionException with INVALID_AUTH_TOKEN
     */
    Caller current() {
        AuthState auth = auth();
        if (!auth.enabled()) {
            return Caller.NOBODY;
        }
        String token = TOKEN.get();
        if (token == null) {
            return Optional.ofNullable(CERTIFICATE.get())
                    .flatMap(certificateUser)
                    .map(user -> new Caller(user, auth.revision()))
                    .orElse(Caller.NOBODY);
        }
        return node.authentication().caller(token).join();
    }

    /** What the caller shows, for a member that judges by itself; empty for nothing. */
    String token() {
        String token = TOKEN.get();
        return token == null ? "" : token;
    }

    /** The users and roles of now. */
    AuthState auth() {
        return node.state().auth();
    }

    /** Whoever it is, his token must be good (SE-93). */
    void requireUser() {
        if (auth().enabled()) {
            auth().requireUser(current());
        }
    }

    /** SE-92. */
    Caller requireRoot() {
        Caller caller = current();
        auth().requireRoot(caller);
        return caller;
    }
}
