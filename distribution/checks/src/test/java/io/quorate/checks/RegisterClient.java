package io.quorate.checks;

import com.google.protobuf.ByteString;

import io.grpc.StatusRuntimeException;
import io.quorate.api.client.Client;
import io.quorate.api.proto.Compare;
import io.quorate.api.proto.DeleteRangeRequest;
import io.quorate.api.proto.PutRequest;
import io.quorate.api.proto.RangeRequest;
import io.quorate.api.proto.RequestOp;
import io.quorate.api.proto.TxnRequest;
import io.quorate.api.proto.TxnResponse;
import io.quorate.api.proto.mvcc.KeyValue;
import io.quorate.engine.checker.Operation;
import io.quorate.engine.checker.Register;
import io.quorate.engine.checker.Register.Ask;
import io.quorate.engine.checker.Register.Told;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;

/** One client that reads, writes, and compares and sets registers, and notes what it saw. */
final class RegisterClient {
    static final int KEYS = 4;

    private final int number;
    private final Client client;
    private final Random random;
    private final Map<String, List<Operation<Ask, Told>>> histories = new HashMap<>();
    // What it last saw or wrote, as the expectation of the next swap.
    private final Map<String, String> last = new HashMap<>();
    private int values;

    RegisterClient(int number, Client client, Random random) {
        this.number = number;
        this.client = client;
        this.random = random;
    }

    Map<String, List<Operation<Ask, Told>>> histories() {
        return histories;
    }

    void act() {
        String key = key(random.nextInt(KEYS));
        Ask ask = ask(key);
        long called = System.nanoTime();
        Told told = null;
        try {
            told = tell(key, ask);
        } catch (StatusRuntimeException unknown) {
            // Nobody knows what became of it.
        }
        note(key, new Operation<>(number, ask, told, called, System.nanoTime()));
        if (told != null) {
            last.put(key, told.written() ? written(ask) : told.value());
        }
    }

    static String key(int register) {
        return "r/" + register;
    }

    /** Reads a key and fails when there is no answer. */
    Told read(String key) {
        long called = System.nanoTime();
        Told told = tell(key, new Register.Read());
        note(key, new Operation<>(number, new Register.Read(), told, called, System.nanoTime()));
        return told;
    }

    private void note(String key, Operation<Ask, Told> operation) {
        histories.computeIfAbsent(key, k -> new ArrayList<>()).add(operation);
    }

    private Ask ask(String key) {
        String value = number + "." + ++values;
        return switch (random.nextInt(20)) {
            case 0 -> new Register.Write(null);
            case 1, 2, 3, 4, 5, 6 -> new Register.Write(value);
            case 7, 8, 9, 10 -> new Register.Swap(last.get(key), value);
            default -> new Register.Read();
        };
    }

    private static String written(Ask ask) {
        return switch (ask) {
            case Register.Read read -> throw new AssertionError("a read wrote");
            case Register.Write(String value) -> value;
            case Register.Swap(String expected, String value) -> value;
        };
    }

    private Told tell(String key, Ask ask) {
        ByteString name = ByteString.copyFromUtf8(key);
        return switch (ask) {
            case Register.Read read -> Told.saw(client.kv().get(key).map(this::text).orElse(null));
            case Register.Write(String value) -> {
                if (value == null) {
                    client.kv().delete(DeleteRangeRequest.newBuilder().setKey(name).build());
                } else {
                    client.kv().put(key, value);
                }
                yield Told.WRITTEN;
            }
            case Register.Swap(String expected, String value) ->
                    swapped(client.kv().txn(swap(name, Optional.ofNullable(expected), value)));
        };
    }

    private static TxnRequest swap(ByteString key, Optional<String> expected, String value) {
        Compare.Builder compare =
                Compare.newBuilder().setKey(key).setResult(Compare.CompareResult.EQUAL);
        if (expected.isPresent()) {
            compare.setTarget(Compare.CompareTarget.VALUE)
                    .setValue(ByteString.copyFromUtf8(expected.get()));
        } else {
            compare.setTarget(Compare.CompareTarget.VERSION).setVersion(0);
        }
        PutRequest put =
                PutRequest.newBuilder()
                        .setKey(key)
                        .setValue(ByteString.copyFromUtf8(value))
                        .build();
        return TxnRequest.newBuilder()
                .addCompare(compare)
                .addSuccess(RequestOp.newBuilder().setRequestPut(put))
                .addFailure(
                        RequestOp.newBuilder()
                                .setRequestRange(RangeRequest.newBuilder().setKey(key)))
                .build();
    }

    private Told swapped(TxnResponse answer) {
        if (answer.getSucceeded()) {
            return Told.WRITTEN;
        }
        List<KeyValue> found = answer.getResponses(0).getResponseRange().getKvsList();
        return Told.saw(found.isEmpty() ? null : text(found.getFirst()));
    }

    private String text(KeyValue found) {
        return found.getValue().toStringUtf8();
    }
}
