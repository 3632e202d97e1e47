package io.quorate.engine.simulator;

import io.quorate.engine.checker.Linearizability;
import io.quorate.engine.checker.Operation;
import io.quorate.engine.checker.Register;
import io.quorate.engine.node.Node;
import io.quorate.engine.state.Caller;
import io.quorate.engine.state.Command;
import io.quorate.engine.state.EtcdError;
import io.quorate.engine.state.EtcdException;
import io.quorate.engine.state.KeyValue;
import io.quorate.engine.state.RangeQuery;
import io.quorate.engine.state.RangeResult;
import io.quorate.engine.state.Result;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.random.RandomGenerator;

/** Clients that read, write, and compare and set registers, and remember what they saw. */
final class Clients {
    private static final byte[] ONE_KEY = {};
    private static final long MILLI = 1_000_000;

    /** Errors that say that nothing was done, nor ever will be. */
    private static final Set<EtcdError> NOTHING_DONE =
            Set.of(
                    EtcdError.TOO_MANY_REQUESTS,
                    EtcdError.REQUEST_TOO_LARGE,
                    EtcdError.USER_EMPTY,
                    EtcdError.PERMISSION_DENIED,
                    EtcdError.AUTH_OLD_REVISION);

    private final World world;
    private final RandomGenerator random;
    private final Map<String, List<Operation<Register.Ask, Register.Told>>> histories =
            new TreeMap<>();
    private final Map<String, String> lastWritten = new TreeMap<>();
    private final List<Call> open = new ArrayList<>();
    private boolean stopped;
    private int values;
    private int clients;
    private long answered;
    private long unanswered;
    private long refused;

    Clients(World world) {
        this.world = world;
        this.random = world.random();
    }

    void start() {
        for (int i = 0; i < world.settings().clients(); i++) {
            arrive();
        }
    }

    private void arrive() {
        int client = ++clients;
        think(client);
    }

    private void think(int client) {
        long wait = 1 + random.nextLong(2 * world.settings().thinkNanos());
        world.timeline().after(wait, new Thought(this, client));
    }

    /** Those that wait for an answer go on waiting; nobody asks anything new. */
    void stop() {
        stopped = true;
    }

    boolean areDone() {
        return open.isEmpty();
    }

    long answered() {
        return answered;
    }

    long unanswered() {
        return unanswered;
    }

    long refused() {
        return refused;
    }

    /** By key. */
    Map<String, List<Operation<Register.Ask, Register.Told>>> histories() {
        return histories;
    }

    private record Thought(Clients clients, int client) implements Timeline.Action {
        @Override
        public void run() {
            clients.act(client);
        }

        @Override
        public String toString() {
            return "client " + client + " acts";
        }
    }

    private void act(int client) {
        if (stopped) {
            return;
        }
        List<Machine> up = world.machines().stream().filter(Machine::isUp).toList();
        if (up.isEmpty()) {
            think(client);
            return;
        }
        Life life = up.get(random.nextInt(up.size())).life();
        String key = "k" + random.nextInt(world.settings().keys());
        Call call = new Call(this, client, life, key, ask(key));
        world.timeline().after(0, life, call);
        long patience = (200 + random.nextInt(9000)) * MILLI;
        world.timeline().after(patience, new GivesUp(call));
        open.add(call);
    }

    private Register.Ask ask(String key) {
        int dice = random.nextInt(100);
        if (dice < 45) {
            return new Register.Read();
        }
        if (dice < 48) {
            return new Register.Write(null);
        }
        String old = lastWritten.get(key);
        String value = "v" + ++values;
        lastWritten.put(key, value);
        return dice < 75 ? new Register.Write(value) : new Register.Swap(old, value);
    }

    /** One operation on its way. */
    private static final class Call implements Timeline.Action {
        private final Clients clients;
        private final int client;
        private final Life life;
        private final String key;
        private final Register.Ask ask;
        private final long called;
        private boolean over;

        private Call(Clients clients, int client, Life life, String key, Register.Ask ask) {
            this.clients = clients;
            this.client = client;
            this.life = life;
            this.key = key;
            this.ask = ask;
            this.called = clients.world.timeline().happened();
        }

        @Override
        public void run() {
            if (!over) {
                clients.send(this);
            }
        }

        @Override
        public long source() {
            return client;
        }

        @Override
        public String toString() {
            return "client %d at %s: %s %s".formatted(client, life, key, ask);
        }
    }

    private record GivesUp(Call call) implements Timeline.Action {
        @Override
        public void run() {
            call.clients.lost(call);
        }

        @Override
        public String toString() {
            return "client " + call.client + (call.over ? " is done" : " gives up");
        }
    }

