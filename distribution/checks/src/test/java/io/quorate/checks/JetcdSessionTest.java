package io.quorate.checks;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.KV;
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

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * One session of jetcd over every option of its KV and Txn calls, against our server and a real
 * etcd: what it prints is the same. Printed is all that jetcd lets a caller see but cluster id,
 * member id and raft term.
 */
final class JetcdSessionTest {
    private static final ByteSequence A = bytes("a");
    private static final ByteSequence B = bytes("b");
    private static final ByteSequence C = bytes("c");
    private static final ByteSequence ZERO = ByteSequence.from(new byte[] {0});
    private static final long UNKNOWN_LEASE = 0xdead;

    @RegisterExtension final Members members = Members.perTest();

    @Test
    @Tag("KV-01")
    @Tag("KV-32")
    @Tag("KV-38")
    @Tag("KV-40")
    @Tag("TX-01")
    @Tag("GS-18")
    void jetcdSeesTheSameInOurServer() {
        Member ours = members.start("ours", Binaries.ours());
        Member real = members.start("real", Binaries.etcd37());
        assertEquals(String.join("\n", session(real)), String.join("\n", session(ours)));
    }

    private static List<String> session(Member member) {
        try (Client client = Client.builder().endpoints("http://" + member.endpoint()).build()) {
            Printer printer = new Printer(client.getKVClient());
            puts(printer);
            gets(printer);
            txns(printer);
            deletes(printer);
            compactions(printer);
            return printer.lines;
        }
    }

    private static void puts(Printer printer) {
        printer.print("put", kv -> kv.put(A, bytes("1")));
        printer.print("put prev", kv -> kv.put(A, bytes("2"), put().withPrevKV().build()));
        printer.print("put empty", kv -> kv.put(B, ByteSequence.EMPTY));
        printer.print("put bytes", kv -> kv.put(ZERO, ByteSequence.from(new byte[] {-1, 0, 1})));
        printer.print(
                "put unknown lease",
                kv -> kv.put(C, bytes("1"), put().withLeaseId(UNKNOWN_LEASE).build()));
        printer.print("put no key", kv -> kv.put(ByteSequence.EMPTY, A));
        for (String key : List.of("p/1", "p/2", "p/3", "q")) {
            printer.print("put " + key, kv -> kv.put(bytes(key), bytes("v" + key.length())));
        }
        printer.print("put again", kv -> kv.put(bytes("p/2"), bytes("other")));
        // Over the limit of a request, within that of a message.
        printer.print("put large", kv -> kv.put(A, ByteSequence.from(new byte[1_700_000])));
    }

    private static void gets(Printer printer) {
        printer.print("get", kv -> kv.get(A));
        printer.print("get missing", kv -> kv.get(bytes("missing")));
        printer.print("get no key", kv -> kv.get(ByteSequence.EMPTY));
        printer.print("get range", kv -> kv.get(A, get().withRange(bytes("p/2")).build()));
        printer.print("get all", kv -> kv.get(ZERO, get().withRange(ZERO).build()));
        printer.print("get backwards", kv -> kv.get(B, get().withRange(A).build()));
        printer.print("get prefix", kv -> kv.get(bytes("p/"), get().isPrefix(true).build()));
        printer.print(
                "get limit", kv -> kv.get(bytes("p/"), get().isPrefix(true).withLimit(2).build()));
        for (long revision : new long[] {-1, 1, 2, 3, 8, 9, 10, 1000}) {
            printer.print(
                    "get at " + revision,
                    kv -> kv.get(A, get().withRevision(revision).withRange(ZERO).build()));
        }
        for (SortTarget target : SortTarget.values()) {
            // Versions and values have equals, the order of which is up to the server.
            boolean unique = target != SortTarget.VERSION && target != SortTarget.VALUE;
            for (SortOrder order : SortOrder.values()) {
                printer.print(
                        "get sorted " + target + " " + order,
                        kv ->
                                kv.get(
                                        unique ? A : bytes("p/2"),
                                        get().withRange(unique ? ZERO : bytes("p/3"))
                                                .withSortField(target)
                                                .withSortOrder(order)
                                                .withLimit(3)
                                                .build()));
            }
        }
        printer.print(
                "get keys", kv -> kv.get(A, get().withRange(ZERO).withKeysOnly(true).build()));
        printer.print(
                "get count", kv -> kv.get(A, get().withRange(ZERO).withCountOnly(true).build()));
        printer.print("get serializable", kv -> kv.get(A, get().withSerializable(true).build()));
        printer.print(
                "get by revisions",
                kv ->
                        kv.get(
                                A,
                                get().withRange(ZERO)
                                        .withMinModRevision(4)
                                        .withMaxModRevision(8)
                                        .withMinCreateRevision(3)
                                        .withMaxCreateRevision(7)
                                        .build()));
    }

