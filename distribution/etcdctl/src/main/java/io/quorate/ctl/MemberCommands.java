package io.quorate.ctl;

import io.quorate.api.proto.ClusterGrpc;
import io.quorate.api.proto.Member;
import io.quorate.api.proto.MemberAddRequest;
import io.quorate.api.proto.MemberAddResponse;
import io.quorate.api.proto.MemberListRequest;
import io.quorate.api.proto.MemberPromoteRequest;
import io.quorate.api.proto.MemberRemoveRequest;
import io.quorate.api.proto.MemberUpdateRequest;
import io.quorate.cli.Bytes;
import io.quorate.cli.Command;
import io.quorate.cli.Exit;
import io.quorate.cli.Flag;
import io.quorate.cli.FlagType;
import io.quorate.cli.GoText;
import io.quorate.cli.GoText.BadValue;
import io.quorate.cli.Invocation;
import io.quorate.cli.Terminal;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** {@code member …} (CT-37 to CT-39). */
final class MemberCommands {
    private static final String LIST_DESCRIPTION =
            """
            When --write-out is set to simple, this command prints out comma-separated member lists for each endpoint.
            The items in the lists are ID, Status, Name, Peer Addrs, Client Addrs, Is Learner.
            """;

    private MemberCommands() {}

    static Command command() {
        return Command.parent(
                "member <subcommand>",
                "Membership related commands. Use `etcdctl member --help` to see subcommands",
                "Membership related commands",
                Command.leaf(
                        "add <memberName> [options]",
                        "Adds a member into the cluster",
                        MemberCommands::add,
                        Flag.text("peer-urls", "comma separated peer URLs for the new member."),
                        Flag.toggle("learner", "indicates if the new member is raft learner")),
                Command.leaf(
                        "remove <memberID>",
                        "Removes a member from the cluster",
                        MemberCommands::remove),
                Command.leaf(
                        "update <memberID> [options]",
                        "Updates a member in the cluster",
                        MemberCommands::update,
                        Flag.text(
                                "peer-urls", "comma separated peer URLs for the updated member.")),
                Command.leaf(
                                "list",
                                "Lists all members in the cluster",
                                MemberCommands::list,
                                Flag.of(
                                        "consistency",
                                        FlagType.STRING,
                                        "l",
                                        "Linearizable(l) or Serializable(s)"))
                        .withDescription(LIST_DESCRIPTION),
                Command.leaf(
                                "promote <memberID>",
                                "Promotes a non-voting member in the cluster",
                                MemberCommands::promote)
                        .withDescription(
                                "Promotes a non-voting learner member to a voting one in the"
                                        + " cluster.\n"));
    }

    // ---- add

    private static void add(Invocation call) {
        if (call.arguments().isEmpty()) throw Exit.badArguments("member name not provided");
        if (call.arguments().size() > 1) throw Exit.badArguments(tooMany(call.arguments()));
        String name = call.arguments().getFirst();
        List<String> urls = peerUrls(call);
        Session session = Session.open(call);
        checkUrls(urls);
        MemberAddRequest request =
                MemberAddRequest.newBuilder()
                        .addAllPeerURLs(urls.stream().map(Bytes::toText).toList())
                        .setIsLearner(call.flags().on("learner"))
                        .build();
        MemberAddResponse answer;
        try (Cluster cluster = session.cluster()) {
            answer = cluster.write(ClusterGrpc.getMemberAddMethod(), request);
        }
        session.printer().memberAdd(answer);
        if (session.printer().isSimple()) {
            printSettings(session.terminal(), name, call.flags().text("peer-urls"), answer);
        }
    }

    private static String tooMany(List<String> arguments) {
        StringBuilder message = new StringBuilder("too many arguments");
        for (String argument : arguments) {
            if (argument.toLowerCase(Locale.ROOT).startsWith("http")) {
                message.append(", did you mean --peer-urls=").append(argument);
            }
        }
        return message.toString();
    }

    private static List<String> peerUrls(Invocation call) {
        String urls = call.flags().text("peer-urls");
        if (urls.isEmpty()) throw Exit.badArguments("member peer urls not provided");
        return List.of(urls.split(",", -1));
    }

