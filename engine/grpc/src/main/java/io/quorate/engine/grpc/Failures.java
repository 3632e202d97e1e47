package io.quorate.engine.grpc;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.quorate.engine.state.EtcdError;
import io.quorate.engine.state.EtcdException;
import io.quorate.spi.storage.StorageException;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.CompletionException;

/** Failures as gRPC statuses, by the code and the text that clients look up (ER-67). */
final class Failures {
    private static final System.Logger LOG = System.getLogger("io.quorate.engine.grpc");
    private static final Map<EtcdError, Status> STATUSES = statuses();

    private Failures() {}

    static Status status(EtcdError error) {
        return STATUSES.get(error);
    }

    /**
     * A failure that is not an answer of the API is a fault of ours: logged, and told without its
     * inside.
     */
    static Status status(Throwable failure) {
        return switch (failure) {
            case EtcdException refusal -> status(refusal.error());
            case StatusRuntimeException status -> status.getStatus();
            case StorageException.Closed stopping -> status(EtcdError.STOPPED);
            case CompletionException wrapper when wrapper.getCause() != null ->
                    status(wrapper.getCause());
            default -> {
                LOG.log(System.Logger.Level.ERROR, "a request failed unexpectedly", failure);
                yield Status.INTERNAL.withDescription(
                        "internal error, see the server's log: " + failure.getClass().getName());
            }
        };
    }

    private static Map<EtcdError, Status> statuses() {
        Map<EtcdError, Status> statuses = new EnumMap<>(EtcdError.class);
        for (EtcdError error : EtcdError.values()) {
            statuses.put(
                    error, Status.fromCodeValue(error.grpcCode()).withDescription(error.text()));
        }
        return statuses;
    }
}
