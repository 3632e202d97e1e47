package io.quorate.ctl;

import io.quorate.api.proto.AlarmMember;
import io.quorate.api.proto.AlarmResponse;
import io.quorate.api.proto.ClusterGrpc;
import io.quorate.api.proto.DefragmentRequest;
import io.quorate.api.proto.HashKVRequest;
import io.quorate.api.proto.KVGrpc;
import io.quorate.api.proto.MaintenanceGrpc;
import io.quorate.api.proto.Member;
import io.quorate.api.proto.MemberListRequest;
import io.quorate.api.proto.RangeRequest;
import io.quorate.api.proto.StatusRequest;
import io.quorate.api.proto.StatusResponse;
import io.quorate.cli.Bytes;
import io.quorate.cli.Command;
import io.quorate.cli.Exit;
import io.quorate.cli.Flag;
import io.quorate.cli.GoText;
import io.quorate.cli.Invocation;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** {@code endpoint …} and {@code defrag}: what is done to each endpoint (CT-40 to CT-43, CT-47). */
final class EndpointCommands {
    private static final Flag CLUSTER =
            Flag.toggle("cluster", "use all endpoints from the cluster member list");
    private static final String PERMISSION_DENIED = "etcdserver: permission denied";
    private static final String STATUS_DESCRIPTION =
            """
            When --write-out is set to simple, this command prints out comma-separated status lists for each endpoint.
            The items in the lists are endpoint, ID, version, db size, is leader, is learner, raft term, raft index, raft applied index, errors.
            """;

    private EndpointCommands() {}

    static Command command() {
        return Command.parent(
                        "endpoint <subcommand>",
                        "Endpoint related commands. Use `etcdctl endpoint --help` to see"
                                + " subcommands",
                        "Endpoint related commands",
                        Command.leaf(
                                "health",
                                "Checks the healthiness of endpoints specified in `--endpoints`"
                                        + " flag",
                                EndpointCommands::health),
                        Command.leaf(
                                        "status",
                                        "Prints out the status of endpoints specified in"
                                                + " `--endpoints` flag",
                                        EndpointCommands::status)
                                .withDescription(STATUS_DESCRIPTION),
                        Command.leaf(
                                "hashkv",
                                "Prints the KV history hash for each endpoint in --endpoints",
                                EndpointCommands::hashKv,
                                Flag.number(
                                        "rev",
                                        "maximum revision to hash (default: latest revision)")))
                .withInheritable(CLUSTER);
    }

    static Command defrag() {
        return Command.leaf(
                        "defrag",
                        "Defragments the storage of the etcd members with given endpoints",
                        EndpointCommands::defrag)
                .withInheritable(CLUSTER);
    }

    /** The endpoints to ask, one by one: those given, or those of all members. */
    private static List<String> endpoints(Session session) {
        if (!session.flags().on("cluster")) return session.flags().list("endpoints");
        try (Cluster cluster = session.cluster()) {
            MemberListRequest request =
                    MemberListRequest.newBuilder().setLinearizable(true).build();
            List<String> endpoints = new ArrayList<>();
            for (Member member :
                    cluster.read(ClusterGrpc.getMemberListMethod(), request).getMembersList()) {
                member.getClientURLsList().forEach(url -> endpoints.add(Bytes.ofText(url)));
            }
            return endpoints;
        } catch (CallFailure e) {
            throw new Exit(
                    Exit.ERROR,
                    "failed to fetch endpoints from etcd cluster member list: " + e.getMessage());
        }
    }

    // ---- health