    private void send(Call call) {
        Node node = call.life.node();
        byte[] key = bytes(call.key);
        Caller caller = world.administrator().caller(call.client, node);
        CompletableFuture<Register.Told> told =
                switch (call.ask) {
                    case Register.Read read -> {
                        long committed = world.judge().committed();
                        yield node.linearizablePoint()
                                .thenApply(point -> {
                                    isFresh(call.life, committed);
                                    return Register.Told.saw(read(node, caller, key));
                                });
                    }
                    case Register.Write(String value) ->
                            node.propose(
                                            value == null
                                                    ? new Command.DeleteRange(key, ONE_KEY, false)
                                                    : put(key, value),
                                            caller)
                                    .thenApply(done -> Register.Told.WRITTEN);
                    case Register.Swap(String expected, String value) ->
                            node.propose(swap(key, expected, value), caller)
                                    .thenApply(Clients::swapped);
                };
        told.whenComplete((answer, thrown) -> {
            if (thrown == null) {
                answered(call, answer);
            } else if (isRefusal(thrown)) {
                refused(call);
            } else {
                lost(call);
            }
        });
    }

    /** Futures would keep the violation to themselves. */
    private void isFresh(Life life, long committed) {
        try {
            world.judge().reads(life, committed);
        } catch (Violation violation) {
            throw world.found(violation);
        }
    }

    private boolean isRefusal(Throwable thrown) {
        return switch (thrown) {
            case CompletionException wrapper -> isRefusal(wrapper.getCause());
            case EtcdException refusal -> NOTHING_DONE.contains(refusal.error());
            default -> throw world.found(new Violation("a client was told of " + thrown, thrown));
        };
    }

    static Command.Put put(byte[] key, String value) {
        return new Command.Put(key, bytes(value), 0, false, false, false);
    }

    private static Command swap(byte[] key, String expected, String value) {
        Command.Compare compare =
                expected == null
                        ? new Command.Compare(
                                key,
                                ONE_KEY,
                                Command.Target.VERSION,
                                Command.Relation.EQUAL,
                                0,
                                ONE_KEY)
                        : new Command.Compare(
                                key,
                                ONE_KEY,
                                Command.Target.VALUE,
                                Command.Relation.EQUAL,
                                0,
                                bytes(expected));
        return new Command.Txn(
                List.of(compare),
                List.of(new Command.PutOp(put(key, value))),
                List.of(new Command.RangeOp(RangeQuery.one(key))));
    }

    private static Register.Told swapped(Result result) {
        Result.Txn txn = (Result.Txn) result;
        return txn.succeeded()
                ? Register.Told.WRITTEN
                : Register.Told.saw(
                        value(((Result.RangeOpResult) txn.results().getFirst()).range()));
    }

    /** As the service reads: it looks at the right before, and whether it still holds after. */
    private static String read(Node node, Caller caller, byte[] key) {
        RangeQuery query = RangeQuery.one(key);
        node.state().auth().requireRead(caller, query);
        String value = value(node.state().range(query));
        node.state().auth().requireCurrent(caller);
        return value;
    }

    private static String value(RangeResult range) {
        List<KeyValue> found = range.kvs();
        return found.isEmpty()
                ? null
                : new String(found.getFirst().value(), StandardCharsets.UTF_8);
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private void answered(Call call, Register.Told told) {
        if (end(call)) {
            answered++;
            keep(call, told);
            think(call.client);
        }
    }

    private void refused(Call call) {
        if (end(call)) {
            refused++;
            think(call.client);
        }
    }

    /** Nobody knows what became of it; another client takes the place of this one. */
    private void lost(Call call) {
        if (end(call)) {
            unanswered++;
            keep(call, null);
            arrive();
        }
    }

    private boolean end(Call call) {
        boolean ended = !call.over;
        call.over = true;
        open.remove(call);
        return ended;
    }

    private void keep(Call call, Register.Told told) {
        histories
                .computeIfAbsent(call.key, key -> new ArrayList<>())
                .add(
                        new Operation<>(
                                call.client,
                                call.ask,
                                told,
                                call.called,
                                world.timeline().happened()));
    }

    /** Who waited for an answer of this life will not get one. */
    void died(Life life) {
        List.copyOf(open).stream().filter(call -> call.life == life).forEach(this::lost);
    }

    /** Whether what the clients saw is what registers do. */
    void check() {
        List.copyOf(open).forEach(this::lost);
        histories.forEach((key, history) -> {
            var failure = Linearizability.check(new Register(), Register.relevant(history));
            if (failure.isPresent()) {
                throw new Violation("linearizability of " + key + ": " + failure.get());
            }
        });
    }
}