    /** What Go's client refuses before it asks the server. */
    private static void checkUrls(List<String> urls) {
        for (String text : urls) {
            String url = text.strip();
            int colon = url.indexOf("://");
            String scheme = colon < 0 ? "" : url.substring(0, colon).toLowerCase(Locale.ROOT);
            switch (scheme) {
                case "http", "https" -> checkAddress(url, url.substring(colon + 3));
                case "unix", "unixs" -> {}
                default ->
                        throw new Exit(
                                Exit.ERROR,
                                "URL scheme must be http, https, unix, or unixs: " + url);
            }
        }
    }

    private static void checkAddress(String url, String address) {
        int slash = address.indexOf('/');
        String host = slash < 0 ? address : address.substring(0, slash);
        if (!host.contains(":") || host.endsWith("]")) {
            throw new Exit(Exit.ERROR, "URL address does not have the form \"host:port\": " + url);
        }
        if (slash >= 0) throw new Exit(Exit.ERROR, "URL must not contain a path: " + url);
    }

    /** The variables that the new member is started with. */
    private static void printSettings(
            Terminal terminal, String name, String peerUrls, MemberAddResponse answer) {
        List<String> cluster = new ArrayList<>();
        for (Member member : answer.getMembersList()) {
            boolean added = member.getID() == answer.getMember().getID();
            for (String url : member.getPeerURLsList()) {
                cluster.add(
                        (added ? name : Bytes.ofText(member.getName())) + "=" + Bytes.ofText(url));
            }
        }
        terminal.line("");
        terminal.line("ETCD_NAME=" + GoText.quote(name));
        terminal.line("ETCD_INITIAL_CLUSTER=" + GoText.quote(String.join(",", cluster)));
        terminal.line("ETCD_INITIAL_ADVERTISE_PEER_URLS=" + GoText.quote(peerUrls));
        terminal.line("ETCD_INITIAL_CLUSTER_STATE=\"existing\"");
    }

    // ---- the others

    private static long id(Invocation call) {
        if (call.arguments().size() != 1) throw Exit.badArguments("member ID is not provided");
        try {
            return GoText.parseUint(call.arguments().getFirst(), 16);
        } catch (BadValue e) {
            throw Exit.badArguments(
                    "bad member ID arg (" + e.getMessage() + "), expecting ID in Hex");
        }
    }

    private static void remove(Invocation call) {
        long id = id(call);
        Session session = Session.open(call);
        try (Cluster cluster = session.cluster()) {
            MemberRemoveRequest request = MemberRemoveRequest.newBuilder().setID(id).build();
            session.printer()
                    .memberRemove(id, cluster.write(ClusterGrpc.getMemberRemoveMethod(), request));
        }
    }

    private static void update(Invocation call) {
        long id = id(call);
        List<String> urls = peerUrls(call);
        Session session = Session.open(call);
        checkUrls(urls);
        MemberUpdateRequest request =
                MemberUpdateRequest.newBuilder()
                        .setID(id)
                        .addAllPeerURLs(urls.stream().map(Bytes::toText).toList())
                        .build();
        try (Cluster cluster = session.cluster()) {
            session.printer()
                    .memberUpdate(id, cluster.write(ClusterGrpc.getMemberUpdateMethod(), request));
        }
    }

    private static void list(Invocation call) {
        MemberListRequest request =
                MemberListRequest.newBuilder()
                        .setLinearizable(!KvRequests.serializable(call.flags()))
                        .build();
        Session session = Session.open(call);
        try (Cluster cluster = session.cluster()) {
            session.printer().memberList(cluster.read(ClusterGrpc.getMemberListMethod(), request));
        }
    }

    private static void promote(Invocation call) {
        long id = id(call);
        Session session = Session.open(call);
        try (Cluster cluster = session.cluster()) {
            MemberPromoteRequest request = MemberPromoteRequest.newBuilder().setID(id).build();
            session.printer()
                    .memberPromote(
                            id, cluster.write(ClusterGrpc.getMemberPromoteMethod(), request));
        }
    }
}
