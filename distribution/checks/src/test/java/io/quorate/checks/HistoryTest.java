package io.quorate.checks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.StatusRuntimeException;
import io.quorate.api.client.Client;
import io.quorate.api.proto.HashKVResponse;
import io.quorate.engine.checker.Linearizability;
import io.quorate.engine.checker.Lists;
import io.quorate.engine.checker.Operation;
import io.quorate.engine.checker.Register;
import io.quorate.engine.checker.Register.Ask;
import io.quorate.engine.checker.Register.Told;
import io.quorate.engine.checker.WatchValidator.Change;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Clients at work on three members that are killed, stopped, cut off and replaced: what the clients
 * saw is what one strictly serializable store would have told them, and all members end up equal.
 *
 * <p>{@code -Dhistory.seconds=600} is a long run, {@code -Dseed=N} repeats the faults as far as
 * moments can be repeated, {@code -Dhistory.faults=KILL,PAUSE} draws from these only. {@code
 * -Dhistory.storage=file,xodus,memory} names the storage plugins of the three, {@code
 * -Dhistory.transport=http2} their transport; without, they take turns by the seed.
 */
final class HistoryTest {
    private static final int SECONDS = Integer.getInteger("history.seconds", 20);
    private static final long SEED = Long.getLong("seed", System.nanoTime());
    private static final List<Fault> FAULTS = faults();
    private static final int REGISTER_CLIENTS = 6;
    private static final int LIST_CLIENTS = 3;
    private static final long RECOVERY_SECONDS = 90;

    /** One of memory at most: two that are killed at once would be a majority that forgets. */
    private static final List<String> STORAGES =
            List.of(
                    "file,xodus,memory",
                    "file,file,file",
                    "xodus,file,xodus",
                    "memory,file,file",
                    "xodus,xodus,xodus");

    private static final String STORAGE =
            System.getProperty("history.storage", turn(STORAGES, SEED));
    private static final String TRANSPORT =
            System.getProperty("history.transport", turn(List.of("tcp", "http2"), SEED / 5));
    private static final String LAST_KEY = "z/end";

    private enum Fault {
        KILL,
        KILL_LEADER,
        KILL_TWO,
        PAUSE_LEADER,
        PAUSE,
        ISOLATE_LEADER,
        ISOLATE,
        REPLACE
    }

    private static String turn(List<String> choices, long number) {
        return choices.get((int) Math.floorMod(number, (long) choices.size()));
    }

    private static List<Fault> faults() {
        String names = System.getProperty("history.faults", "");
        if (names.isEmpty()) {
            return List.of(Fault.values());
        }
        return List.of(names.split(",")).stream().map(Fault::valueOf).toList();
    }

    @RegisterExtension final Members members = Members.perTest();

    private final Random random = new Random(SEED);
    private final CountDownLatch over = new CountDownLatch(1);
    private final List<RegisterClient> registers = new ArrayList<>();
    private final List<ListClient> lists = new ArrayList<>();
    private final List<WatchClient> watches = new ArrayList<>();
    private final List<Client> clients = new ArrayList<>();
    private final List<Thread> workers = new ArrayList<>();
    private final List<Thread> watchers = new ArrayList<>();
    private final Map<Fault, Integer> struck = new TreeMap<>();

    @Test
    @Tag("T6")
    @Tag("T12")
    @Tag("T15")
    @Tag("T19")
    @Tag("T20")
    @Tag("T23")
    @Tag("T24")
    @Tag("T25")
    @Tag("T31")
    void clientsSeeOneStoreWhateverHappensToItsMembers() throws Exception {
        System.out.printf(
                "history test: -Dseed=%d -Dhistory.seconds=%d -Dhistory.storage=%s"
                        + " -Dhistory.transport=%s%n",
                SEED, SECONDS, STORAGE, TRANSPORT);
        List<String> storage = List.of(STORAGE.split(","));
        try (FaultyCluster cluster = new FaultyCluster(members, TRANSPORT, storage)) {
            begin(cluster);
            trouble(cluster);
            end(cluster);
            judgeRegisters();
            judgeLists();
            judgeWatches();
            sameHashes(cluster);
        } finally {
            over.countDown();
            clients.forEach(Client::close);
        }
    }

