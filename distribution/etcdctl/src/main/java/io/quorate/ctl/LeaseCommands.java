package io.quorate.ctl;

import io.grpc.Status;
import io.quorate.api.client.BidiStream;
import io.quorate.api.client.LeaseKeepAlive;
import io.quorate.api.proto.LeaseGrantRequest;
import io.quorate.api.proto.LeaseGrpc;
import io.quorate.api.proto.LeaseKeepAliveRequest;
import io.quorate.api.proto.LeaseKeepAliveResponse;
import io.quorate.api.proto.LeaseLeasesRequest;
import io.quorate.api.proto.LeaseRevokeRequest;
import io.quorate.api.proto.LeaseTimeToLiveRequest;
import io.quorate.cli.Command;
import io.quorate.cli.Exit;
import io.quorate.cli.Flag;
import io.quorate.cli.GoText;
import io.quorate.cli.GoText.BadValue;
import io.quorate.cli.Invocation;

/** {@code lease …} (CT-32 to CT-36). */
final class LeaseCommands {
    private LeaseCommands() {}

    static Command command() {
        return Command.parent(
                "lease <subcommand>",
                "Lease related commands. Use `etcdctl lease --help` to see subcommands",
                "Lease related commands",
                Command.leaf("grant <ttl>", "Creates leases", LeaseCommands::grant),
                Command.leaf("revoke <leaseID>", "Revokes leases", LeaseCommands::revoke),
                Command.leaf(
                        "timetolive <leaseID> [options]",
                        "Get lease information",
                        LeaseCommands::timeToLive,
                        Flag.toggle("keys", "Get keys attached to this lease")),
                Command.leaf("list", "List all active leases", LeaseCommands::list),
                Command.leaf(
                        "keep-alive [options] <leaseID>",
                        "Keeps leases alive (renew)",
                        LeaseCommands::keepAlive,
                        Flag.toggle(
                                "once",
                                "Resets the keep-alive time to its original value and"
                                        + " cobrautl.Exits immediately")));
    }

    private static String only(Invocation call, String otherwise) {
        if (call.arguments().size() != 1) throw Exit.badArguments(otherwise);
        return call.arguments().getFirst();
    }

    private static long id(String text) {
        try {
            return GoText.parseInt(text, 16);
        } catch (BadValue e) {
            throw Exit.badArguments(
                    "bad lease ID arg (" + e.getMessage() + "), expecting ID in Hex");
        }
    }

    private static void grant(Invocation call) {
        String text = only(call, "lease grant command needs TTL argument");
        long ttl;
        try {
            ttl = GoText.parseInt(text, 10);
        } catch (BadValue e) {
            throw Exit.badArguments("bad TTL (" + e.getMessage() + ")");
        }
        Session session = Session.open(call);
        try (Cluster cluster = session.cluster()) {
            LeaseGrantRequest request = LeaseGrantRequest.newBuilder().setTTL(ttl).build();
            session.printer().grant(cluster.write(LeaseGrpc.getLeaseGrantMethod(), request));
        } catch (CallFailure e) {
            throw new Exit(Exit.ERROR, "failed to grant lease (" + e.getMessage() + ")");
        }
    }

    private static void revoke(Invocation call) {
        long id = id(only(call, "lease revoke command needs 1 argument"));
        Session session = Session.open(call);
        try (Cluster cluster = session.cluster()) {
            LeaseRevokeRequest request = LeaseRevokeRequest.newBuilder().setID(id).build();
            session.printer().revoke(id, cluster.write(LeaseGrpc.getLeaseRevokeMethod(), request));
        } catch (CallFailure e) {
            throw new Exit(Exit.ERROR, "failed to revoke lease (" + e.getMessage() + ")");
        }
    }

    private static void timeToLive(Invocation call) {
        String text = only(call, "lease timetolive command needs lease ID as argument");
        Session session = Session.open(call);
        boolean keys = call.flags().on("keys");
        LeaseTimeToLiveRequest request =
                LeaseTimeToLiveRequest.newBuilder().setID(id(text)).setKeys(keys).build();
        try (Cluster cluster = session.patientCluster()) {
            session.printer()
                    .timeToLive(cluster.read(LeaseGrpc.getLeaseTimeToLiveMethod(), request), keys);
        } catch (CallFailure e) {
            throw new Exit(Exit.BAD_CONNECTION, e.getMessage());
        }
    }

    private static void list(Invocation call) {
        Session session = Session.open(call);
        try (Cluster cluster = session.patientCluster()) {
            session.printer()
                    .leases(
                            cluster.read(
                                    LeaseGrpc.getLeaseLeasesMethod(),
                                    LeaseLeasesRequest.getDefaultInstance()));
        } catch (CallFailure e) {
            throw new Exit(Exit.BAD_CONNECTION, e.getMessage());
        }
    }

    private static void keepAlive(Invocation call) {
        long id = id(only(call, "lease keep-alive command needs lease ID as argument"));
        Session session = Session.open(call);
        try (Cluster cluster = session.patientCluster()) {
            if (call.flags().on("once")) once(session, cluster, id);
            else forever(session, cluster, id);
        } catch (CallFailure e) {
            throw new Exit(Exit.BAD_CONNECTION, e.getMessage());
        }
    }

    private static void once(Session session, Cluster cluster, long id) {
        LeaseKeepAliveRequest request = LeaseKeepAliveRequest.newBuilder().setID(id).build();
        try (BidiStream<LeaseKeepAliveRequest, LeaseKeepAliveResponse> stream =
                cluster.open(LeaseGrpc.getLeaseKeepAliveMethod())) {
            stream.send(request);
            LeaseKeepAliveResponse answer =
                    cluster.next(stream)
                            .orElseThrow(() ->
                                    new CallFailure(Status.UNAVAILABLE.withDescription("EOF")));
            if (answer.getTTL() <= 0) {
                throw new Exit(Exit.BAD_CONNECTION, "etcdserver: requested lease not found");
            }
            session.printer().keepAlive(answer);
        }
    }

    /** Renews at each third of the time to live until the lease is gone. */
    private static void forever(Session session, Cluster cluster, long id) {
        LeaseKeepAlive keeping =
                cluster.client()
                        .leases()
                        .keepAlive(
                                id,
                                answer -> {
                                    session.printer().keepAlive(answer);
                                    session.terminal().flush();
                                });
        // However it ends, the lease can no longer be counted on.
        keeping.ended().exceptionally(failure -> null).join();
        if (session.printer().isSimple()) {
            session.terminal().line("lease " + GoText.hex16(id) + " expired or revoked.");
        }
    }
}
