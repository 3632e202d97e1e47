package io.quorate.ctl;

import com.google.protobuf.ByteString;

import io.quorate.api.client.Watch;
import io.quorate.api.proto.KVGrpc;
import io.quorate.api.proto.RangeRequest;
import io.quorate.api.proto.RangeResponse;
import io.quorate.api.proto.ResponseHeader;
import io.quorate.api.proto.WatchCreateRequest;
import io.quorate.api.proto.WatchResponse;
import io.quorate.api.proto.mvcc.Event;
import io.quorate.api.proto.mvcc.KeyValue;
import io.quorate.cli.Command;
import io.quorate.cli.Exit;
import io.quorate.cli.Flag;
import io.quorate.cli.Invocation;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** {@code elect}: stands for election, or observes one (CT-51). */
final class ElectCommand {
    private static final int TTL_SECONDS = 60;

    private ElectCommand() {}

    static Command command() {
        return Command.leaf(
                "elect <election-name> [proposal]",
                "Observes and participates in leader election",
                ElectCommand::run,
                Flag.toggle("listen", "observation mode").withLetter("l"));
    }

    private static void run(Invocation call) {
        int words = call.arguments().size();
        if (words != 1 && words != 2) {
            throw Exit.badArguments(
                    "elect takes one election name argument and an optional proposal argument");
        }
        boolean listen = call.flags().on("listen");
        Session session = Session.open(call);
        if (words == 1 && !listen) {
            throw Exit.badArguments("no proposal argument but -l not set");
        }
        if (words == 2 && listen) throw Exit.badArguments("proposal given but -l is set");
        String name = call.arguments().getFirst();
        try (Cluster cluster = session.patientCluster()) {
            if (listen) new Observer(session, cluster, name).run();
            else campaign(session, cluster, name, call.arguments().get(1));
        }
    }

    private static void campaign(Session session, Cluster cluster, String name, String proposal) {
        CompletableFuture<Void> signal = new CompletableFuture<>();
        Contender contender = Contender.enter(cluster, name, TTL_SECONDS);
        Signals.onEnd(() -> {
            contender.giveUp();
            signal.complete(null);
        });
        if (contender.awaitTurn(Ranges.key(proposal)).isEmpty()) {
            contender.resign();
            throw new Exit(Exit.ERROR, "context canceled");
        }
        session.printer().get(contender.get());
        session.terminal().flush();
        CompletableFuture<Void> lost = contender.lost().exceptionally(failure -> null);
        CompletableFuture.anyOf(signal, lost).join();
        if (!signal.isDone()) throw new Exit(Exit.ERROR, "elect: session expired");
        contender.resign();
    }

    /** Prints each leader, and each of its proposals, until it is interrupted. */
    private static final class Observer {
        private final Session session;
        private final Cluster cluster;
        private final ByteString folder;
        private Optional<Watch> waiting = Optional.empty();
        private boolean ended;

        Observer(Session session, Cluster cluster, String name) {
            this.session = session;
            this.cluster = cluster;
            this.folder = Ranges.key(name + "/");
        }

        void run() {
            Signals.onEnd(this::end);
            while (!hasEnded()) {
                Optional<RangeResponse> leader = leader();
                if (leader.isPresent()) follow(leader.get());
            }
        }

        private synchronized void end() {
            ended = true;
            waiting.ifPresent(Watch::close);
        }

        private synchronized boolean hasEnded() {
            return ended;
        }

        /** The leader now, or the first that comes; empty at the end. */
        private Optional<RangeResponse> leader() {
            RangeRequest oldest =
                    RangeRequest.newBuilder()
                            .setKey(folder)
                            .setRangeEnd(Ranges.prefixEnd(folder))
                            .setSortTarget(RangeRequest.SortTarget.CREATE)
                            .setSortOrder(RangeRequest.SortOrder.ASCEND)
                            .setLimit(1)
                            .build();
            RangeResponse now = cluster.read(KVGrpc.getRangeMethod(), oldest);
            if (now.getKvsCount() > 0) {
                return Optional.of(leader(now.getHeader(), now.getKvs(0)));
            }
            WatchCreateRequest any =
                    WatchCreateRequest.newBuilder()
                            .setKey(folder)
                            .setRangeEnd(oldest.getRangeEnd())
                            .setStartRevision(now.getHeader().getRevision())
                            .build();
            try (Watch watch = watch(any)) {
                for (Optional<WatchResponse> answer = watch.next();
                        answer.isPresent();
                        answer = watch.next()) {
                    for (Event event : answer.get().getEventsList()) {
                        if (event.getType() == Event.EventType.PUT) {
                            return Optional.of(leader(answer.get().getHeader(), event.getKv()));
                        }
                    }
                }
            }
            return Optional.empty();
        }

        private static RangeResponse leader(ResponseHeader header, KeyValue pair) {
            return RangeResponse.newBuilder()
                    .setHeader(header.toBuilder().setRevision(pair.getModRevision()))
                    .addKvs(pair)
                    .build();
        }

        private Watch watch(WatchCreateRequest request) {
            Watch watch = cluster.client().watch(request);
            synchronized (this) {
                waiting = Optional.of(watch);
                if (ended) watch.close();
            }
            return watch;
        }

        /** Prints what the leader proposes until its key is gone. */
        private void follow(RangeResponse leader) {
            print(leader);
            WatchCreateRequest changes =
                    WatchCreateRequest.newBuilder()
                            .setKey(leader.getKvs(0).getKey())
                            .setStartRevision(leader.getHeader().getRevision() + 1)
                            .build();
            try (Watch watch = watch(changes)) {
                for (Optional<WatchResponse> answer = watch.next();
                        answer.isPresent();
                        answer = watch.next()) {
                    for (Event event : answer.get().getEventsList()) {
                        if (event.getType() == Event.EventType.DELETE) return;
                        print(
                                RangeResponse.newBuilder()
                                        .setHeader(answer.get().getHeader())
                                        .addKvs(event.getKv())
                                        .build());
                    }
                }
            }
        }

        private void print(RangeResponse leader) {
            session.printer().get(leader);
            session.terminal().flush();
        }
    }
}
