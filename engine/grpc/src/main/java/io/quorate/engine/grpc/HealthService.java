package io.quorate.engine.grpc;

import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.quorate.api.proto.health.HealthCheckRequest;
import io.quorate.api.proto.health.HealthCheckResponse;
import io.quorate.api.proto.health.HealthCheckResponse.ServingStatus;
import io.quorate.api.proto.health.HealthGrpc;
import io.quorate.api.proto.health.HealthListRequest;
import io.quorate.api.proto.health.HealthListResponse;

/**
 * Whoever can ask is being served (GS-15). The server as a whole, named "", is all there is to ask
 * about.
 */
final class HealthService extends HealthGrpc.HealthImplBase {
    private static final String WHOLE_SERVER = "";

    @Override
    public void check(HealthCheckRequest request, StreamObserver<HealthCheckResponse> observer) {
        Unary.answer(
                observer,
                () -> {
                    if (!request.getService().equals(WHOLE_SERVER)) {
                        throw Status.NOT_FOUND
                                .withDescription("unknown service")
                                .asRuntimeException();
                    }
                    return answer(ServingStatus.SERVING);
                });
    }

    @Override
    public void list(HealthListRequest request, StreamObserver<HealthListResponse> observer) {
        Unary.answer(
                observer,
                () ->
                        HealthListResponse.newBuilder()
                                .putStatuses(WHOLE_SERVER, answer(ServingStatus.SERVING))
                                .build());
    }

    /** Stays open: the health service's protocol has the client wait for changes. */
    @Override
    public void watch(HealthCheckRequest request, StreamObserver<HealthCheckResponse> observer) {
        ((ServerCallStreamObserver<HealthCheckResponse>) observer).setOnCancelHandler(() -> {});
        boolean known = request.getService().equals(WHOLE_SERVER);
        observer.onNext(answer(known ? ServingStatus.SERVING : ServingStatus.SERVICE_UNKNOWN));
    }

    private static HealthCheckResponse answer(ServingStatus status) {
        return HealthCheckResponse.newBuilder().setStatus(status).build();
    }
}
