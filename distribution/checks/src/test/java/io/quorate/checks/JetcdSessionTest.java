package io.quorate.checks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.KeyValue;
import io.etcd.jetcd.Response;
import io.etcd.jetcd.kv.DeleteResponse;
import io.etcd.jetcd.kv.GetResponse;
import io.etcd.jetcd.kv.PutResponse;
import io.etcd.jetcd.kv.TxnResponse;
import io.etcd.jetcd.op.Cmp;
import io.etcd.jetcd.op.CmpTarget;
import io.etcd.jetcd.op.Op;
import io.etcd.jetcd.options.CompactOption;
import io.etcd.jetcd.options.DeleteOption;
import io.etcd.jetcd.options.GetOption;
import io.etcd.jetcd.options.GetOption.SortOrder;
import io.etcd.jetcd.options.GetOption.SortTarget;
import io.etcd.jetcd.options.PutOption;
import io.grpc.StatusRuntimeException;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * jetcd, unmodified, plays the same script against our server and a real etcd; what it reports must
 * be the same text, revisions and error messages included.
 *
 * <p>Left out is what two right servers choose for themselves: ids, Raft terms and the size of the
 * database. Keys that are sorted differ in what they are sorted by, for the order of ties is open
 * (row KV-15).
 */
final class JetcdSessionTest {
    private static final int SECONDS_MAX = 30;
    private static final ByteSequence NUL = ByteSequence.from(new byte[] {0});
    private static final long NO_SUCH_LEASE = 4711;

    @RegisterExtension final Members members = Members.perTest();

    @Test
    @Tag("KV-02")
    @Tag("KV-32")
    @Tag("KV-35")
    @Tag("KV-37")
    void putsTellThePairBeforeAndRefuseUnknownLeases() {
        bothSay(script -> {
            script.put("a", "1");
            script.put("a", "2", PutOption.builder().withPrevKV().build());
            script.put("b", "", PutOption.builder().withPrevKV().build());
            script.put("", "no key");
            script.put("a", "3", PutOption.builder().withLeaseId(NO_SUCH_LEASE).build());
            script.get("a", GetOption.DEFAULT);
            script.put("b", "8", PutOption.builder().withPrevKV().withAutoRetry().build());
        });
    }

    @Test
    @Tag("KV-01")
    @Tag("KV-02")
    @Tag("KV-04")
    @Tag("KV-05")
    @Tag("KV-06")
    @Tag("KV-07")
    @Tag("KV-08")
    @Tag("KV-09")
    @Tag("KV-10")
    @Tag("KV-11")
    @Tag("KV-12")
    @Tag("KV-13")
    @Tag("KV-17")
    @Tag("KV-18")
    @Tag("KV-20")
    @Tag("KV-21")
    void rangesCutCountAndLookBack() {
        bothSay(script -> {
            script.fill();
            script.get("k/b", GetOption.DEFAULT);
            script.get("k/missing", GetOption.DEFAULT);
            script.get("", GetOption.DEFAULT);
            Map<String, GetOption> ranges = new LinkedHashMap<>();
            ranges.put("prefix", prefix().build());
            ranges.put("to", GetOption.builder().withRange(bytes("k/d")).build());
            ranges.put("backwards", GetOption.builder().withRange(bytes("a")).build());
            ranges.put("from", GetOption.builder().withRange(NUL).build());
            ranges.put("limit 2", prefix().withLimit(2).build());
            ranges.put("limit of all", prefix().withLimit(5).build());
            ranges.put("negative limit", prefix().withLimit(-1).build());
            ranges.put("keys", prefix().withKeysOnly(true).build());
            ranges.put("keys, limit", prefix().withKeysOnly(true).withLimit(3).build());
            ranges.put("count", prefix().withCountOnly(true).build());
            ranges.put("count, limit", prefix().withCountOnly(true).withLimit(1).build());
            ranges.put("serializable", prefix().withSerializable(true).build());
            for (long revision = -1; revision <= 20; revision++) {
                ranges.put("at " + revision, prefix().withRevision(revision).build());
            }
            ranges.forEach((name, option) -> script.get(name, "k/", option));
            script.get("all", NUL, GetOption.builder().withRange(NUL).build());
        });
    }

