package io.quorate.checks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.util.concurrent.FutureCallback;
import com.google.common.util.concurrent.Futures;
import com.google.protobuf.ByteString;

import io.quorate.api.proto.PutRequest;
import io.quorate.api.proto.PutResponse;
import io.quorate.api.proto.RangeRequest;
import io.quorate.api.proto.RangeResponse;

import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** A signal in the middle of writes: the member ends in order and has kept what it acknowledged. */
final class SignalTest {
    private static final int WRITERS = 16;
    private static final int WRITES_BEFORE_THE_SIGNAL = 500;

    @RegisterExtension final Members members = Members.perTest();

    @ParameterizedTest
    @CsvSource({"TERM, 143", "INT, 130"})
    @Tag("EX-14")
    @Tag("PK-13")
    void signalUnderLoadEndsInOrderAndLosesNothing(String signal, int exit) throws Exception {
        if (signal.equals("INT")) assumeInterruptsReachChildren();
        Member member = members.start("signalled", Binaries.ours());
        long[] acknowledged = new long[WRITERS];
        try (EtcdClient client = new EtcdClient(member)) {
            for (int i = 0; i < WRITERS; i++) verify(client, i, 0);
            Semaphore count = new Semaphore(0);
            List<CompletableFuture<Void>> ends = new ArrayList<>();
            for (int i = 0; i < WRITERS; i++) {
                CompletableFuture<Void> end = new CompletableFuture<>();
                ends.add(end);
                write(client, i, acknowledged, count, end);
            }
            assertTrue(
                    count.tryAcquire(WRITES_BEFORE_THE_SIGNAL, 120, TimeUnit.SECONDS),
                    member::report);
            Exec.Outcome sent =
                    Exec.run(
                            List.of("kill", "-s", signal, Long.toString(member.pid())),
                            Map.of(),
                            "");
            assertEquals(0, sent.exit(), sent::err);
            assertEquals(exit, member.awaitExit(), member::report);
            // Each writer ends with the first call that fails.
            CompletableFuture.allOf(ends.toArray(CompletableFuture<?>[]::new))
                    .get(60, TimeUnit.SECONDS);
        }
        endedInOrder(member);
        member.start();
        try (EtcdClient client = new EtcdClient(member)) {
            for (int i = 0; i < WRITERS; i++) verify(client, i, acknowledged[i]);
        }
    }

    private static void endedInOrder(Member member) {
        int at = 0;
        for (String message :
                List.of(
                        "received signal; shutting down",
                        "closing etcd server",
                        "stopped serving peer traffic",
                        "closed etcd server")) {
            at = member.log().indexOf("\"msg\":\"" + message + "\"", at);
            assertTrue(at >= 0, () -> "not in its place: " + message + member.report());
        }
    }

    private static void write(
            EtcdClient client,
            int writer,
            long[] acknowledged,
            Semaphore count,
            CompletableFuture<Void> end) {
        long next = acknowledged[writer] + 1;
        PutRequest put =
                PutRequest.newBuilder()
                        .setKey(key(writer))
                        .setValue(ByteString.copyFromUtf8(Long.toString(next)))
                        .build();
        Futures.addCallback(
                client.kv.put(put),
                new FutureCallback<PutResponse>() {
                    @Override
                    public void onSuccess(PutResponse answer) {
                        acknowledged[writer] = next;
                        count.release();
                        write(client, writer, acknowledged, count, end);
                    }

                    @Override
                    public void onFailure(Throwable cause) {
                        end.complete(null);
                    }
                },
                Runnable::run);
    }

    /** The write under way when the signal came may be there, and nothing else. */
    private static void verify(EtcdClient client, int writer, long acknowledged) {
        RangeResponse answer =
                client.kvNow
                        .withDeadlineAfter(60, TimeUnit.SECONDS)
                        .withWaitForReady()
                        .range(RangeRequest.newBuilder().setKey(key(writer)).build());
        long found = answer.getCount() == 0 ? 0 : answer.getKvs(0).getVersion();
        assertTrue(
                found == acknowledged || found == acknowledged + 1,
                () ->
                        "writer %d: %d acknowledged, %d found"
                                .formatted(writer, acknowledged, found));
        if (found > 0) {
            assertEquals(Long.toString(found), answer.getKvs(0).getValue().toStringUtf8());
        }
    }

    private static ByteString key(int writer) {
        return ByteString.copyFromUtf8("writer-" + writer);
    }

    /** A shell starts background jobs with SIGINT ignored, and children inherit that for good. */
    private static void assumeInterruptsReachChildren() throws IOException {
        String ignored =
                Files.readAllLines(Path.of("/proc/self/status")).stream()
                        .filter(line -> line.startsWith("SigIgn:"))
                        .map(line -> line.substring("SigIgn:".length()).strip())
                        .findFirst()
                        .orElse("0");
        boolean interrupt = (Long.parseUnsignedLong(ignored, 16) & 1 << 1) != 0;
        Assumptions.assumeFalse(interrupt, "this run was started with SIGINT ignored");
    }
}
