package io.quorate.api.grpc;

import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;

import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The methods of a server by the {@code :path} that names them. Immutable. */
final class MethodTable {
    private final Map<String, ServerMethodDefinition<?, ?>> methods = new HashMap<>();
    private final Set<String> services = new HashSet<>();

    /**
     * @throws IllegalArgumentException when two services have a method of the same name
     */
    MethodTable(Collection<ServerServiceDefinition> definitions) {
        for (ServerServiceDefinition service : definitions) {
            services.add(service.getServiceDescriptor().getName());
            for (ServerMethodDefinition<?, ?> method : service.getMethods()) {
                String name = method.getMethodDescriptor().getFullMethodName();
                if (methods.put("/" + name, method) != null) {
                    throw new IllegalArgumentException("two services define the method " + name);
                }
            }
        }
    }

    Optional<ServerMethodDefinition<?, ?>> find(String path) {
        return Optional.ofNullable(methods.get(path));
    }

    /** The status of a call to a path that is not there, in grpc-go's words. */
    Status unknown(String path) {
        int slash = path.lastIndexOf('/');
        if (slash <= 0) {
            return Status.UNIMPLEMENTED.withDescription("malformed method name: \"" + path + "\"");
        }
        String service = path.substring(1, slash);
        String method = path.substring(slash + 1);
        return Status.UNIMPLEMENTED.withDescription(
                services.contains(service)
                        ? "unknown method " + method + " for service " + service
                        : "unknown service " + service);
    }
}
