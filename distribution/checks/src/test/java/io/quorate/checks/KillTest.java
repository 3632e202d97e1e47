package io.quorate.checks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.util.concurrent.FutureCallback;
import com.google.common.util.concurrent.Futures;
import com.google.common.util.concurrent.ListenableFuture;
import com.google.protobuf.ByteString;

import io.quorate.api.proto.Compare;
import io.quorate.api.proto.PutRequest;
import io.quorate.api.proto.RangeRequest;
import io.quorate.api.proto.RangeResponse;
import io.quorate.api.proto.RequestOp;
import io.quorate.api.proto.TxnRequest;
import io.quorate.api.proto.TxnResponse;
import io.quorate.api.proto.mvcc.KeyValue;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Writers at full speed, SIGKILL at random moments, a restart on the same data; again and again.
 *
 * <p>Each writer counts its own key up with one call under way, so after a restart the key's
 * version says exactly what was applied: every acknowledged write, the one under way at most once,
 * and nothing twice. As every write makes one revision, the sum of the versions is the revision.
 *
 * <p>{@code -Dkills=100} is the long run; {@code -Dseed=N} repeats the moments, as far as moments
 * can be repeated.
 */
final class KillTest {
    private static final int KILLS = Integer.getInteger("kills", 8);
    private static final int WRITERS = 24;
    private static final int WRITES_MAX = 4000;
    private static final int EARLY_MILLIS_MAX = 1500;
    private static final String KEYS = "writer-";

    @RegisterExtension final Members members = Members.perTest();

    @Test
    @Tag("T1")
    @Tag("T2")
    @Tag("T4")
    @Tag("T20")
    @Tag("FL-04")
    void killedServerKeepsEveryAcknowledgedWriteOnce() throws Exception {
        writeAndKill(KILLS);
    }

    @ParameterizedTest(name = "log {0}, state {1}")
    @CsvSource({"file,xodus", "xodus,file", "xodus,xodus"})
    @Tag("T1")
    @Tag("T2")
    @Tag("T4")
    void soDoesOneOnOtherStorage(String log, String state) throws Exception {
        writeAndKill(Math.max(2, KILLS / 4), "--storage-log=" + log, "--storage-state=" + state);
    }

    private void writeAndKill(int kills, String... storage) throws Exception {
        long seed = Long.getLong("seed", System.nanoTime());
        System.out.println("kill test: -Dkills=" + kills + " -Dseed=" + seed);
        Random random = new Random(seed);
        // Often enough that kills meet snapshots and the removal of old log.
        List<String> flags = new ArrayList<>(List.of(storage));
        flags.add("--snapshot-count=500");
        Member member = members.create("killed", Binaries.ours(), flags.toArray(String[]::new));
        List<Writer> writers = new ArrayList<>();
        for (int i = 0; i < WRITERS; i++) writers.add(new Writer(i));
        long revision = 1;
        for (int kill = 0; kill < kills; kill++) {
            if (kill > 0 && random.nextInt(4) == 0) killEarly(member, random);
            member.start();
            try (EtcdClient client = new EtcdClient(member)) {
                revision = verify(client, writers, revision);
                writeUntilKilled(client, member, writers, 1 + random.nextInt(WRITES_MAX));
            }
            for (Writer writer : writers)
                revision = Math.max(revision, writer.acknowledgedRevision);
        }
        member.start();
        try (EtcdClient client = new EtcdClient(member)) {
            verify(client, writers, revision);
        }
        assertEquals(0, stopCode(member), member::report);
        System.out.println("kill test: " + (revision - 1) + " writes, " + kills + " kills");
    }

    /** A server that is asked to stop ends with 0, or as a process does that SIGTERM ends. */
    private static int stopCode(Member member) {
        int exit = member.stop();
        return exit == 128 + 15 ? 0 : exit;
    }

    /** Kills a server that may still be at its recovery. */
    private static void killEarly(Member member, Random random) {
        member.launch();
        member.exitsWithin(random.nextInt(EARLY_MILLIS_MAX), TimeUnit.MILLISECONDS);
        member.kill();
    }

    private static void writeUntilKilled(
            EtcdClient client, Member member, List<Writer> writers, int writes) throws Exception {
        Semaphore acknowledged = new Semaphore(0);
        List<CompletableFuture<Void>> ends = new ArrayList<>();
        for (Writer writer : writers) ends.add(writer.run(client, acknowledged));
        boolean busy = acknowledged.tryAcquire(writes, 180, TimeUnit.SECONDS);
        assertTrue(busy, () -> "writes are not answered" + member.report());
        assertTrue(member.isAlive(), () -> "the server ended by itself" + member.report());
        member.kill();
        CompletableFuture.allOf(ends.toArray(CompletableFuture<?>[]::new))
                .get(60, TimeUnit.SECONDS);
    }