    private void begin(FaultyCluster cluster) {
        int number = 0;
        for (int i = 0; i < REGISTER_CLIENTS; i++) {
            // Half of them stay with one member, to see what that one tells when it is cut off.
            RegisterClient client =
                    new RegisterClient(++number, connect(cluster, i), new Random(SEED + number));
            registers.add(client);
            workers.add(Thread.ofVirtual().start(() -> work(client::act)));
        }
        for (int i = 0; i < LIST_CLIENTS; i++) {
            ListClient client =
                    new ListClient(++number, connect(cluster, i), new Random(SEED + number));
            lists.add(client);
            workers.add(Thread.ofVirtual().start(() -> work(client::act)));
        }
        for (FaultyCluster.Place place : cluster.places()) {
            Client client = place.client();
            clients.add(client);
            WatchClient watch = new WatchClient(client, LAST_KEY);
            watches.add(watch);
            watchers.add(Thread.ofVirtual().start(watch));
        }
    }

    private Client connect(FaultyCluster cluster, int i) {
        Client client =
                i % 2 == 0
                        ? cluster.client()
                        : cluster.places().get(i / 2 % cluster.places().size()).client();
        clients.add(client);
        return client;
    }

    private void work(Runnable act) {
        Random pace = new Random();
        while (!await(pace.nextInt(12))) {
            act.run();
        }
    }