    @Test
    @Tag("KV-01")
    @Tag("KV-09")
    @Tag("KV-14")
    void rangesAreSortedByEachTarget() {
        bothSay(script -> {
            script.fill();
            for (SortTarget target : SortTarget.values()) {
                for (SortOrder order : SortOrder.values()) {
                    for (int limit : new int[] {0, 3}) {
                        GetOption option =
                                prefix().withSortField(target)
                                        .withSortOrder(order)
                                        .withLimit(limit)
                                        .build();
                        script.get(target + " " + order + " " + limit, "k/", option);
                    }
                }
            }
            script.get(
                    "values, keys only",
                    "k/",
                    prefix().withSortField(SortTarget.VALUE)
                            .withSortOrder(SortOrder.DESCEND)
                            .withKeysOnly(true)
                            .build());
        });
    }

    @Test
    @Tag("KV-09")
    @Tag("KV-11")
    @Tag("KV-16")
    void rangesAreFilteredByRevision() {
        bothSay(script -> {
            script.fill();
            for (long revision = 0; revision <= 18; revision++) {
                Map<String, GetOption> filters = new LinkedHashMap<>();
                filters.put("mod >= ", prefix().withMinModRevision(revision).build());
                filters.put("mod <= ", prefix().withMaxModRevision(revision).build());
                filters.put("create >= ", prefix().withMinCreateRevision(revision).build());
                filters.put("create <= ", prefix().withMaxCreateRevision(revision).build());
                filters.put(
                        "2 by mod >= ", prefix().withMinModRevision(revision).withLimit(2).build());
                filters.put(
                        "count by create <= ",
                        prefix().withMaxCreateRevision(revision).withCountOnly(true).build());
                long bound = revision;
                filters.forEach((name, option) -> script.get(name + bound, "k/", option));
            }
        });
    }

    @Test
    @Tag("KV-02")
    @Tag("KV-08")
    @Tag("KV-38")
    @Tag("KV-39")
    void deletesCountAndTellWhatTheyRemoved() {
        bothSay(script -> {
            script.fill();
            script.delete("k/a", DeleteOption.DEFAULT);
            script.delete("k/a", DeleteOption.DEFAULT);
            script.delete("", DeleteOption.DEFAULT);
            script.delete("k/b", DeleteOption.builder().withPrevKV(true).build());
            script.delete("k/", DeleteOption.builder().withRange(bytes("k/d")).build());
            script.delete("z", DeleteOption.builder().withRange(bytes("a")).build());
            script.delete("k/", DeleteOption.builder().isPrefix(true).withPrevKV(true).build());
            script.get("k/", prefix().build());
            script.put("k/a", "again", PutOption.builder().withPrevKV().build());
            script.get("k/a", GetOption.DEFAULT);
            script.delete("k/", DeleteOption.builder().withRange(NUL).build());
            script.put("last", "one");
        });
    }

    @Test
    @Tag("TX-01")
    @Tag("TX-09")
    @Tag("TX-10")
    @Tag("TX-11")
    @Tag("TX-13")
    @Tag("TX-22")
    void comparesDecideByEachTargetAndOperator() {
        bothSay(script -> {
            script.fill();
            for (String key : List.of("k/c", "missing", "")) {
                for (Cmp.Op operator : Cmp.Op.values()) {
                    for (long than : new long[] {0, 3, 4, 5, 11, 12, 13}) {
                        script.decide(key, operator, CmpTarget.version(than));
                        script.decide(key, operator, CmpTarget.createRevision(than));
                        script.decide(key, operator, CmpTarget.modRevision(than));
                    }
                    for (String than : List.of("", "a", "m", "z")) {
                        script.decide(key, operator, CmpTarget.value(bytes(than)));
                    }
                }
            }
        });
    }

