package io.quorate.engine.grpc;

import io.grpc.BindableService;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import io.grpc.Status;

import java.util.Set;

/** Methods of the API that this release does not have: they answer so at once, by name. */
final class Unserved {
    private Unserved() {}

    /** A service none of whose methods is served. */
    static ServerServiceDefinition all(ServiceDescriptor service) {
        ServerServiceDefinition.Builder definition = ServerServiceDefinition.builder(service);
        service.getMethods().forEach(method -> definition.addMethod(refusing(method)));
        return definition.build();
    }

    /** A service of which only the methods named are served. */
    static ServerServiceDefinition allBut(
            BindableService service, MethodDescriptor<?, ?>... served) {
        Set<MethodDescriptor<?, ?>> kept = Set.of(served);
        ServerServiceDefinition whole = service.bindService();
        ServerServiceDefinition.Builder definition =
                ServerServiceDefinition.builder(whole.getServiceDescriptor());
        for (ServerMethodDefinition<?, ?> method : whole.getMethods()) {
            if (kept.contains(method.getMethodDescriptor())) {
                definition.addMethod(method);
            } else {
                definition.addMethod(refusing(method.getMethodDescriptor()));
            }
        }
        return definition.build();
    }

    static Status status(MethodDescriptor<?, ?> method) {
        return Status.UNIMPLEMENTED.withDescription(
                method.getFullMethodName() + " is not in this release of the server");
    }

    private static <Q, A> ServerMethodDefinition<Q, A> refusing(MethodDescriptor<Q, A> method) {
        return ServerMethodDefinition.create(
                method,
                (call, headers) -> {
                    call.close(status(method), new Metadata());
                    return new ServerCall.Listener<>() {};
                });
    }
}
