package io.quorate.engine.grpc;

import io.grpc.ForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.quorate.api.proto.KVGrpc;
import io.quorate.api.proto.MaintenanceGrpc;
import io.quorate.api.proto.RangeRequest;
import io.quorate.engine.state.EtcdError;

import java.util.Set;
import java.util.function.BooleanSupplier;

/**
 * What a learner serves (GS-13): reads that need no agreement, its status, and snapshots. Clients
 * are to turn to another member for the rest.
 */
final class LearnerLimits implements ServerInterceptor {
    private static final Set<String> SERVED =
            Set.of(
                    KVGrpc.getRangeMethod().getFullMethodName(),
                    MaintenanceGrpc.getStatusMethod().getFullMethodName(),
                    MaintenanceGrpc.getSnapshotMethod().getFullMethodName());

    private final BooleanSupplier learner;

    /**
     * @param learner whether this member is one now
     */
    LearnerLimits(BooleanSupplier learner) {
        this.learner = learner;
    }

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
        if (!learner.getAsBoolean()) {
            return next.startCall(call, headers);
        }
        MethodDescriptor<Q, A> method = call.getMethodDescriptor();
        if (!SERVED.contains(method.getFullMethodName())) {
            refuse(call);
            return new ServerCall.Listener<>() {};
        }
        return new Checked<>(call, next.startCall(call, headers));
    }

    private static void refuse(ServerCall<?, ?> call) {
        call.close(Failures.status(EtcdError.NOT_SUPPORTED_FOR_LEARNER), new Metadata());
    }

    /** Lets no request by that needs the leader. */
    private static final class Checked<Q>
            extends ForwardingServerCallListener.SimpleForwardingServerCallListener<Q> {
        private final ServerCall<Q, ?> call;
        private boolean refused;

        Checked(ServerCall<Q, ?> call, ServerCall.Listener<Q> next) {
            super(next);
            this.call = call;
        }

        @Override
        public void onMessage(Q request) {
            if (request instanceof RangeRequest range && !range.getSerializable()) {
                refused = true;
                refuse(call);
            } else {
                super.onMessage(request);
            }
        }

        @Override
        public void onHalfClose() {
            if (!refused) super.onHalfClose();
        }
    }
}
