package io.quorate.ctl;

import io.grpc.Status;

/** A call that the cluster refused or did not answer; the message is the one Go's client gives. */
final class CallFailure extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final transient Status status;

    CallFailure(Status status) {
        super(text(status), null, false, false);
        this.status = status;
    }

    Status status() {
        return status;
    }

    /** Whether the server gave this reason. */
    boolean says(String reason) {
        return reason.equals(status.getDescription());
    }

    /** A reason that etcd's clients know stands alone; all else comes with its code. */
    private static String text(Status status) {
        String description = description(status);
        if (KnownErrors.contains(description)) return description;
        if (status.getCode() == Status.Code.DEADLINE_EXCEEDED) return "context deadline exceeded";
        return wireText(status);
    }

    /** The status in grpc-go's form. */
    static String wireText(Status status) {
        return "rpc error: code = " + code(status.getCode()) + " desc = " + description(status);
    }

    private static String description(Status status) {
        return status.getDescription() == null ? "" : status.getDescription();
    }

    /** {@code FAILED_PRECONDITION} is {@code FailedPrecondition} in Go. */
    private static String code(Status.Code code) {
        if (code == Status.Code.CANCELLED) return "Canceled";
        StringBuilder name = new StringBuilder();
        boolean upper = true;
        for (char c : code.name().toCharArray()) {
            if (c == '_') {
                upper = true;
            } else {
                name.append(upper ? c : Character.toLowerCase(c));
                upper = false;
            }
        }
        return name.toString();
    }
}
