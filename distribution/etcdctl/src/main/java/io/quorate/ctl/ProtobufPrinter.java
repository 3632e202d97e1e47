package io.quorate.ctl;

import com.google.protobuf.Message;

import io.quorate.api.proto.LeaseGrantResponse;
import io.quorate.api.proto.LeaseKeepAliveResponse;
import io.quorate.api.proto.LeaseLeasesResponse;
import io.quorate.api.proto.LeaseRevokeResponse;
import io.quorate.api.proto.LeaseTimeToLiveResponse;
import io.quorate.cli.Exit;
import io.quorate.cli.Terminal;

import java.util.List;

/**
 * {@code -w protobuf}: the answer's message as it came. Of leases etcdctl prints the header alone,
 * and for a revoked one nothing; so do we.
 */
final class ProtobufPrinter extends Printer {
    ProtobufPrinter(Terminal terminal) {
        super(terminal);
    }

    @Override
    void other(Message answer) {
        terminal.print(answer.toByteArray());
    }

    @Override
    void grant(LeaseGrantResponse answer) {
        other(answer.getHeader());
    }

    @Override
    void keepAlive(LeaseKeepAliveResponse answer) {
        other(answer.getHeader());
    }

    @Override
    void timeToLive(LeaseTimeToLiveResponse answer, boolean keys) {
        other(answer.getHeader());
    }

    @Override
    void leases(LeaseLeasesResponse answer) {
        other(answer.getHeader());
    }

    @Override
    void revoke(long id, LeaseRevokeResponse answer) {
        throw new Exit(
                Exit.BAD_FEATURE, "marshal unsupported for type *clientv3.LeaseRevokeResponse");
    }

    @Override
    void health(List<Endpoints.Health> endpoints) {
        throw unsupported("protobuf");
    }

    @Override
    void status(List<Endpoints.Status> endpoints) {
        throw unsupported("protobuf");
    }

    @Override
    void hashKv(List<Endpoints.HashKv> endpoints) {
        throw unsupported("protobuf");
    }
}
