package io.quorate.engine.grpc;

import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.quorate.engine.node.Node;
import io.quorate.engine.state.Caller;
import io.quorate.engine.state.Command;
import io.quorate.engine.state.EtcdError;
import io.quorate.engine.state.KeyValue;
import io.quorate.engine.state.RangeQuery;
import io.quorate.engine.state.RangeResult;
import io.quorate.engine.state.RequestChecks;
import io.quorate.engine.state.Result;
import io.quorate.engine.state.WatchMessage;
import io.quorate.engine.state.WatchQuery;
import io.quorate.engine.state.WatchStream;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;

/**
 * Whose turn it is among keys under a prefix: that of the smallest create revision. Every key hangs
 * on its owner's lease, so an owner who is gone makes room. Locks and elections are made of this,
 * and so are those of other clients with the same scheme (LK-02, LK-03, EL-06).
 *
 * <p>Who waits watches the key just before his own, so that a turn wakes one and not all, and his
 * own key: when that goes he has lost his place, and is told so at once (T14). A turn is granted
 * only when, at one revision, nobody is before him and his own key is the one that he put.
 */
final class Turns {
    private static final byte[] NONE = {};
    private static final long SESSION_SECONDS = 60;

    private final Node node;
    private final Callers callers;
    private final int maxTxnOps;

    Turns(Node node, Callers callers, int maxTxnOps) {
        this.node = node;
        this.callers = callers;
        this.maxTxnOps = maxTxnOps;
    }

    /**
     * A place in the queue.
     *
     * @param key {@code <prefix>/<lease in hex>}
     * @param created its create revision, which tells it from a later key of the same name
     * @param revision of the store when it was taken
     * @param isFirst whether nobody was before it then
     * @param value of the key, which may have been put by an earlier request for the same lease
     */
    record Place(
            byte[] prefix,
            byte[] key,
            long lease,
            long created,
            long revision,
            boolean isFirst,
            byte[] value) {}

    /** The place is not there any more: its lease is gone, or somebody deleted the key. */
    static final class Lost extends RuntimeException {
        private static final long serialVersionUID = 1;

        Lost() {
            super("the key in the queue is gone", null, false, false);
        }
    }

    /**
     * Takes a place, or the one that the lease has already.
     *
     * @param lease 0 for a new one of a minute (LK-01)
     */
    Place join(byte[] name, long lease, byte[] value) {
        long session = lease == 0 ? newSession() : lease;
        byte[] prefix = prefix(name);
        byte[] key = key(prefix, session);
        var put = new Command.Put(key, value, session, false, false, false);
        Command.Op first = new Command.RangeOp(first(prefix));
        Result.Txn result =
                txn(
                        new Command.Txn(
                                List.of(created(key, 0)),
                                List.of(new Command.PutOp(put), first),
                                List.of(new Command.RangeOp(RangeQuery.one(key)), first)));
        KeyValue mine =
                result.succeeded()
                        ? new KeyValue(key, result.revision(), 0, 1, value, session)
                        : range(result, 0).kvs().getFirst();
        boolean isFirst =
                range(result, 1).kvs().getFirst().createRevision() == mine.createRevision();
        return new Place(
                prefix,
                key,
                session,
                mine.createRevision(),
                result.revision(),
                isFirst,
                mine.value());
    }

    private long newSession() {
        Caller caller = callers.current();
        callers.auth().requireUser(caller);
        return ((Result.LeaseGrant) node.grantLease(0, SESSION_SECONDS, caller).join()).id();
    }

    /**
     * Waits until nobody is before a place; the revision at which that was seen.
     *
     * @throws Lost when the place is gone
     * @throws io.grpc.StatusRuntimeException CANCELLED when the client is gone
     */
    long await(Place place, Patience patience) {
        while (true) {
            node.linearizablePoint().join();
            Command.Txn look = look(place);
            Caller caller = callers.current();
            node.state().requirePermission(caller, look);
            Result.Txn seen = node.state().txn(look);
            callers.auth().requireCurrent(caller);
            List<KeyValue> own = range(seen, 0).kvs();
            if (own.isEmpty() || own.getFirst().createRevision() != place.created) {
                throw new Lost();
            }
            List<KeyValue> before = range(seen, 1).kvs();
            if (before.isEmpty()) {
                return seen.revision();
            }
            awaitDelete(List.of(before.getFirst().key(), place.key), seen.revision() + 1, patience);
        }
    }

    private static Command.Txn look(Place place) {
        return new Command.Txn(
                List.of(),
                List.of(
                        new Command.RangeOp(RangeQuery.one(place.key)),
                        new Command.RangeOp(
                                byCreation(
                                        place.prefix,
                                        RangeQuery.Order.DESCEND,
                                        place.created - 1))),
                List.of());
    }

    private void awaitDelete(List<byte[]> keys, long from, Patience patience) {
        try (WatchStream stream = node.state().watches().open(patience::news)) {
            for (byte[] key : keys) {
                stream.create(0, new WatchQuery(key, NONE, from, true, false, false, false, false));
            }
            while (true) {
                for (WatchMessage m = stream.next(); m != null; m = stream.next()) {
                    if (isWorthALook(m)) {
                        return;
                    }
                }
                patience.await();
            }
        }
    }

