package io.quorate.engine.grpc;

import io.grpc.Context;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.quorate.api.proto.election.CampaignRequest;
import io.quorate.api.proto.election.CampaignResponse;
import io.quorate.api.proto.election.ElectionGrpc;
import io.quorate.api.proto.election.LeaderKey;
import io.quorate.api.proto.election.LeaderRequest;
import io.quorate.api.proto.election.LeaderResponse;
import io.quorate.api.proto.election.ProclaimRequest;
import io.quorate.api.proto.election.ProclaimResponse;
import io.quorate.api.proto.election.ResignRequest;
import io.quorate.api.proto.election.ResignResponse;
import io.quorate.engine.node.Node;
import io.quorate.engine.state.KeyValue;
import io.quorate.engine.state.RangeResult;
import io.quorate.engine.state.Result;
import io.quorate.engine.state.WatchEvent;
import io.quorate.engine.state.WatchMessage;
import io.quorate.engine.state.WatchQuery;
import io.quorate.engine.state.WatchStream;

import java.util.Arrays;

/** Elections (EL-*): the leader is whose turn it is, and its value what it proclaims. */
final class ElectionService extends ElectionGrpc.ElectionImplBase {
    private static final String NOT_LEADER = "election: not leader";

    private final Node node;
    private final Turns turns;
    private final Answers answers;

    ElectionService(Node node, Turns turns, Answers answers) {
        this.node = node;
        this.turns = turns;
        this.answers = answers;
    }

    /** EL-01. */
    @Override
    public void campaign(CampaignRequest request, StreamObserver<CampaignResponse> observer) {
        Turns.answer(
                observer,
                () -> {
                    byte[] value = Bytes.of(request.getValue());
                    Turns.Place place =
                            turns.join(Bytes.of(request.getName()), request.getLease(), value);
                    if (!Arrays.equals(place.value(), value)) {
                        proclaimAgain(place, value);
                    }
                    if (!place.isFirst()) {
                        await(place);
                    }
                    return CampaignResponse.newBuilder()
                            .setHeader(answers.header(place.revision()))
                            .setLeader(
                                    LeaderKey.newBuilder()
                                            .setName(request.getName())
                                            .setKey(Bytes.of(place.key()))
                                            .setRev(place.created())
                                            .setLease(place.lease()))
                            .build();
                });
    }

    /** The lease has a place already, from an earlier campaign with another value. */
    private void proclaimAgain(Turns.Place place, byte[] value) {
        try {
            proclaim(place.key(), place.created(), place.lease(), value);
        } catch (RuntimeException failure) {
            turns.leave(place, failure);
            throw failure;
        }
    }

    /**
     * A candidate whose key goes while it waits is never elected. etcd tells it that it is, and
     * leaves it to the first proclaim to find out.
     */
    private void await(Turns.Place place) {
        try (Patience patience = new Patience()) {
            turns.await(place, patience);
        } catch (Turns.Lost lost) {
            throw Turns.refusal(NOT_LEADER);
        } catch (RuntimeException failure) {
            turns.leave(place, failure);
            throw failure;
        }
    }

    /** EL-02. */
    @Override
    public void proclaim(ProclaimRequest request, StreamObserver<ProclaimResponse> observer) {
        Turns.answer(
                observer,
                () -> {
                    LeaderKey leader = leader(request.hasLeader(), request.getLeader());
                    long revision =
                            proclaim(
                                    Bytes.of(leader.getKey()),
                                    leader.getRev(),
                                    leader.getLease(),
                                    Bytes.of(request.getValue()));
                    return ProclaimResponse.newBuilder()
                            .setHeader(answers.header(revision))
                            .build();
                });
    }

    private long proclaim(byte[] key, long created, long lease, byte[] value) {
        Result.Txn replaced = turns.replace(key, created, lease, value);
        if (!replaced.succeeded()) {
            throw Turns.refusal(NOT_LEADER);
        }
        return replaced.revision();
    }

    /** EL-05. */
    @Override
    public void resign(ResignRequest request, StreamObserver<ResignResponse> observer) {
        Turns.answer(
                observer,
                () -> {
                    LeaderKey leader = leader(request.hasLeader(), request.getLeader());
                    long revision = turns.leave(Bytes.of(leader.getKey()), leader.getRev());
                    return ResignResponse.newBuilder().setHeader(answers.header(revision)).build();
                });
    }

