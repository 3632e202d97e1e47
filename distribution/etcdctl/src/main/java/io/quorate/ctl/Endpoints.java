package io.quorate.ctl;

import io.quorate.api.proto.HashKVResponse;
import io.quorate.api.proto.StatusResponse;

/** What is printed of single members. */
final class Endpoints {
    private Endpoints() {}

    /**
     * Whether a member serves.
     *
     * @param took how long the answer took, in Go's form
     * @param error why it is not healthy; empty when it is
     */
    record Health(String endpoint, boolean health, String took, String error) {}

    record Status(String endpoint, StatusResponse response) {}

    record HashKv(String endpoint, HashKVResponse response) {}
}
