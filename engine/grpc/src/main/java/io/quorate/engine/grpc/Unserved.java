package io.quorate.engine.grpc;

import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import io.grpc.Status;

/** Methods of the API that this release does not have: they answer so at once, by name. */
final class Unserved {
    private Unserved() {}

    /** A service none of whose methods is served. */
    static ServerServiceDefinition all(ServiceDescriptor service) {
        ServerServiceDefinition.Builder definition = ServerServiceDefinition.builder(service);
        service.getMethods().forEach(method -> definition.addMethod(refusing(method)));
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
