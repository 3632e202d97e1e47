package io.quorate.engine.state;

import io.quorate.spi.storage.Applied;
import io.quorate.spi.storage.Install;
import io.quorate.spi.storage.ReadView;
import io.quorate.spi.storage.StateStore;
import io.quorate.spi.storage.StorageException;
import io.quorate.spi.storage.WriteBatch;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.BooleanSupplier;

/**
 * The replicated state: keys over a {@link StateStore}.
 *
 * <p>Threads. One thread at a time changes it: {@link #apply}, {@link #skip}, {@link #putMeta},
 * {@link #compactStep}, {@link #commit} and {@link #close}. Any thread reads, at any time, without
 * a lock: a read takes what the last finished command left and sees nothing of later ones.
 *
 * <p>Laws:
 *
 * <ul>
 *   <li>A command shows wholly or not at all, to reads and in the store (KV-23).
 *   <li>A command that is refused changes nothing but the position.
 *   <li>What was applied is in memory until {@link #commit}; after a crash the caller applies the
 *       log from the store's position on.
 *   <li>After a {@link io.quorate.spi.storage.StorageException} from apply, skip or commit (NoSpace
 *       from commit apart, which may be repeated) the caller stops using it; reads still answer
 *       what was published before.
 * </ul>
 *
 * <p>Compaction has two parts. The command makes old revisions unreadable at once. Their rows go in
 * bounded steps that the caller makes between its apply batches: while {@link
 * #compactionPending()}, it calls {@link #compactStep} and then {@link #commit}, best with a pause
 * in between (SE-12: 1000 rows, 10 ms). A crash between two steps does no harm: the rest follows
 * after the next open.
 */
public final class StateMachine implements AutoCloseable {
    /** A caller that waits for its answer to the end. */
    static final BooleanSupplier STAYS = () -> false;

    private final StateStore store;
    private final StateOptions options;
    private final History history;
    private volatile Content content;
    private final WatchHub watches;
    private volatile Published published;

    // For reads: odd while the state is being replaced, another one afterwards; and when it is
    // over.
    private volatile long replacements;
    private volatile CompletableFuture<Void> replaced = CompletableFuture.completedFuture(null);

    /** What {@link Compaction#committed} was told, or will be when the commit is complete. */
    private long compactionCommitted = -1;

    private StateMachine(
            StateStore store,
            StateOptions options,
            Content content,
            History history,
            Executor dispatcher) {
        this.store = store;
        this.options = options;
        this.history = history;
        this.content = content;
        publish(store.applied());
        this.watches = new WatchHub(store, history, () -> published, dispatcher);
    }

    /** Opens over a store, whose position it takes; rebuilds the key index from it. */
    public static StateMachine open(StateStore store) {
        return open(store, StateOptions.DEFAULT);
    }

    /** As {@link #open(StateStore)}; watches are told by the apply thread itself. */
    public static StateMachine open(StateStore store, StateOptions options) {
        return open(store, options, Runnable::run);
    }

    /**
     * As {@link #open(StateStore)}. The store stays the caller's to close, after this. Takes some
     * seconds for each million rows.
     *
     * @param dispatcher hands events to watches: runs a short task soon, never rejects one
     * @throws io.quorate.spi.storage.StorageException.Corruption when a row is not what it must be
     */
    public static StateMachine open(StateStore store, StateOptions options, Executor dispatcher) {
        try (ReadView view = store.view()) {
            History history = new History(0, options.historyBytes());
            Content content = Content.of(view, store, options, history);
            return new StateMachine(store, options, content, history, dispatcher);
        }
    }

    /** Position of the last applied entry. */
    public Applied applied() {
        return published.applied();
    }

    /**
     * As {@link #apply(Command, Caller, Applied)} on behalf of nobody in particular, which suffices
     * while auth is off.
     */
    public Result apply(Command command, Applied at) {
        return apply(command, Caller.NOBODY, at);
    }

    /**
     * Applies a command at its log position. Effects are visible to reads on return; they reach the
     * store with the next {@link #commit}.
     *
     * @throws EtcdException when the command is refused, or the caller may not have it applied;
     *     then nothing changed but the position
     */
    public Result apply(Command command, Caller caller, Applied at) {
        try {
            Result result = dispatch(command, caller, at);
            publish(at);
            watches.published();
            return result;
        } catch (EtcdException refused) {
            skip(at);
            throw refused;
        }
    }

