package io.quorate.checks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;

import io.grpc.StatusRuntimeException;
import io.quorate.api.proto.PutRequest;
import io.quorate.api.proto.RangeRequest;
import io.quorate.api.proto.RangeResponse;

import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/**
 * A file system that is really full: the member stops and says why, and with more space it has all
 * that it acknowledged. Needs the right to mount; skipped elsewhere.
 */
final class FullDiskTest {
    private static final int VALUE_BYTES = 256 << 10;
    private static final int PUTS_MAX = 2000;

    @RegisterExtension final Members members = Members.perTest();

    @Test
    @Tag("EX-11")
    @Tag("T22")
    void aFullDiskLosesNothing() throws Exception {
        long seed = Long.getLong("seed", System.nanoTime());
        System.out.println("full disk test: -Dseed=" + seed);
        Path folder = members.folder("small");
        mount(folder);
        try {
            Member member =
                    members.createIn(
                            folder,
                            "full",
                            Binaries.ours(),
                            "--storage-setting=file.log.segment-bytes=8388608");
            member.start();
            int acknowledged = fill(member, seed);
            assertTrue(acknowledged > 0, member::report);
            assertTrue(member.exitsWithin(60, TimeUnit.SECONDS), member::report);
            assertNotEquals(0, member.awaitExit());
            assertTrue(member.log().contains("no space left"), member::report);

            run("mount", "-o", "remount,size=512m", folder.toString());
            member.start();
            try (EtcdClient client = new EtcdClient(member)) {
                for (int i = 0; i < acknowledged; i++) {
                    RangeResponse found =
                            client.kvNow.range(RangeRequest.newBuilder().setKey(key(i)).build());
                    assertEquals(1, found.getCount(), "key " + i + " of " + acknowledged);
                    assertEquals(value(seed, i), found.getKvs(0).getValue());
                }
                put(client, acknowledged, seed);
            }
            member.kill();
        } finally {
            run("umount", "-l", folder.toString());
        }
    }

    private static void mount(Path folder) {
        Exec.Outcome outcome =
                Exec.run(
                        List.of("mount", "-t", "tmpfs", "-o", "size=96m", "tmpfs", "" + folder),
                        Map.of(),
                        "");
        Assumptions.assumeTrue(
                outcome.exit() == 0, () -> "no small file system: " + outcome.err().strip());
    }

    private static void run(String... command) {
        Exec.Outcome outcome = Exec.run(List.of(command), Map.of(), "");
        assertEquals(0, outcome.exit(), outcome.err());
    }

    /** Puts until one is not acknowledged; how many were. */
    private static int fill(Member member, long seed) {
        try (EtcdClient client = new EtcdClient(member)) {
            for (int i = 0; i < PUTS_MAX; i++) {
                try {
                    put(client, i, seed);
                } catch (StatusRuntimeException refused) {
                    return i;
                }
            }
        }
        throw new AssertionError("the disk is larger than it should be" + member.report());
    }

    private static void put(EtcdClient client, int i, long seed) {
        client.kvNow
                .withDeadlineAfter(60, TimeUnit.SECONDS)
                .put(PutRequest.newBuilder().setKey(key(i)).setValue(value(seed, i)).build());
    }

    private static ByteString key(int i) {
        return ByteString.copyFromUtf8("key" + i);
    }

    private static ByteString value(long seed, int i) {
        byte[] bytes = new byte[VALUE_BYTES];
        new Random(seed + i).nextBytes(bytes);
        return ByteString.copyFrom(bytes);
    }
}
