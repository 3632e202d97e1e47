package io.quorate.checks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.protobuf.ByteString;

import io.quorate.api.proto.CompactionRequest;
import io.quorate.api.proto.DeleteRangeRequest;
import io.quorate.api.proto.KVGrpc;
import io.quorate.api.proto.PutRequest;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Flags whose effect is seen at the start of a process, ours beside a real etcd. */
@Timeout(300)
final class StartFlagsTest {
    private static final String DEFRAGMENTED = "finished defragmenting directory";
    private static final String SKIPPED = "Skipping defragmentation";

    @RegisterExtension final Members members = Members.perTest();

    private static Map<String, Path> servers() {
        return Map.of("real", Binaries.etcd37(), "ours", Binaries.ours());
    }

    @Test
    @Tag("FL-98")
    void aStartDefragmentsWhereThatWinsEnough() {
        for (var server : servers().entrySet()) {
            Member member = members.start(server.getKey(), server.getValue());
            fill(member, 40, 512 << 10);
            // Our log is left behind by the state at the end: what is deleted later is garbage.
            member.stop();
            member.start();
            deleteAll(member);
            member.stop();
            member.also("--bootstrap-defrag-threshold-megabytes=1000").start();
            member.stop();
            assertTrue(member.log().contains(SKIPPED), member::report);
            assertTrue(!member.log().contains(DEFRAGMENTED), member::report);
            long before = bytesOf(member);
            member.also("--bootstrap-defrag-threshold-megabytes=5").start();
            assertTrue(member.log().contains(DEFRAGMENTED), member::report);
            // What it left behind is removed while it serves.
            member.stop();
            assertTrue(bytesOf(member) < before, () -> before + member.report());
        }
    }

    private static void fill(Member member, int values, int bytes) {
        try (EtcdClient client = new EtcdClient(member)) {
            KVGrpc.KVBlockingStub kv = KVGrpc.newBlockingStub(client.channel);
            ByteString value = ByteString.copyFrom(new byte[bytes]);
            for (int i = 0; i < values; i++) {
                kv.put(
                        PutRequest.newBuilder()
                                .setKey(ByteString.copyFromUtf8("k" + i))
                                .setValue(value)
                                .build());
            }
        }
    }

    private static void deleteAll(Member member) {
        try (EtcdClient client = new EtcdClient(member)) {
            KVGrpc.KVBlockingStub kv = KVGrpc.newBlockingStub(client.channel);
            long revision =
                    kv.deleteRange(
                                    DeleteRangeRequest.newBuilder()
                                            .setKey(ByteString.copyFromUtf8("k"))
                                            .setRangeEnd(ByteString.copyFromUtf8("l"))
                                            .build())
                            .getHeader()
                            .getRevision();
            kv.compact(
                    CompactionRequest.newBuilder().setRevision(revision).setPhysical(true).build());
        }
    }

    /** Of the state alone: in one file in etcd, below a folder of this name in ours. */
    private static long bytesOf(Member member) {
        Path state = member.dataDir().resolve("member").resolve("state");
        Path folder =
                Files.exists(state) ? state : member.dataDir().resolve("member").resolve("snap");
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile)
                    .mapToLong(file -> file.toFile().length())
                    .sum();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** etcd locks its database, we lock all. */
    @Test
    @Tag("FL-13")
    void memoryIsLocked() throws IOException {
        assumeTrue(mayLockMemory(), "this process may not lock memory");
        for (var server : servers().entrySet()) {
            Member member = members.start(server.getKey(), server.getValue(), "--memory-mlock");
            // In this order: both grow.
            long resident = kilobytes(member.pid(), "VmRSS");
            long locked = kilobytes(member.pid(), "VmLck");
            assertTrue(locked > 0, member::report);
            if (server.getKey().equals("real")) continue;
            assertTrue(locked >= resident, () -> locked + " locked of " + resident);
        }
    }

    private static boolean mayLockMemory() throws IOException {
        String effective =
                Files.readAllLines(Path.of("/proc/self/status")).stream()
                        .filter(line -> line.startsWith("CapEff:"))
                        .findFirst()
                        .orElse("CapEff:\t0")
                        .substring(8);
        return (Long.parseUnsignedLong(effective, 16) >>> 14 & 1) != 0;
    }

    private static long kilobytes(long pid, String name) throws IOException {
        return Files.readAllLines(Path.of("/proc/" + pid + "/status")).stream()
                .filter(line -> line.startsWith(name + ":"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                .findFirst()
                .orElse(0);
    }

    @Test
    @Tag("FL-86")
    @Tag("FL-87")
    void aFullLogIsPutAsideUnderTheTime() throws IOException {
        for (var server : servers().entrySet()) {
            Path folder = members.folder("logs");
            Path file = folder.resolve("etcd.log");
            Files.write(file, new byte[1 << 20]);
            Member member =
                    members.start(
                            server.getKey(),
                            server.getValue(),
                            "--log-outputs=stderr," + file,
                            "--enable-log-rotation",
                            "--log-rotation-config-json={\"maxsize\":1}");
            member.stop();
            try (Stream<Path> files = Files.list(folder)) {
                List<String> names =
                        files.map(path -> path.getFileName().toString()).sorted().toList();
                assertEquals(2, names.size(), names::toString);
                assertTrue(
                        names.get(0)
                                .matches(
                                        "etcd-\\d{4}-\\d\\d-\\d\\dT\\d\\d-\\d\\d-\\d\\d\\.\\d{3}\\.log"),
                        names::toString);
                assertEquals("etcd.log", names.get(1));
            }
            assertTrue(Files.readString(file).contains("ready to serve client requests"));
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\'',
            value = {
                "default | {} | --log-outputs requires a single file path when"
                        + " --log-rotate-config-json is defined",
                "a.log,b.log | {} | --log-outputs requires a single file path when",
                "a.log | {] | improperly formatted log rotation config: ",
                "a.log | {\"maxsize\":\"1\"} | invalid log rotation config: ",
            })
    @Tag("FL-86")
    @Tag("FL-87")
    void badRotationsAreRefused(String outputs, String json, String words) {
        for (var server : servers().entrySet()) {
            Member member =
                    members.create(
                            server.getKey(),
                            server.getValue(),
                            "--log-outputs=" + outputs,
                            "--enable-log-rotation",
                            "--log-rotation-config-json=" + json);
            member.launch();
            assertEquals(1, member.awaitExit(), member::report);
            assertTrue(member.log().contains(words), member::report);
        }
    }
}