    private Result dispatch(Command command, Caller caller, Applied at) {
        Writer writer = content.writer();
        Membership membership = content.membership();
        Alarms alarms = content.alarms();
        WriteBatch batch = writer.batch();
        alarms.check(command);
        if (auth().enabled()) check(caller).require(command);
        return switch (command) {
            case Command.Put put -> writer.apply(put);
            case Command.DeleteRange delete -> writer.apply(delete);
            case Command.Txn txn -> writer.apply(txn);
            case Command.Compact compact -> compact(compact);
            case Command.LeaseGrant grant -> writer.apply(grant);
            case Command.LeaseRevoke revoke -> writer.apply(revoke);
            case Command.LeaseCheckpoint checkpoint -> writer.apply(checkpoint);
            case Command.MemberAdd add -> {
                membership.apply(add, batch);
                yield done();
            }
            case Command.MemberRemove remove -> {
                membership.apply(remove, batch);
                yield done();
            }
            case Command.MemberUpdate update -> {
                membership.apply(update, batch);
                yield done();
            }
            case Command.MemberPromote promote -> {
                membership.apply(promote, batch);
                yield done();
            }
            case Command.MemberAttributes attributes -> {
                membership.apply(attributes, batch);
                yield done();
            }
            case Command.ClusterVersion version -> {
                membership.apply(version, batch);
                yield done();
            }
            case Command.RaiseAlarm(Alarm alarm) -> answer(alarms.raise(alarm, batch));
            case Command.ClearAlarm(Alarm alarm) -> answer(alarms.clear(alarm, batch));
            case Command.Downgrade change -> {
                content.downgrade().apply(change, batch);
                yield done();
            }
            case AuthCommand users ->
                    content.auth().apply(users, writer.revision(), at.index(), batch);
        };
    }

    private Result.Alarms answer(List<Alarm> changed) {
        return new Result.Alarms(content.writer().revision(), changed);
    }

    private Result compact(Command.Compact command) {
        long previous = content.writer().compactRevision();
        Result.Compact result = content.writer().apply(command);
        content.compaction().schedule(command.revision(), previous, content.writer().batch());
        return result;
    }

    private Result.Done done() {
        return new Result.Done(content.writer().revision());
    }

    private void publish(Applied at) {
        Writer writer = content.writer();
        published =
                new Published(
                        writer.index().freeze(), writer.revision(), writer.compactRevision(), at);
    }

    /** Moves the position over an entry that changes nothing. */
    public void skip(Applied at) {
        Published now = published;
        published = new Published(now.root(), now.revision(), now.compactRevision(), at);
    }

    /**
     * Keeps a small record of the caller, such as {@code confState}, in the batch of the next
     * commit.
     *
     * @param value belongs to the state machine from now on
     */
    public void putMeta(String name, byte[] value) {
        content.meta().put(name, value, content.writer().batch());
    }

    /** The record last put under the name, committed or not; null for none. Not to be changed. */
    public byte[] meta(String name) {
        return content.meta().get(name);
    }

    /**
     * Hands all effects since the last commit to the store, as one batch with the position. When it
     * throws NoSpace the effects stay pending and the call may be repeated.
     */
    public CompletableFuture<Void> commit(StateStore.Durability durability) {
        Writer writer = content.writer();
        Compaction compaction = content.compaction();
        WriteBatch batch = writer.batch();
        long finished = compaction.finished();
        CompletableFuture<Void> committed = store.commit(batch, published.applied(), durability);
        writer.committed();
        compaction.committed();
        if (finished > compactionCommitted) {
            compactionCommitted = finished;
            committed.thenRun(() -> compaction.committed(finished));
        }
        return committed;
    }

    /** Payload bytes that the next commit hands over. For the apply thread. */
    public long uncommittedBytes() {
        return content.writer().batch().bytes();
    }

    /**
     * Reads at the applied state.
     *
     * @throws EtcdException for a compacted or future revision
     */
    public RangeResult range(RangeQuery query) {
        return range(query, STAYS);
    }