    /** Whether a message of a watch may mean that things are no longer as they were. */
    static boolean isWorthALook(WatchMessage message) {
        return switch (message) {
            case WatchMessage.Events events -> true;
            // What happened meanwhile cannot be told any more, but the keys can be looked at.
            case WatchMessage.Compacted compacted -> true;
            case WatchMessage.Closed closed -> throw EtcdError.STOPPED.exception();
            case WatchMessage.Refused refused ->
                    throw new IllegalStateException("a watch was refused: " + refused.reason());
            case WatchMessage.Created created -> false;
            case WatchMessage.Canceled canceled -> false;
            case WatchMessage.Progress progress -> false;
        };
    }

    /** Gives a place up; nothing happens when it is gone. The revision after that. */
    long leave(byte[] key, long created) {
        var delete = new Command.DeleteRangeOp(new Command.DeleteRange(key, NONE, false));
        return txn(new Command.Txn(List.of(created(key, created)), List.of(delete), List.of()))
                .revision();
    }

    /** As {@link #leave(byte[], long)}, because of a failure that is more important. */
    void leave(Place place, RuntimeException because) {
        try {
            leave(place.key, place.created);
        } catch (RuntimeException e) {
            // The lease will see to it.
            because.addSuppressed(e);
        }
    }

    /** Gives the key of a place another value; false when it is gone. */
    Result.Txn replace(byte[] key, long created, long lease, byte[] value) {
        var put = new Command.PutOp(new Command.Put(key, value, lease, false, false, false));
        return txn(new Command.Txn(List.of(created(key, created)), List.of(put), List.of()));
    }

    /** Deletes a key, whoever has put it. */
    Result.DeleteRange delete(byte[] key) {
        var delete = new Command.DeleteRange(key, NONE, false);
        RequestChecks.check(delete);
        return (Result.DeleteRange) node.propose(delete, callers.current()).join();
    }

    /** The key whose turn it is, if any. */
    RangeResult leader(byte[] prefix) {
        node.linearizablePoint().join();
        RangeQuery first = first(prefix);
        Caller caller = callers.current();
        callers.auth().requireRead(caller, first);
        RangeResult leader = node.state().range(first);
        callers.auth().requireCurrent(caller);
        return leader;
    }

    private Result.Txn txn(Command.Txn txn) {
        RequestChecks.check(txn, maxTxnOps);
        return (Result.Txn) node.propose(txn, callers.current()).join();
    }

    private static RangeResult range(Result.Txn result, int op) {
        return ((Result.RangeOpResult) result.results().get(op)).range();
    }

    private static Command.Compare created(byte[] key, long revision) {
        return new Command.Compare(
                key, NONE, Command.Target.CREATE, Command.Relation.EQUAL, revision, NONE);
    }

    private static RangeQuery first(byte[] prefix) {
        return byCreation(prefix, RangeQuery.Order.ASCEND, 0);
    }

    /** The first of the keys under a prefix, up to a create revision or 0. */
    private static RangeQuery byCreation(byte[] prefix, RangeQuery.Order order, long createdMax) {
        return new RangeQuery(
                prefix,
                end(prefix),
                1,
                0,
                order,
                RangeQuery.SortTarget.CREATE,
                false,
                false,
                0,
                0,
                0,
                createdMax);
    }

    /** {@code <name>/}. */
    static byte[] prefix(byte[] name) {
        byte[] prefix = Arrays.copyOf(name, name.length + 1);
        prefix[name.length] = '/';
        return prefix;
    }

    /** The end of the range of a prefix, which ends with a slash. */
    static byte[] end(byte[] prefix) {
        byte[] end = prefix.clone();
        end[end.length - 1]++;
        return end;
    }

    private static byte[] key(byte[] prefix, long lease) {
        // As a signed number: whoever makes such keys outside of the server does so too.
        String hex = lease < 0 ? "-" + Long.toHexString(-lease) : Long.toHexString(lease);
        byte[] suffix = hex.getBytes(StandardCharsets.US_ASCII);
        byte[] key = Arrays.copyOf(prefix, prefix.length + suffix.length);
        System.arraycopy(suffix, 0, key, prefix.length, suffix.length);
        return key;
    }

    /**
     * Answers a call. In etcd these services are clients of the others, and what those refuse loses
     * its code on the way: it is Unknown, with the text (LK-05, EL-02).
     */
    static <A> void answer(StreamObserver<A> observer, Supplier<A> work) {
        Unary.answer(
                observer,
                () -> {
                    try {
                        return work.get();
                    } catch (RuntimeException failure) {
                        throw status(failure).asRuntimeException();
                    }
                });
    }

    static Status status(RuntimeException failure) {
        Status status = Failures.status(failure);
        return switch (status.getCode()) {
            case INTERNAL, CANCELLED -> status;
            default -> Status.UNKNOWN.withDescription(status.getDescription());
        };
    }

    static RuntimeException refusal(String text) {
        return Status.UNKNOWN.withDescription(text).asRuntimeException();
    }
}