    private static void health(Invocation call) {
        Session session = Session.open(call);
        List<Endpoints.Health> all = new ArrayList<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<CompletableFuture<Endpoints.Health>> asked =
                    endpoints(session).stream()
                            .map(endpoint ->
                                    CompletableFuture.supplyAsync(
                                            () -> health(session, endpoint), threads))
                            .toList();
            asked.forEach(future -> all.add(future.join()));
        }
        session.printer().health(all);
        if (all.stream().anyMatch(health -> !health.error().isEmpty())) {
            throw new Exit(Exit.ERROR, "unhealthy cluster");
        }
    }

    /** A member is healthy that answers a linearizable read and has no alarm. */
    private static Endpoints.Health health(Session session, String endpoint) {
        long start = System.nanoTime();
        try (Cluster member = session.memberForHealth(endpoint)) {
            Optional<String> failure = read(member);
            String took = GoText.duration(Duration.ofNanos(System.nanoTime() - start));
            String error = failure.orElseGet(() -> alarms(member));
            return new Endpoints.Health(endpoint, error.isEmpty(), took, error);
        }
    }

    private static Optional<String> read(Cluster member) {
        RangeRequest anyKey = RangeRequest.newBuilder().setKey(Ranges.key("health")).build();
        try {
            member.read(KVGrpc.getRangeMethod(), anyKey);
            return Optional.empty();
        } catch (CallFailure e) {
            // Who may not read has been answered through consensus all the same.
            return e.says(PERMISSION_DENIED) ? Optional.empty() : Optional.of(e.getMessage());
        }
    }

    private static String alarms(Cluster member) {
        AlarmResponse answer;
        try {
            answer = AlarmCommands.alarms(member);
        } catch (CallFailure e) {
            return "Unable to fetch the alarm list";
        }
        if (answer.getAlarmsCount() == 0) return "";
        StringBuilder text = new StringBuilder("Active Alarm(s): ");
        for (AlarmMember alarm : answer.getAlarmsList()) {
            text.append(
                    switch (alarm.getAlarm()) {
                        case NOSPACE -> "NOSPACE ";
                        case CORRUPT -> "CORRUPT ";
                        case NONE, UNRECOGNIZED -> "UNKNOWN ";
                    });
        }
        return text.toString();
    }

    // ---- status

    private static void status(Invocation call) {
        Session session = Session.open(call);
        List<Endpoints.Status> all = new ArrayList<>();
        boolean failed = false;
        for (String endpoint : endpoints(session)) {
            try (Cluster member = session.member(endpoint)) {
                all.add(new Endpoints.Status(endpoint, status(member)));
            } catch (CallFailure e) {
                failed = true;
                session.terminal()
                        .error(
                                "Failed to get the status of endpoint "
                                        + endpoint
                                        + " ("
                                        + e.getMessage()
                                        + ")");
            }
        }
        session.printer().status(all);
        if (failed) throw Exit.silently(Exit.ERROR);
    }

    static StatusResponse status(Cluster member) {
        return member.read(MaintenanceGrpc.getStatusMethod(), StatusRequest.getDefaultInstance());
    }

    // ---- hash

    private static void hashKv(Invocation call) {
        Session session = Session.open(call);
        HashKVRequest request =
                HashKVRequest.newBuilder().setRevision(call.flags().number("rev")).build();
        List<Endpoints.HashKv> all = new ArrayList<>();
        String failure = "";
        for (String endpoint : endpoints(session)) {
            try (Cluster member = session.member(endpoint)) {
                all.add(
                        new Endpoints.HashKv(
                                endpoint, member.read(MaintenanceGrpc.getHashKVMethod(), request)));
            } catch (CallFailure e) {
                failure = e.getMessage();
                session.terminal()
                        .error(
                                "Failed to get the hash of endpoint "
                                        + endpoint
                                        + " ("
                                        + failure
                                        + ")");
            }
        }
        session.printer().hashKv(all);
        if (!failure.isEmpty()) throw new Exit(Exit.ERROR, failure);
    }

    // ---- defragmentation

    private static void defrag(Invocation call) {
        Session session = Session.open(call);
        boolean failed = false;
        for (String endpoint : endpoints(session)) {
            long start = System.nanoTime();
            try (Cluster member = session.member(endpoint)) {
                member.write(
                        MaintenanceGrpc.getDefragmentMethod(),
                        DefragmentRequest.getDefaultInstance());
                session.terminal()
                        .line(
                                "Finished defragmenting etcd member["
                                        + endpoint
                                        + "]. took "
                                        + since(start));
            } catch (CallFailure e) {
                failed = true;
                session.terminal()
                        .error(
                                "Failed to defragment etcd member["
                                        + endpoint
                                        + "]. took "
                                        + since(start)
                                        + ". ("
                                        + e.getMessage()
                                        + ")");
            }
        }
        if (failed) throw Exit.silently(Exit.ERROR);
    }

    private static String since(long startNanos) {
        return GoText.duration(Duration.ofNanos(System.nanoTime() - startNanos));
    }
}