    private static void txns(Printer printer) {
        printer.print("txn empty", kv -> kv.txn().commit());
        for (Cmp.Op op : Cmp.Op.values()) {
            for (CmpTarget<?> target :
                    List.of(
                            CmpTarget.value(bytes("2")),
                            CmpTarget.version(2),
                            CmpTarget.createRevision(2),
                            CmpTarget.modRevision(3))) {
                String name = "txn " + op + " " + target.getTarget();
                printer.print(name, kv -> kv.txn().If(new Cmp(A, op, target)).commit());
                printer.print(
                        name + " of a missing key",
                        kv -> kv.txn().If(new Cmp(bytes("missing"), op, target)).commit());
            }
        }
        Op getA = Op.get(A, GetOption.DEFAULT);
        Op putC = Op.put(C, bytes("c"), put().withPrevKV().build());
        Op deleteP = Op.delete(bytes("p/1"), DeleteOption.builder().withPrevKV(true).build());
        Cmp holds = new Cmp(A, Cmp.Op.EQUAL, CmpTarget.value(bytes("2")));
        Cmp fails = new Cmp(A, Cmp.Op.LESS, CmpTarget.version(1));
        printer.print("txn then", kv -> kv.txn().If(holds).Then(getA, putC).Else(deleteP).commit());
        printer.print("txn else", kv -> kv.txn().If(fails).Then(getA).Else(deleteP, getA).commit());
        printer.print("txn both", kv -> kv.txn().If(holds, fails).Then(putC).Else(getA).commit());
        printer.print("txn put twice", kv -> kv.txn().Then(putC, putC).commit());
        printer.print(
                "txn put and delete",
                kv -> kv.txn().Then(putC, Op.delete(C, DeleteOption.DEFAULT)).commit());
        printer.print(
                "txn in a txn",
                kv ->
                        kv.txn()
                                .Then(
                                        putC,
                                        Op.txn(
                                                new Cmp[] {holds},
                                                new Op[] {Op.get(C, GetOption.DEFAULT)},
                                                new Op[] {getA}))
                                .commit());
        printer.print(
                "txn in the future",
                kv -> kv.txn().Then(putC, Op.get(A, get().withRevision(1000).build())).commit());
        Op[] many = new Op[129];
        java.util.Arrays.fill(many, getA);
        printer.print("txn of too many", kv -> kv.txn().Then(many).commit());
        printer.print("after all", kv -> kv.get(A, get().withRange(ZERO).build()));
    }

    private static void deletes(Printer printer) {
        printer.print("delete missing", kv -> kv.delete(bytes("missing")));
        printer.print("delete no key", kv -> kv.delete(ByteSequence.EMPTY));
        printer.print("delete", kv -> kv.delete(B));
        printer.print("delete prev", kv -> kv.delete(C, delete().withPrevKV(true).build()));
        printer.print(
                "delete prefix",
                kv -> kv.delete(bytes("p/"), delete().isPrefix(true).withPrevKV(true).build()));
        printer.print("delete all", kv -> kv.delete(A, delete().withRange(ZERO).build()));
        printer.print("put after", kv -> kv.put(A, bytes("new")));
        printer.print("get after", kv -> kv.get(A, get().withRange(ZERO).build()));
    }

    private static void compactions(Printer printer) {
        for (long revision : new long[] {5, 5, 4, 1000, 6}) {
            printer.print("compact " + revision, kv -> kv.compact(revision));
        }
        CompactOption physical = CompactOption.builder().withCompactPhysical(true).build();
        printer.print("compact physical", kv -> kv.compact(7, physical));
        printer.print("get at 6", kv -> kv.get(A, get().withRevision(6).build()));
        printer.print("get at 7", kv -> kv.get(A, get().withRevision(7).build()));
        printer.print(
                "txn at 6", kv -> kv.txn().Then(Op.get(A, get().withRevision(6).build())).commit());
    }

    private static GetOption.Builder get() {
        return GetOption.builder();
    }

    private static PutOption.Builder put() {
        return PutOption.builder();
    }

    private static DeleteOption.Builder delete() {
        return DeleteOption.builder();
    }

    private static ByteSequence bytes(String text) {
        return ByteSequence.from(text, StandardCharsets.UTF_8);
    }

    /** Makes calls one by one and keeps a line for each. */
    private static final class Printer {
        private static final int SECONDS_MAX = 60;

        private final KV kv;
        private final List<String> lines = new ArrayList<>();

        Printer(KV kv) {
            this.kv = kv;
        }

        void print(String what, Function<KV, CompletableFuture<? extends Response>> call) {
            String answer;
            try {
                answer = show(call.apply(kv).get(SECONDS_MAX, TimeUnit.SECONDS));
            } catch (ExecutionException e) {
                answer = "failed: " + e.getCause().getMessage();
            } catch (Exception e) {
                throw new AssertionError(what, e);
            }
            lines.add(what + ": " + answer);
        }

        private static String show(Response answer) {
            String rest =
                    switch (answer) {
                        case PutResponse put ->
                                put.hasPrevKv() ? "prev " + show(put.getPrevKv()) : "";
                        case GetResponse get ->
                                "%s more=%s count=%d"
                                        .formatted(
                                                show(get.getKvs()), get.isMore(), get.getCount());
                        case DeleteResponse delete ->
                                delete.getDeleted() + " prev " + show(delete.getPrevKvs());
                        case TxnResponse txn ->
                                "%s puts %s gets %s deletes %s txns %s"
                                        .formatted(
                                                txn.isSucceeded(),
                                                all(txn.getPutResponses()),
                                                all(txn.getGetResponses()),
                                                all(txn.getDeleteResponses()),
                                                all(txn.getTxnResponses()));
                        default -> "";
                    };
            return "revision %d %s".formatted(answer.getHeader().getRevision(), rest);
        }

        private static List<String> all(List<? extends Response> answers) {
            return answers.stream().map(Printer::show).toList();
        }

        private static List<String> show(List<KeyValue> pairs) {
            return pairs.stream().map(Printer::show).toList();
        }

        private static String show(KeyValue pair) {
            return "%s=%s (create %d, mod %d, version %d, lease %d)"
                    .formatted(
                            printable(pair.getKey()),
                            printable(pair.getValue()),
                            pair.getCreateRevision(),
                            pair.getModRevision(),
                            pair.getVersion(),
                            pair.getLease());
        }

        private static String printable(ByteSequence bytes) {
            return java.util.HexFormat.of().formatHex(bytes.getBytes());
        }
    }
}