    private static LeaderKey leader(boolean given, LeaderKey leader) {
        if (!given) {
            throw Turns.refusal("\"leader\" field must be provided");
        }
        return leader;
    }

    /** EL-03. */
    @Override
    public void leader(LeaderRequest request, StreamObserver<LeaderResponse> observer) {
        Turns.answer(
                observer,
                () -> {
                    RangeResult found = turns.leader(Turns.prefix(Bytes.of(request.getName())));
                    if (found.kvs().isEmpty()) {
                        throw Turns.refusal("election: no leader");
                    }
                    return leader(found.revision(), found.kvs().getFirst());
                });
    }

    private LeaderResponse leader(long revision, KeyValue kv) {
        return LeaderResponse.newBuilder()
                .setHeader(answers.header(revision))
                .setKv(Answers.keyValue(kv))
                .build();
    }

    /** EL-04. Waits in a thread of its own, so that the call's can hear that the client reads. */
    @Override
    public void observe(LeaderRequest request, StreamObserver<LeaderResponse> observer) {
        var observing =
                new Observing(
                        Turns.prefix(Bytes.of(request.getName())),
                        (ServerCallStreamObserver<LeaderResponse>) observer);
        Thread.ofVirtual().name("observe").start(Context.current().wrap(observing));
    }

    /**
     * Tells the leader of an election and what it proclaims, one leader after the other. Goes from
     * one value to the next without a gap while a leader leads; of leaders that come and go faster
     * than they are looked for, only the last is told.
     */
    private final class Observing implements Runnable {
        private final byte[] prefix;
        private final ServerCallStreamObserver<LeaderResponse> observer;
        private final Patience patience = new Patience();

        Observing(byte[] prefix, ServerCallStreamObserver<LeaderResponse> observer) {
            this.prefix = prefix;
            this.observer = observer;
            observer.setOnCancelHandler(patience::news);
            observer.setOnReadyHandler(patience::news);
        }

        @Override
        public void run() {
            try (patience) {
                while (true) {
                    observeOne();
                }
            } catch (RuntimeException failure) {
                Status status = Turns.status(failure);
                if (status.getCode() != Status.Code.CANCELLED) {
                    observer.onError(status.asRuntimeException());
                }
            }
        }

        private void observeOne() {
            RangeResult found = turns.leader(prefix);
            if (!found.kvs().isEmpty()) {
                KeyValue leader = found.kvs().getFirst();
                send(found.revision(), leader);
                follow(leader.key(), found.revision() + 1);
                return;
            }
            byte[] end = Turns.end(prefix);
            WatchMessage.Events news =
                    firstNews(
                            new WatchQuery(
                                    prefix,
                                    end,
                                    found.revision() + 1,
                                    false,
                                    true,
                                    false,
                                    false,
                                    false));
            if (news != null) {
                KeyValue leader = news.events().getFirst().decoded();
                send(leader.modRevision(), leader);
                follow(leader.key(), leader.modRevision() + 1);
            }
        }

        /** The first events, or null when they are compacted. */
        private WatchMessage.Events firstNews(WatchQuery query) {
            try (WatchStream stream = node.state().watches().open(patience::news)) {
                stream.create(0, query);
                WatchMessage message = next(stream);
                return message instanceof WatchMessage.Events events ? events : null;
            }
        }

        /** Tells what a leader proclaims until its key goes. */
        private void follow(byte[] key, long from) {
            try (WatchStream stream = node.state().watches().open(patience::news)) {
                stream.create(0, WatchQuery.key(key, from));
                while (next(stream) instanceof WatchMessage.Events events) {
                    for (WatchEvent event : events.events()) {
                        if (event.isDelete()) {
                            return;
                        }
                        send(events.revision(), event.decoded());
                    }
                }
            }
        }

        private WatchMessage next(WatchStream stream) {
            while (true) {
                WatchMessage message = stream.next();
                if (message == null) {
                    patience.await();
                } else if (Turns.isWorthALook(message)) {
                    return message;
                }
            }
        }

        private void send(long revision, KeyValue kv) {
            while (!observer.isReady()) {
                patience.await();
            }
            observer.onNext(leader(revision, kv));
        }
    }
}
