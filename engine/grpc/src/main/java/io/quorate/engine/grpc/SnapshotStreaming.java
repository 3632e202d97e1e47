package io.quorate.engine.grpc;

import static java.lang.System.Logger.Level.INFO;
import static java.lang.System.Logger.Level.WARNING;

import io.grpc.stub.ServerCallStreamObserver;
import io.quorate.api.proto.SnapshotResponse;
import io.quorate.engine.bolt.BoltFile;
import io.quorate.engine.bolt.BoltWriter;
import io.quorate.engine.bolt.StateSnapshot;
import io.quorate.engine.metrics.Histogram;
import io.quorate.engine.node.Fields;
import io.quorate.engine.state.StateMachine;
import io.quorate.spi.storage.ReadView;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Arrays;

/**
 * Sends the state as a file (MA-14): blobs of 32 KiB, then the SHA-256 of all of them. The file is
 * made while it is sent, from one view of the state, so writes go on, and the heap holds a few
 * pages of it.
 *
 * <p>Runs on a thread of its own that waits where the client is slow; the call's thread only tells
 * it to look again.
 */
final class SnapshotStreaming extends OutputStream {
    private static final System.Logger LOG = System.getLogger("io.quorate.engine.grpc");
    private static final int BLOB_BYTES = 32 << 10;

    private final StateMachine state;
    private final ServerCallStreamObserver<SnapshotResponse> observer;
    private final Histogram duration;
    private final MessageDigest sha = BoltFile.sha256();
    private String version = "";
    private long remaining;
    private byte[] blob = new byte[BLOB_BYTES];
    private int filled;

    private SnapshotStreaming(
            StateMachine state,
            ServerCallStreamObserver<SnapshotResponse> observer,
            Histogram duration) {
        this.state = state;
        this.duration = duration;
        this.observer = observer;
    }

    /**
     * @param duration of those that the client takes to the end
     */
    static void start(
            StateMachine state,
            ServerCallStreamObserver<SnapshotResponse> observer,
            Histogram duration) {
        SnapshotStreaming streaming = new SnapshotStreaming(state, observer, duration);
        observer.setOnCancelHandler(streaming::lookAgain);
        observer.setOnReadyHandler(streaming::lookAgain);
        Thread.ofVirtual().name("snapshot").start(streaming::run);
    }

    private void run() {
        try {
            send();
            observer.onCompleted();
        } catch (Abandoned e) {
            LOG.log(
                    WARNING,
                    "the client gave up a database snapshot",
                    Fields.of("remaining-bytes", remaining));
        } catch (IOException | RuntimeException | Error failure) {
            observer.onError(Failures.status(failure).asRuntimeException());
        }
    }

    private void send() throws IOException {
        long start = System.nanoTime();
        try (ReadView view = state.view()) {
            StateSnapshot snapshot = new StateSnapshot(view);
            version = snapshot.storageVersion().orElse("");
            BoltWriter writer = BoltWriter.plan(snapshot);
            remaining = writer.bytes();
            LOG.log(
                    INFO,
                    "sending database snapshot to client",
                    Fields.of("total-bytes", remaining, "storage-version", version));
            writer.writeTo(this);
            sendBlob();
            long took = System.nanoTime() - start;
            duration.observeNanos(took);
            LOG.log(
                    INFO,
                    "successfully sent database snapshot to client",
                    Fields.of(
                            "total-bytes",
                            writer.bytes(),
                            "took",
                            Duration.ofNanos(took),
                            "storage-version",
                            version));
        }
        send(sha.digest());
    }

    @Override
    public void write(int one) throws IOException {
        write(new byte[] {(byte) one}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
        int at = from;
        int end = from + length;
        while (at < end) {
            int taken = Math.min(end - at, blob.length - filled);
            System.arraycopy(bytes, at, blob, filled, taken);
            at += taken;
            filled += taken;
            if (filled == blob.length) sendBlob();
        }
    }

    private void sendBlob() throws IOException {
        if (filled == 0) return;
        byte[] full = filled == blob.length ? blob : Arrays.copyOf(blob, filled);
        sha.update(full);
        remaining -= full.length;
        // The message keeps the array.
        blob = new byte[BLOB_BYTES];
        filled = 0;
        send(full);
    }

    private void send(byte[] bytes) throws IOException {
        awaitReady();
        observer.onNext(
                SnapshotResponse.newBuilder()
                        .setRemainingBytes(remaining)
                        .setBlob(Bytes.of(bytes))
                        .setVersion(version)
                        .build());
    }

    private synchronized void awaitReady() throws IOException {
        while (!observer.isReady()) {
            if (observer.isCancelled()) throw new Abandoned();
            try {
                wait();
            } catch (InterruptedException e) {
                throw new InterruptedIOException("interrupted while the client was slow");
            }
        }
    }

    private synchronized void lookAgain() {
        notifyAll();
    }

    /** Nobody waits for the rest. */
    private static final class Abandoned extends IOException {
        private static final long serialVersionUID = 1;
    }
}