    /** Lets so many milliseconds pass; true when the test is over before. */
    private boolean await(long millis) {
        try {
            return over.await(millis, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    // ---- trouble

    private void trouble(FaultyCluster cluster) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
        int next = random.nextInt(FAULTS.size());
        while (System.nanoTime() - end < 0) {
            await(300 + random.nextInt(1500));
            addWhoIsMissing(cluster);
            Fault fault = FAULTS.get(next++ % FAULTS.size());
            struck.merge(fault, 1, Integer::sum);
            strike(cluster, fault);
        }
    }

    private void strike(FaultyCluster cluster, Fault fault) {
        List<FaultyCluster.Place> places = cluster.places();
        FaultyCluster.Place any = places.get(random.nextInt(places.size()));
        FaultyCluster.Place leader = cluster.leader().orElse(any);
        switch (fault) {
            case KILL -> kill(cluster, List.of(any));
            case KILL_LEADER -> kill(cluster, List.of(leader));
            case KILL_TWO -> kill(cluster, twoBut(places, any));
            case PAUSE -> pause(any);
            case PAUSE_LEADER -> pause(leader);
            case ISOLATE -> isolate(cluster, any);
            case ISOLATE_LEADER -> isolate(cluster, leader);
            case REPLACE -> replace(cluster, any);
        }
    }

    /**
     * A removal may succeed and the addition after it be refused. Were it left at that, the other
     * two would be all there is, for the rest of a long run.
     */
    private void addWhoIsMissing(FaultyCluster cluster) {
        for (FaultyCluster.Place place : cluster.places()) {
            if (!isMember(cluster, place).orElse(true)) {
                cluster.replace(place);
            }
        }
    }

    /** Two that come back: with one that forgets and one cut off no majority would be left. */
    private static List<FaultyCluster.Place> twoBut(
            List<FaultyCluster.Place> places, FaultyCluster.Place any) {
        FaultyCluster.Place spared =
                places.stream().filter(FaultyCluster.Place::forgets).findFirst().orElse(any);
        return places.stream().filter(place -> place != spared).toList();
    }

    /**
     * What one that forgets has acknowledged is lost with it. So the others must be there, or a
     * majority would forget, of three or of the two that are left when the third was removed.
     */
    private boolean mayDie(FaultyCluster cluster, FaultyCluster.Place victim) {
        return !victim.forgets() || cluster.places().stream().allMatch(this::serves);
    }

    private void kill(FaultyCluster cluster, List<FaultyCluster.Place> all) {
        List<FaultyCluster.Place> victims =
                all.stream().filter(victim -> mayDie(cluster, victim)).toList();
        victims.forEach(FaultyCluster.Place::kill);
        await(random.nextInt(1500));
        victims.forEach(victim -> revive(cluster, victim));
        // Long enough for most to be back before the next blow, short enough for some not to be.
        await(2500);
    }

    /** On its data; what has none left is another member, as an operator would make it. */
    private void revive(FaultyCluster cluster, FaultyCluster.Place place) {
        if (!place.forgets()) place.start();
        else cluster.replace(place);
    }

    private void pause(FaultyCluster.Place victim) {
        victim.pause();
        await(500 + random.nextInt(3500));
        victim.resume();
    }

    private void isolate(FaultyCluster cluster, FaultyCluster.Place victim) {
        cluster.isolate(victim);
        await(500 + random.nextInt(4000));
        cluster.mend();
    }

    private void replace(FaultyCluster cluster, FaultyCluster.Place victim) {
        // Refused while one of the others is down, as it must be.
        if (mayDie(cluster, victim) && cluster.replace(victim)) {
            await(3000);
        }
    }

    // ---- the end

    private void end(FaultyCluster cluster) throws InterruptedException {
        cluster.mend();
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(RECOVERY_SECONDS);
        while (!isWhole(cluster)) {
            if (System.nanoTime() - deadline > 0) {
                throw new AssertionError("the cluster does not recover; seed " + SEED);
            }
            await(500);
        }
        over.countDown();
        for (Thread worker : workers) {
            worker.join();
        }
        for (RegisterClient client : registers) {
            for (int i = 0; i < RegisterClient.KEYS; i++) {
                String key = RegisterClient.key(i);
                patiently(() -> client.read(key));
            }
        }
        try (Client client = cluster.client()) {
            patiently(() -> client.kv().put(LAST_KEY, ""));
        }
        for (Thread watcher : watchers) {
            watcher.join(TimeUnit.SECONDS.toMillis(RECOVERY_SECONDS));
            assertFalse(watcher.isAlive(), "a watch did not come to the end; seed " + SEED);
        }
    }

    /** Tries again what a member that has just come back may not do at once. */
    private <T> T patiently(Supplier<T> attempt) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(RECOVERY_SECONDS);
        while (true) {
            try {
                return attempt.get();
            } catch (StatusRuntimeException e) {
                if (System.nanoTime() - deadline > 0) {
                    throw new AssertionError("the cluster does not recover; seed " + SEED, e);
                }
            }
        }
    }

    /** Starts what is down, replaces what has no member any more; true when all serve. */
    private boolean isWhole(FaultyCluster cluster) {
        boolean whole = true;
        for (FaultyCluster.Place place : cluster.places()) {
            if (!place.isAlive()) {
                whole = false;
                if (place.forgets() || !isMember(cluster, place).orElse(true)) {
                    cluster.replace(place);
                } else {
                    place.start();
                    await(1500);
                }
            }
        }
        return whole && cluster.places().stream().allMatch(this::serves);
    }

    private static Optional<Boolean> isMember(FaultyCluster cluster, FaultyCluster.Place place) {
        try (Client client = cluster.client()) {
            return Optional.of(
                    client.cluster().list(true).getMembersList().stream()
                            .anyMatch(m -> m.getPeerURLsList().contains(place.peerUrl())));
        } catch (StatusRuntimeException e) {
            return Optional.empty();
        }
    }

    private boolean serves(FaultyCluster.Place place) {
        try (Client client = place.client()) {
            client.kv().put("z/alive", place.name);
            return true;
        } catch (StatusRuntimeException e) {
            return false;
        }
    }

    // ---- the judgement

    private void judgeRegisters() {
        Map<String, List<Operation<Ask, Told>>> histories = new TreeMap<>();
        for (RegisterClient client : registers) {
            client.histories()
                    .forEach((key, history) ->
                            histories.computeIfAbsent(key, k -> new ArrayList<>()).addAll(history));
        }
        long known = 0;
        long all = 0;
        for (Map.Entry<String, List<Operation<Ask, Told>>> entry : histories.entrySet()) {
            List<Operation<Ask, Told>> history = Register.relevant(entry.getValue());
            known += history.stream().filter(Operation::isKnown).count();
            all += entry.getValue().size();
            var failure = Linearizability.check(new Register(), history);
            assertTrue(
                    failure.isEmpty(),
                    () -> "seed " + SEED + ", " + entry.getKey() + ": " + failure.get());
            plantStaleRead(history);
        }
        System.out.printf(
                "history test: %d operations on registers, %d answered; %s%n", all, known, struck);
        assertTrue(known > 100, "too few answers to mean anything");
    }

    /** The judge is not to be trusted unless it finds, in this very history, what is wrong. */
    private static void plantStaleRead(List<Operation<Ask, Told>> history) {
        Set<String> values = new HashSet<>();
        for (Operation<Ask, Told> operation : history) {
            if (operation.isKnown() && operation.output().value() != null) {
                values.add(operation.output().value());
            }
        }
        Operation<Ask, Told> last = null;
        for (Operation<Ask, Told> operation : history) {
            boolean read = operation.input() instanceof Register.Read && operation.isKnown();
            if (read && (last == null || operation.returned() > last.returned())) {
                last = operation;
            }
        }
        Operation<Ask, Told> target = Objects.requireNonNull(last);
        values.remove(target.output().value());
        if (values.isEmpty()) {
            return;
        }
        // The last reads of all clients saw the same, so another value is one from before.
        List<Operation<Ask, Told>> changed = new ArrayList<>(history);
        changed.remove(target);
        changed.add(
                new Operation<>(
                        target.client(),
                        target.input(),
                        Told.saw(values.iterator().next()),
                        target.called(),
                        target.returned()));
        assertTrue(
                Linearizability.check(new Register(), changed).isPresent(),
                "a stale read was not found");
    }

    private void judgeLists() {
        List<Operation<Lists.Txn, Lists.Told>> history = new ArrayList<>();
        lists.forEach(client -> history.addAll(client.history()));
        var failure = Linearizability.check(Lists.of(history), Lists.relevant(history));
        assertTrue(failure.isEmpty(), () -> "seed " + SEED + ": " + failure.get());
        plantLostUpdate(history);
        System.out.printf("history test: %d transactions on lists%n", history.size());
    }

    /** Forgets one append in the reads of all later transactions. */
    private static void plantLostUpdate(List<Operation<Lists.Txn, Lists.Told>> history) {
        String victim = null;
        for (Operation<Lists.Txn, Lists.Told> operation : history) {
            if (operation.isKnown() && !operation.output().reads().getFirst().isEmpty()) {
                victim = operation.output().reads().getFirst().getFirst();
            }
        }
        String lost = Objects.requireNonNull(victim, "no list was read with anything in it");
        List<Operation<Lists.Txn, Lists.Told>> changed = new ArrayList<>();
        boolean acknowledged = false;
        for (Operation<Lists.Txn, Lists.Told> operation : history) {
            acknowledged |=
                    operation.isKnown()
                            && operation.input().steps().stream()
                                    .anyMatch(s ->
                                            s instanceof Lists.Append(String k, String element)
                                                    && element.equals(lost));
            changed.add(operation.isKnown() ? without(lost, operation) : operation);
        }
        // An append of unknown outcome may be lost.
        if (acknowledged) {
            assertTrue(
                    Linearizability.check(Lists.of(changed), Lists.relevant(changed)).isPresent(),
                    "a lost update was not found");
        }
    }

    private static Operation<Lists.Txn, Lists.Told> without(
            String lost, Operation<Lists.Txn, Lists.Told> operation) {
        List<List<String>> reads =
                operation.output().reads().stream()
                        .map(list -> list.stream().filter(e -> !e.equals(lost)).toList())
                        .toList();
        return new Operation<>(
                operation.client(),
                operation.input(),
                new Lists.Told(reads),
                operation.called(),
                operation.returned());
    }

    private void judgeWatches() {
        Map<Long, List<Change>> changes = watches.getFirst().changes();
        assertEquals(
                changes.size(),
                changes.keySet().stream().mapToLong(r -> r).max().orElseThrow() - 1,
                "each revision from 2 on has its events");
        for (WatchClient watch : watches) {
            assertEquals(List.of(), watch.faults(changes), () -> "seed " + SEED);
        }
    }

    private void sameHashes(FaultyCluster cluster) {
        long revision;
        try (Client client = cluster.client()) {
            revision = patiently(() -> client.kv().put("z/hash", "")).getHeader().getRevision();
        }
        Set<Integer> hashes = new HashSet<>();
        for (FaultyCluster.Place place : cluster.places()) {
            try (Client client = place.client()) {
                patiently(() -> client.kv().get("z/hash"));
                HashKVResponse hash = patiently(() -> client.maintenance().hashKv(revision));
                assertEquals(revision, hash.getHashRevision());
                hashes.add(hash.getHash());
            }
        }
        assertEquals(1, hashes.size(), "members differ");
    }
}