    /**
     * As {@link #range(RangeQuery)}, for a caller that may go away meanwhile (KV-24).
     *
     * @param abandoned whether nobody waits for the answer any more; asked before each row, from
     *     the calling thread
     * @throws EtcdException CANCELED once it is abandoned
     */
    public RangeResult range(RangeQuery query, BooleanSupplier abandoned) {
        return read((state, rows) -> new Reading(state, rows).range(query), abandoned);
    }

    /** One piece of a range that is read piece by piece: its count is that of the piece. */
    RangeResult page(RangeQuery query) {
        return read((state, rows) -> new Reading(state, rows).page(query), STAYS);
    }

    /**
     * Answers a transaction of ranges only, see {@link RequestChecks#isReadOnly}, at the applied
     * state (TX-18, TX-22).
     *
     * @throws EtcdException for a compacted or future revision
     */
    public Result.Txn txn(Command.Txn readOnly) {
        if (!RequestChecks.isReadOnly(readOnly))
            throw new IllegalArgumentException("a transaction with writes must be proposed");
        return read((state, rows) -> {
            Reading reading = new Reading(state, rows);
            TxnPlan plan = TxnPlan.choose(reading, readOnly);
            plan.check(reading, content.leases()::exists);
            return plan.read(reading);
        });
    }

    /**
     * Starts a read in chunks at the applied state (KV-25). The query must have passed {@link
     * RequestChecks#checkStream}.
     *
     * @param targetBytes about how large a chunk may get, 1 or more; {@code --max-request-bytes}
     */
    public RangeStream rangeStream(RangeQuery query, long targetBytes) {
        return new RangeStream(this, query, targetBytes);
    }

    /**
     * Hashes the keys up to a revision, 0 for the current one. Reads all rows, unless the revision
     * is one of the last that were compacted to: then the hash is known from that compaction, with
     * the compact revision before it. Up to a negative revision there is nothing to hash.
     *
     * @throws EtcdException for a compacted or future revision
     */
    public KvHash hashKv(long revision) {
        Optional<KvHash> known = content.compaction().hashes().at(revision);
        if (known.isPresent()) return known.get().at(revision());
        return read((state, rows) -> {
            if (revision < 0) return KvHasher.ofNothing(revision, state);
            long at = new Reading(state, rows).readRevision(revision);
            return new KvHasher(state, rows, at).hash();
        });
    }

    /** The hashes known from the last compactions since the start, oldest first (SE-67). */
    public List<KvHash> compactionHashes() {
        return content.compaction().hashes().list();
    }

    /**
     * Hashes all that was committed, not the keys alone (MA-11). Only for tests of a cluster at
     * rest: the revision may be a later one than the hash covers.
     */
    public StoreHash hash() {
        try (ReadView view = store.view()) {
            return new StoreHash(StoreHasher.hash(view), revision());
        }
    }

    private <T> T read(Read<T> read) {
        return read(read, STAYS);
    }

    private <T> T read(Read<T> read, BooleanSupplier abandoned) {
        while (true) {
            replaced.join();
            long before = replacements;
            // The newest compact revision is asked for again after what the read relies on.
            try (Rows rows = new Rows(store, () -> published.compactRevision(), abandoned)) {
                T answer = read.from(published, rows);
                if (before % 2 == 0 && before == replacements) return answer;
            } catch (Rows.Overtaken e) {
                // A compaction came in between. Happens once for each compaction at most.
            } catch (StorageException.Corruption e) {
                // An index and a store of different states do not go together.
                if (before % 2 == 0 && before == replacements) throw e;
            }
        }
    }

    /** Current revision, 1 for an empty store (SE-01). */
    public long revision() {
        return published.revision();
    }

    /** Keys that are not deleted at the current revision. */
    public long keys() {
        return published.root().live;
    }

    /** Last compacted revision, -1 before the first compaction. */
    public long compactRevision() {
        return published.compactRevision();
    }

    /** Whether {@link #compactStep} has something to do. For the apply thread. */
    public boolean compactionPending() {
        return content.compaction().pending();
    }

