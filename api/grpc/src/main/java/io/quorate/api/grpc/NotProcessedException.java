package io.quorate.api.grpc;

import io.grpc.Status;

/**
 * The cause in the status of a call that the server has surely not begun to process: the request
 * never left, or the server said so with REFUSED_STREAM or a GOAWAY that names an earlier call. Any
 * such call may be made again elsewhere, a write too.
 */
public final class NotProcessedException extends Exception {
    private static final long serialVersionUID = 1;

    NotProcessedException(String message) {
        super(message, null, false, false);
    }

    /** True for a status with this cause. */
    public static boolean isCauseOf(Status status) {
        return status.getCause() instanceof NotProcessedException;
    }

    /** UNAVAILABLE with this cause. */
    public static Status status(String message) {
        return Status.UNAVAILABLE
                .withDescription(message)
                .withCause(new NotProcessedException(message));
    }
}