    @Test
    @Tag("TX-01")
    @Tag("TX-05")
    @Tag("TX-06")
    @Tag("TX-07")
    @Tag("TX-15")
    @Tag("TX-16")
    @Tag("TX-17")
    @Tag("TX-18")
    @Tag("TX-20")
    @Tag("TX-21")
    @Tag("TX-23")
    @Tag("TX-24")
    @Tag("TX-25")
    @Tag("TX-27")
    void transactionsApplyOneBranchAtOneRevision() {
        bothSay(script -> {
            script.fill();
            Cmp exists = new Cmp(bytes("k/a"), Cmp.Op.GREATER, CmpTarget.version(0));
            Cmp missing = new Cmp(bytes("k/a"), Cmp.Op.EQUAL, CmpTarget.version(0));
            Op[] writes = {
                put("t/1", "one"),
                get("t/", prefix().build()),
                delete("k/b", DeleteOption.builder().withPrevKV(true).build()),
                put("t/2", "two"),
                get("t/", prefix().build()),
                get("k/", prefix().withCountOnly(true).build())
            };
            Op[] reads = {get("k/a", GetOption.DEFAULT), get("none", GetOption.DEFAULT)};
            script.txn("then", new Cmp[] {exists}, writes, reads);
            script.txn("else", new Cmp[] {missing}, writes, reads);
            script.txn("one of two fails", new Cmp[] {exists, missing}, writes, reads);
            script.txn("same key in both", new Cmp[] {exists}, puts("x"), puts("x"));
            script.txn("no compare", new Cmp[0], puts("y"), reads);
            script.txn("nothing at all", new Cmp[0], new Op[0], new Op[0]);
            script.txn("put twice", new Cmp[0], puts("x", "x"), new Op[0]);
            script.txn(
                    "put, then delete",
                    new Cmp[0],
                    new Op[] {put("x", "1"), delete("x", DeleteOption.DEFAULT)},
                    new Op[0]);
            script.txn(
                    "overlapping deletes",
                    new Cmp[0],
                    new Op[] {
                        delete("t/", DeleteOption.builder().isPrefix(true).build()),
                        delete("t/1", DeleteOption.DEFAULT)
                    },
                    new Op[0]);
            script.txn(
                    "unknown lease",
                    new Cmp[0],
                    new Op[] {
                        put("x", "kept out"),
                        Op.put(
                                bytes("w"),
                                bytes("1"),
                                PutOption.builder().withLeaseId(NO_SUCH_LEASE).build())
                    },
                    new Op[0]);
            script.txn(
                    "future",
                    new Cmp[0],
                    new Op[] {
                        put("x", "kept out"),
                        get("x", GetOption.builder().withRevision(1000).build())
                    },
                    new Op[0]);
            script.txn("empty key", new Cmp[0], puts(""), new Op[0]);
            script.get("all", NUL, GetOption.builder().withRange(NUL).build());
        });
    }

    @Test
    @Tag("TX-01")
    @Tag("TX-03")
    @Tag("TX-04")
    @Tag("TX-05")
    @Tag("TX-06")
    @Tag("TX-15")
    @Tag("TX-19")
    void transactionsNest() {
        bothSay(script -> {
            script.fill();
            Cmp noX = new Cmp(bytes("x"), Cmp.Op.EQUAL, CmpTarget.version(0));
            Cmp noY = new Cmp(bytes("y"), Cmp.Op.EQUAL, CmpTarget.version(0));
            Op inner = Op.txn(new Cmp[] {noX}, puts("in/then"), puts("in/else"));
            Op middle = Op.txn(new Cmp[] {noY}, new Op[] {inner}, puts("mid/else"));
            script.txn(
                    "compares see the state before",
                    new Cmp[] {noX},
                    new Op[] {put("x", "1"), inner, get("in/", prefix().build())},
                    puts("out/else"));
            script.txn("deeper", new Cmp[0], new Op[] {middle, put("y", "1")}, new Op[0]);
            script.txn("deeper else", new Cmp[0], new Op[] {middle}, new Op[0]);
            script.txn(
                    "same key inside and outside",
                    new Cmp[0],
                    new Op[] {put("in/else", "1"), inner},
                    new Op[0]);
            String[] many = new String[129];
            Arrays.setAll(many, i -> "many/" + i);
            script.txn("129 puts", new Cmp[0], puts(many), new Op[0]);
            script.txn("128 puts", new Cmp[0], puts(Arrays.copyOf(many, 128)), new Op[0]);
            Op[] full = Arrays.copyOf(puts(many), 128);
            full[127] = Op.txn(new Cmp[0], puts("deep/1", "deep/2"), new Op[0]);
            script.txn("two inside, one left", new Cmp[0], full, new Op[0]);
            script.get("all", NUL, GetOption.builder().withRange(NUL).build());
        });
    }

    @Test
    @Tag("KV-18")
    @Tag("KV-19")
    @Tag("KV-40")
    @Tag("KV-41")
    @Tag("KV-42")
    @Tag("KV-43")
    @Tag("KV-44")
    @Tag("TX-21")
    void compactionHidesThePast() {
        bothSay(script -> {
            script.compact(0, false);
            script.compact(0, false);
            script.fill();
            script.compact(8, false);
            script.compact(8, false);
            script.compact(7, true);
            script.compact(1000, true);
            for (long revision = 6; revision <= 10; revision++) {
                script.get("at " + revision, "k/", prefix().withRevision(revision).build());
            }
            script.txn(
                    "compacted",
                    new Cmp[0],
                    new Op[] {put("x", "1"), get("x", GetOption.builder().withRevision(3).build())},
                    new Op[0]);
            script.delete("k/c", DeleteOption.DEFAULT);
            script.compact(17, true);
            script.get("at 16", "k/", prefix().withRevision(16).build());
            script.get("at 17", "k/", prefix().withRevision(17).build());
            script.get("now", "k/", prefix().build());
        });
    }