    /**
     * Hashes and removes rows of the running compaction; they leave the store with the next commit.
     * Takes time in proportion to {@code maxRows}, whatever the number of keys.
     *
     * @param maxRows most rows to look at, 1 or more
     * @return the report when this was the last step
     */
    public Optional<CompactionReport> compactStep(int maxRows) {
        if (maxRows < 1) throw new IllegalArgumentException("maxRows is " + maxRows + ", below 1");
        Optional<CompactionReport> report =
                content.compaction()
                        .step(
                                maxRows,
                                store,
                                content.writer().revision(),
                                content.writer().batch());
        publish(published.applied());
        return report;
    }

    /**
     * Completes when the rows of the compaction to this revision are removed and the commit with
     * the last of them is complete: durable if that was forced (KV-41). It fails with {@link
     * io.quorate.spi.storage.StorageException.Closed} when the state machine closes first. For a
     * revision that no applied compaction reached it waits for one that does.
     */
    public CompletableFuture<Void> compacted(long revision) {
        return content.compaction().done(revision);
    }

    /** A lease as the log has it, applied or not yet committed; empty when there is none. */
    public Optional<Lease> lease(long id) {
        return content.leases().get(id);
    }

    /** All leases, in no order. */
    public List<Lease> leases() {
        return content.leases().all();
    }

    /**
     * The keys attached to a lease, in order; empty when there is no such lease. The arrays are not
     * to be changed.
     */
    public List<byte[]> leaseKeys(long id) {
        return content.leases().keys(id);
    }

    /** Who watches the changes; any thread. */
    public WatchHub watches() {
        return watches;
    }

    /** The members, by id (unsigned). */
    public List<Member> members() {
        return content.membership().members();
    }

    /** Whether there was a member of this id that was removed (RC-10). */
    public boolean isRemovedMember(long id) {
        return content.membership().isRemoved(id);
    }

    /** The version that all members speak, such as {@code 3.7.0}; empty before it was agreed on. */
    public Optional<String> clusterVersion() {
        return content.membership().clusterVersion();
    }

    /** The users and roles as the last command left them. */
    public AuthState auth() {
        return content.auth().state();
    }

    /**
     * Refuses a caller who may not have such a transaction; for {@link #txn}.
     *
     * @throws EtcdException when he may not
     */
    public void requirePermission(Caller caller, Command.Txn readOnly) {
        check(caller).require(readOnly);
    }

    private AuthCheck check(Caller caller) {
        Content now = content;
        return new AuthCheck(now.auth().state(), caller, now.leases()::keys);
    }

    /** The alarms that are raised, by type, then by member. */
    public List<Alarm> alarms() {
        return content.alarms().list();
    }

    /** The downgrade that runs, if any. */
    public DowngradeInfo downgrade() {
        return content.downgrade().info();
    }

    /**
     * Gives freed space back to the file system. Any thread; holds up commits, never reads.
     *
     * @throws io.quorate.spi.storage.StorageException when the store cannot
     */
    public void defragment() {
        store.defragment();
    }

    /**
     * What the last commit left, all keyspaces at one position, whatever is applied later. The
     * caller closes it.
     */
    public ReadView view() {
        return store.view();
    }

    /** Bytes allocated by the store. */
    public long sizeOnDisk() {
        return store.sizeOnDisk();
    }

    /** Bytes of the store that hold live data. */
    public long sizeInUse() {
        return store.sizeInUse();
    }

    /**
     * Starts to take in a whole state of another member; see {@link StateStore#beginInstall}. Any
     * thread, while none is open. It ends with {@link #replace}, or when it is closed.
     */
    public Install beginInstall(Applied at) {
        return store.beginInstall(at);
    }

    /**
     * Puts the state that was fed to the install in the place of this one, durably. What was
     * applied and not committed is lost. Reads wait meanwhile, about a second for each million
     * rows; watches then go on behind what they have seen. For the apply thread.
     */
    public void replace(Install install) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        replaced = done;
        replacements++;
        try {
            watches.replace(() -> {
                install.commit();
                reload();
            });
        } finally {
            replacements++;
            done.complete(null);
        }
    }

    private void reload() {
        content.compaction().close();
        try (ReadView view = store.view()) {
            content = Content.of(view, store, options, history);
            compactionCommitted = -1;
            publish(view.applied());
        }
    }

    /** Forgets what was not committed, and ends all watches. The store stays open. */
    @Override
    public void close() {
        content.compaction().close();
        watches.close();
    }

    private interface Read<T> {
        T from(Published state, Rows rows);
    }
}
