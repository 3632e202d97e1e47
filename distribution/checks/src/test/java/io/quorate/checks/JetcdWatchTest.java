package io.quorate.checks;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.KV;
import io.etcd.jetcd.Watch;
import io.etcd.jetcd.common.exception.CompactedException;
import io.etcd.jetcd.options.WatchOption;
import io.etcd.jetcd.watch.WatchEvent;
import io.etcd.jetcd.watch.WatchResponse;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** jetcd's watches with their options, against our server and a real etcd. */
final class JetcdWatchTest {
    private static final String END = "end";

    @RegisterExtension final Members members = Members.perTest();

    @Test
    @Tag("GS-18")
    @Tag("WA-01")
    @Tag("WA-10")
    @Tag("WA-14")
    @Tag("WA-15")
    void jetcdWatchesTheSame() throws Exception {
        List<String> real = session(members.start("real", Binaries.etcd37()));
        assertEquals(
                String.join("\n", real),
                String.join("\n", session(members.start("ours", Binaries.ours()))));
    }

    private static List<String> session(Member member) throws Exception {
        try (Client client = Client.builder().endpoints("http://" + member.endpoint()).build()) {
            KV kv = client.getKVClient();
            List<String> lines = new ArrayList<>();
            put(kv, "a", "1");
            put(kv, "a", "2");
            kv.delete(bytes("a")).get();
            put(kv, "b", "1");
            put(kv, "a", "3");
            put(kv, "z", END);
            var all = WatchOption.builder().withRange(bytes("zz"));
            lines.addAll(watch(client, all.withRevision(1).build()));
            lines.addAll(watch(client, all.withRevision(3).withPrevKV(true).build()));
            lines.addAll(watch(client, all.withNoPut(false).withNoDelete(true).build()));
            kv.compact(4).get();
            lines.addAll(watch(client, all.withRevision(4).build()));
            lines.addAll(watch(client, all.withRevision(2).build()));
            return lines;
        }
    }

    private static void put(KV kv, String key, String value) throws Exception {
        kv.put(bytes(key), bytes(value)).get();
    }

    /** Up to the key whose value says that it is the end, or to the end of the watch. */
    private static List<String> watch(Client client, WatchOption option) throws Exception {
        BlockingQueue<String> seen = new LinkedBlockingQueue<>();
        List<String> lines = new ArrayList<>();
        try (Watch.Watcher _ =
                client.getWatchClient()
                        .watch(
                                bytes("a"),
                                option,
                                Watch.listener(
                                        response -> print(response, seen),
                                        failure -> seen.add(print(failure))))) {
            String line;
            do {
                line = seen.poll(60, TimeUnit.SECONDS);
                lines.add(line);
            } while (line != null && !line.contains("=" + END) && !line.startsWith("failed"));
        }
        return lines;
    }

    private static void print(WatchResponse response, BlockingQueue<String> to) {
        for (WatchEvent event : response.getEvents()) {
            to.add(
                    "%s %s=%s created %d mod %d version %d was %s"
                            .formatted(
                                    event.getEventType(),
                                    event.getKeyValue().getKey(),
                                    event.getKeyValue().getValue(),
                                    event.getKeyValue().getCreateRevision(),
                                    event.getKeyValue().getModRevision(),
                                    event.getKeyValue().getVersion(),
                                    event.getPrevKV() == null
                                            ? "unknown"
                                            : event.getPrevKV().getValue()));
        }
    }

    private static String print(Throwable failure) {
        return failure instanceof CompactedException compacted
                ? "failed: compacted " + compacted.getCompactedRevision()
                : "failed: " + failure;
    }

    private static ByteSequence bytes(String text) {
        return ByteSequence.from(text, StandardCharsets.UTF_8);
    }
}
