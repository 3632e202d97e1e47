package io.quorate.engine.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.quorate.spi.storage.Applied;
import io.quorate.spi.storage.StateStore.Durability;

import java.util.List;
import java.util.stream.Collectors;

/** One state machine over a fake store, with a log index that counts by itself. */
final class Story implements AutoCloseable {
    FakeStateStore store = new FakeStateStore();
    StateMachine state = StateMachine.open(store);
    private long index;

    Result apply(Command command) {
        return state.apply(command, next());
    }

    Applied next() {
        return new Applied(++index, 1);
    }

    Result.Put put(String key, String value) {
        return (Result.Put) apply(Requests.put(key, value));
    }

    Result.DeleteRange delete(String key) {
        return (Result.DeleteRange) apply(Requests.delete(key));
    }

    Result.Txn txn(Command.Txn txn) {
        RequestChecks.check(txn, RequestChecks.MAX_TXN_OPS);
        return (Result.Txn) apply(txn);
    }

    void compact(long revision) {
        apply(Requests.compact(revision));
    }

    RangeResult range(Requests.Query query) {
        return state.range(query.query());
    }

    String keys(Requests.Query query) {
        return range(query).kvs().stream()
                .map(kv -> Requests.text(kv.key()))
                .collect(Collectors.joining(" "));
    }

    /** What is there, as {@code key=value} in order. */
    String content(long revision) {
        return range(Requests.all().at(revision)).kvs().stream()
                .map(kv -> Requests.text(kv.key()) + "=" + Requests.text(kv.value()))
                .collect(Collectors.joining(" "));
    }

    void commit() {
        state.commit(Durability.FORCE).join();
    }

    /** Removes all that compaction may remove, in small steps, and commits each. */
    void finishCompaction() {
        while (state.compactionPending()) {
            state.compactStep(3);
            commit();
        }
    }

    void restart() {
        commit();
        reopen();
    }

    void crash() {
        store = store.crash();
        reopen();
    }

    private void reopen() {
        state.close();
        state = StateMachine.open(store);
        index = store.applied().index();
    }

    void refused(EtcdError error, Command command) {
        long revision = state.revision();
        List<String> before = List.of(content(0), String.valueOf(state.compactRevision()));
        Applied at = next();
        EtcdException refused = assertThrows(EtcdException.class, () -> state.apply(command, at));
        assertEquals(error, refused.error());
        assertEquals(at, state.applied());
        assertEquals(revision, state.revision());
        assertEquals(before, List.of(content(0), String.valueOf(state.compactRevision())));
    }

    void refused(EtcdError error, Requests.Query query) {
        EtcdException refused = assertThrows(EtcdException.class, () -> range(query));
        assertEquals(error, refused.error());
    }

    @Override
    public void close() {
        assertEquals(0, store.openViews(), "a view was left open");
        state.close();
    }
}