    @Test
    @Tag("KV-20")
    void aMemberTellsItsStateAndItsCluster() {
        bothSay(script -> {
            script.fill();
            for (long revision : new long[] {0, 10, 16, 1000}) script.hash(revision);
            script.status();
            script.cluster();
        });
    }

    /** Plays {@code play} on a new server of each kind and compares what came of it. */
    private void bothSay(Consumer<Script> play) {
        String ours = transcript(members.start("ours", Binaries.ours()), play);
        String theirs = transcript(members.start("etcd", Binaries.etcd37()), play);
        assertEquals(theirs, ours);
    }

    private static String transcript(Member member, Consumer<Script> play) {
        try (Client client = Client.builder().endpoints("http://" + member.endpoint()).build()) {
            Script script = new Script(member, client);
            play.accept(script);
            assertTrue(script.answered > 0, () -> "all calls failed:\n" + script.text);
            return script.text.toString();
        }
    }

    private static GetOption.Builder prefix() {
        return GetOption.builder().isPrefix(true);
    }

    private static Op put(String key, String value) {
        return Op.put(bytes(key), bytes(value), PutOption.builder().withPrevKV().build());
    }

    private static Op[] puts(String... keys) {
        return Arrays.stream(keys).map(key -> put(key, "of " + key)).toArray(Op[]::new);
    }

    private static Op get(String key, GetOption option) {
        return Op.get(bytes(key), option);
    }

    private static Op delete(String key, DeleteOption option) {
        return Op.delete(bytes(key), option);
    }

    private static ByteSequence bytes(String text) {
        return ByteSequence.from(text, StandardCharsets.UTF_8);
    }

    /** One client's calls, one after another, and the text of their answers. */
    private static final class Script {
        private final Member member;
        private final Client client;
        private final StringBuilder text = new StringBuilder();
        private int answered;

        Script(Member member, Client client) {
            this.member = member;
            this.client = client;
        }

        /**
         * Makes the keys k/a … k/e, at revisions 2 … 16, with different versions, values, create
         * and mod revisions, each in another order.
         */
        void fill() {
            String order = "cadebeccacbeaec";
            String values = "mxbqtgyjzdkwfna";
            for (int i = 0; i < order.length(); i++) {
                put("k/" + order.charAt(i), String.valueOf(values.charAt(i)));
            }
        }

        void put(String key, String value) {
            put(key, value, PutOption.DEFAULT);
        }

        void put(String key, String value, PutOption option) {
            call(
                    "put " + key,
                    client.getKVClient().put(bytes(key), bytes(value), option),
                    Script::text);
        }

        void get(String key, GetOption option) {
            get("of " + key, key, option);
        }

        void get(String name, String key, GetOption option) {
            get(name, bytes(key), option);
        }

        void get(String name, ByteSequence key, GetOption option) {
            call("get " + name, client.getKVClient().get(key, option), Script::text);
        }

        void delete(String key, DeleteOption option) {
            call("delete " + key, client.getKVClient().delete(bytes(key), option), Script::text);
        }

        void decide(String key, Cmp.Op operator, CmpTarget<?> target) {
            Object than =
                    target.getTargetValue() instanceof ByteString value
                            ? value.toStringUtf8()
                            : target.getTargetValue();
            Cmp compare = new Cmp(bytes(key), operator, target);
            String name = "%s %s %s %s".formatted(key, target.getTarget(), operator, than);
            txn(
                    name,
                    new Cmp[] {compare},
                    new Op[] {JetcdSessionTest.get("k/a", GetOption.DEFAULT)},
                    new Op[] {JetcdSessionTest.get("k/b", GetOption.DEFAULT)});
        }

        void txn(String name, Cmp[] compares, Op[] then, Op[] otherwise) {
            call(
                    "txn " + name,
                    client.getKVClient().txn().If(compares).Then(then).Else(otherwise).commit(),
                    Script::text);
        }

        void compact(long revision, boolean physical) {
            CompactOption option = CompactOption.builder().withCompactPhysical(physical).build();
            call(
                    "compact " + revision + " " + physical,
                    client.getKVClient().compact(revision, option),
                    answer -> at(answer.getHeader()));
        }