    /** Compares the store with what the writers know and returns its revision. */
    private static long verify(EtcdClient client, List<Writer> writers, long revisionBefore) {
        RangeResponse all =
                client.kvNow
                        .withDeadlineAfter(60, TimeUnit.SECONDS)
                        .withWaitForReady()
                        .range(
                                RangeRequest.newBuilder()
                                        .setKey(ByteString.copyFromUtf8(KEYS))
                                        .setRangeEnd(ByteString.copyFromUtf8(KEYS + "~"))
                                        .build());
        long revision = all.getHeader().getRevision();
        assertTrue(
                revision >= revisionBefore,
                () -> "the revision went back from " + revisionBefore + " to " + revision);
        Map<ByteString, KeyValue> found = new HashMap<>();
        for (KeyValue pair : all.getKvsList()) found.put(pair.getKey(), pair);
        long writes = 0;
        for (Writer writer : writers) {
            writes += writer.verify(found.getOrDefault(writer.key, KeyValue.getDefaultInstance()));
        }
        assertEquals(1 + writes, revision, "each write makes one revision");
        return revision;
    }

    /**
     * Counts one key up. Even writers put blindly, so that a write applied twice counts twice; odd
     * ones compare the version first, so that a lost write fails the next comparison.
     */
    private static final class Writer {
        private final ByteString key;
        private final boolean compares;
        private long acknowledged;
        private long acknowledgedRevision;
        private boolean underWay;

        Writer(int number) {
            key = ByteString.copyFromUtf8("%s%02d".formatted(KEYS, number));
            compares = number % 2 == 1;
        }

        /** Writes until a call fails, as all do when the server is killed. */
        CompletableFuture<Void> run(EtcdClient client, Semaphore acknowledgements) {
            CompletableFuture<Void> end = new CompletableFuture<>();
            write(client, acknowledgements, end);
            return end;
        }

        private void write(EtcdClient client, Semaphore count, CompletableFuture<Void> end) {
            underWay = true;
            Futures.addCallback(
                    send(client),
                    new FutureCallback<>() {
                        @Override
                        public void onSuccess(Long revision) {
                            underWay = false;
                            if (revision <= acknowledgedRevision) {
                                end.completeExceptionally(
                                        new AssertionError(
                                                "revision "
                                                        + revision
                                                        + " after "
                                                        + acknowledgedRevision));
                                return;
                            }
                            acknowledged++;
                            acknowledgedRevision = revision;
                            count.release();
                            write(client, count, end);
                        }

                        @Override
                        public void onFailure(Throwable cause) {
                            if (cause instanceof AssertionError) end.completeExceptionally(cause);
                            else end.complete(null);
                        }
                    },
                    Runnable::run);
        }

        private ListenableFuture<Long> send(EtcdClient client) {
            PutRequest put =
                    PutRequest.newBuilder()
                            .setKey(key)
                            .setValue(ByteString.copyFromUtf8(Long.toString(acknowledged + 1)))
                            .build();
            if (!compares) {
                return Futures.transform(
                        client.kv.put(put), done -> done.getHeader().getRevision(), Runnable::run);
            }
            TxnRequest txn =
                    TxnRequest.newBuilder()
                            .addCompare(
                                    Compare.newBuilder()
                                            .setKey(key)
                                            .setTarget(Compare.CompareTarget.VERSION)
                                            .setVersion(acknowledged))
                            .addSuccess(RequestOp.newBuilder().setRequestPut(put))
                            .build();
            return Futures.transform(client.kv.txn(txn), this::written, Runnable::run);
        }

        private long written(TxnResponse done) {
            if (!done.getSucceeded()) {
                throw new AssertionError(
                        key.toStringUtf8() + " has not version " + acknowledged + ", acknowledged");
            }
            return done.getHeader().getRevision();
        }

        /** Returns how many writes are in the store; the unanswered one may be among them. */
        long verify(KeyValue pair) {
            long version = pair.getVersion();
            long most = acknowledged + (underWay ? 1 : 0);
            assertTrue(
                    version >= acknowledged && version <= most,
                    () ->
                            "%s has version %d; %d writes are acknowledged, %d under way"
                                    .formatted(
                                            key.toStringUtf8(),
                                            version,
                                            acknowledged,
                                            underWay ? 1 : 0));
            if (version > 0) {
                assertEquals(Long.toString(version), pair.getValue().toStringUtf8());
                assertTrue(pair.getModRevision() >= acknowledgedRevision);
                if (version == acknowledged) {
                    assertEquals(acknowledgedRevision, pair.getModRevision());
                }
            }
            acknowledged = version;
            acknowledgedRevision = pair.getModRevision();
            underWay = false;
            return version;
        }
    }
}
