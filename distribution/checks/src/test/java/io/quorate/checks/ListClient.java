package io.quorate.checks;

import com.google.protobuf.ByteString;

import io.grpc.StatusRuntimeException;
import io.quorate.api.client.Client;
import io.quorate.api.proto.Compare;
import io.quorate.api.proto.PutRequest;
import io.quorate.api.proto.RangeRequest;
import io.quorate.api.proto.RequestOp;
import io.quorate.api.proto.TxnRequest;
import io.quorate.api.proto.TxnResponse;
import io.quorate.api.proto.mvcc.KeyValue;
import io.quorate.engine.checker.Lists;
import io.quorate.engine.checker.Lists.Told;
import io.quorate.engine.checker.Lists.Txn;
import io.quorate.engine.checker.Operation;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * One client that appends to lists over several keys: it reads them in one transaction and writes
 * them in another, on condition that none has changed. The two are one transaction for whoever
 * looks from outside.
 */
final class ListClient {
    private static final int LISTS = 3;
    private static final int ELEMENTS = 40;

    private final int number;
    private final Client client;
    private final Random random;
    private final List<Operation<Txn, Told>> history = new ArrayList<>();
    private int elements;
    private int generation;

    ListClient(int number, Client client, Random random) {
        this.number = number;
        this.client = client;
        this.random = random;
    }

    List<Operation<Txn, Told>> history() {
        return history;
    }

    void act() {
        List<String> keys = new ArrayList<>();
        int first = random.nextInt(LISTS);
        keys.add(key(first));
        keys.add(key((first + 1) % LISTS));
        long called = System.nanoTime();
        TxnResponse before;
        try {
            before = client.kv().txn(read(keys));
        } catch (StatusRuntimeException nothingDone) {
            return;
        }
        List<List<String>> reads = reads(before);
        if (reads.stream().anyMatch(list -> list.size() >= ELEMENTS)) {
            generation++;
        }
        List<Lists.Step> steps = new ArrayList<>();
        keys.forEach(key -> steps.add(new Lists.Read(key)));
        boolean both = random.nextInt(3) == 0;
        boolean none = !both && random.nextInt(3) == 0;
        TxnRequest.Builder write = TxnRequest.newBuilder();
        for (int i = 0; i < (none ? 0 : both ? 2 : 1); i++) {
            String element = number + "." + ++elements;
            steps.add(new Lists.Append(keys.get(i), element));
            List<String> longer = new ArrayList<>(reads.get(i));
            longer.add(element);
            write.addSuccess(put(keys.get(i), String.join(",", longer)));
        }
        for (int i = 0; i < keys.size(); i++) {
            write.addCompare(unchanged(keys.get(i), before, i));
        }
        Told told = new Told(reads);
        if (!none) {
            try {
                if (!client.kv().txn(write.build()).getSucceeded()) {
                    return;
                }
            } catch (StatusRuntimeException unknown) {
                told = null;
            }
        }
        history.add(new Operation<>(number, new Txn(steps), told, called, System.nanoTime()));
    }

    private String key(int list) {
        return "l/" + generation + "/" + list;
    }

    private static TxnRequest read(List<String> keys) {
        TxnRequest.Builder txn = TxnRequest.newBuilder();
        for (String key : keys) {
            RangeRequest range =
                    RangeRequest.newBuilder().setKey(ByteString.copyFromUtf8(key)).build();
            txn.addSuccess(RequestOp.newBuilder().setRequestRange(range));
        }
        return txn.build();
    }

    private static List<List<String>> reads(TxnResponse answer) {
        return answer.getResponsesList().stream()
                .map(response -> response.getResponseRange().getKvsList())
                .map(found ->
                        found.isEmpty()
                                ? List.<String>of()
                                : List.of(found.getFirst().getValue().toStringUtf8().split(",")))
                .toList();
    }

    private static Compare unchanged(String key, TxnResponse before, int i) {
        List<KeyValue> found = before.getResponses(i).getResponseRange().getKvsList();
        return Compare.newBuilder()
                .setKey(ByteString.copyFromUtf8(key))
                .setTarget(Compare.CompareTarget.MOD)
                .setResult(Compare.CompareResult.EQUAL)
                .setModRevision(found.isEmpty() ? 0 : found.getFirst().getModRevision())
                .build();
    }

    private static RequestOp put(String key, String value) {
        return RequestOp.newBuilder()
                .setRequestPut(
                        PutRequest.newBuilder()
                                .setKey(ByteString.copyFromUtf8(key))
                                .setValue(ByteString.copyFromUtf8(value)))
                .build();
    }
}