        void hash(long revision) {
            call(
                    "hash " + revision,
                    client.getMaintenanceClient().hashKV(url(), revision),
                    answer ->
                            at(answer.getHeader())
                                    + " "
                                    + answer.getHash()
                                    + " compacted "
                                    + answer.getCompacted());
        }

        void status() {
            call(
                    "status",
                    client.getMaintenanceClient().statusMember(url()),
                    answer ->
                            "%s version %s leads %b learner %b applied %b term %b used %b errors %s"
                                    .formatted(
                                            at(answer.getHeader()),
                                            answer.getVersion().replaceAll("\\.\\d+$", ""),
                                            answer.getLeader() == answer.getHeader().getMemberId(),
                                            answer.isLearner(),
                                            answer.getRaftIndex() > 16
                                                    && answer.getRaftAppliedIndex()
                                                            == answer.getRaftIndex(),
                                            answer.getRaftTerm()
                                                    == answer.getHeader().getRaftTerm(),
                                            answer.getDbSizeInUse() > 0
                                                    && answer.getDbSizeInUse()
                                                            <= answer.getDbSize(),
                                            answer.getErrorList()));
        }

        void cluster() {
            call(
                    "members",
                    client.getClusterClient().listMember(),
                    answer -> {
                        List<String> lines = new ArrayList<>();
                        for (var one : answer.getMembers()) {
                            lines.add(
                                    "%s itself %b peer %s client %s learner %b"
                                            .formatted(
                                                    one.getName(),
                                                    one.getId() == answer.getHeader().getMemberId(),
                                                    ports(one.getPeerURIs()),
                                                    ports(one.getClientURIs()),
                                                    one.isLearner()));
                        }
                        return lines.toString();
                    });
        }

        private String ports(List<URI> urls) {
            return urls.toString()
                    .replace(":" + member.clientPort(), ":client")
                    .replace(":" + member.peerPort(), ":peer");
        }

        private String url() {
            return "http://" + member.endpoint();
        }

        private <T> void call(String name, CompletableFuture<T> answer, Function<T, String> form) {
            String said;
            try {
                said = form.apply(finished(answer));
                answered++;
            } catch (StatusRuntimeException refused) {
                said = refused.getMessage();
            }
            text.append(name).append("\n    ").append(said).append('\n');
        }

        private <T> T finished(CompletableFuture<T> answer) {
            try {
                return answer.get(SECONDS_MAX, TimeUnit.SECONDS);
            } catch (ExecutionException e) {
                // jetcd wraps some failures of a call and passes others on as they are.
                for (Throwable t = e.getCause(); t != null; t = t.getCause()) {
                    if (t instanceof StatusRuntimeException refused) throw refused;
                }
                throw new AssertionError(e.getCause() + member.report(), e);
            } catch (Exception e) {
                throw new AssertionError(e + member.report(), e);
            }
        }

        private static String text(PutResponse answer) {
            return at(answer.getHeader())
                    + (answer.hasPrevKv() ? " before " + text(answer.getPrevKv()) : "");
        }

        private static String text(GetResponse answer) {
            return "%s count %d more %b %s"
                    .formatted(
                            at(answer.getHeader()),
                            answer.getCount(),
                            answer.isMore(),
                            answer.getKvs().stream().map(Script::text).toList());
        }

        private static String text(DeleteResponse answer) {
            return "%s deleted %d %s"
                    .formatted(
                            at(answer.getHeader()),
                            answer.getDeleted(),
                            answer.getPrevKvs().stream().map(Script::text).toList());
        }

        private static String text(TxnResponse answer) {
            return "%s %b puts %s gets %s deletes %s txns %s"
                    .formatted(
                            at(answer.getHeader()),
                            answer.isSucceeded(),
                            answer.getPutResponses().stream().map(Script::text).toList(),
                            answer.getGetResponses().stream().map(Script::text).toList(),
                            answer.getDeleteResponses().stream().map(Script::text).toList(),
                            answer.getTxnResponses().stream().map(Script::text).toList());
        }

        private static String text(KeyValue pair) {
            return "%s=%s c%d m%d v%d%s"
                    .formatted(
                            pair.getKey(),
                            pair.getValue(),
                            pair.getCreateRevision(),
                            pair.getModRevision(),
                            pair.getVersion(),
                            pair.getLease() == 0 ? "" : " leased");
        }

        private static String at(Response.Header header) {
            return "@" + header.getRevision();
        }
    }
}
