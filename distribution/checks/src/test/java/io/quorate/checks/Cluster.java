package io.quorate.checks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The members of one cluster, started with the flags that etcd's users give, and the real etcdctl
 * to talk to them.
 */
final class Cluster {
    private static final long PATIENCE_SECONDS = 90;
    private static final Pattern MEMBER = Pattern.compile("\"member_id\":(\\d+)");
    private static final Pattern LEADER = Pattern.compile("\"leader\":(\\d+)");
    private static final Pattern HASH = Pattern.compile("\"hash\":(\\d+)");

    private final Members processes;
    private final Path executable;
    private final Map<String, Member> members = new TreeMap<>();
    private List<String> credentials = List.of();
    private boolean secure;

    Cluster(Members processes, Path executable) {
        this.processes = processes;
        this.executable = executable;
    }

    /** Asks for TLS at all addresses of members yet to come; etcdctl gets these flags. */
    Cluster secure(String... flags) {
        secure = true;
        credentials = List.of(flags);
        return this;
    }

    /** A founding member with flags of its own, not yet started. */
    Cluster with(String name, String... flags) {
        members.put(name, create(name, flags));
        return this;
    }

    private Member create(String name, String... flags) {
        Member member = processes.create(name, executable, flags).inCluster();
        return secure ? member.secure() : member;
    }

    /** Gives all members the same initial cluster, without starting them. */
    Cluster founded() {
        String all =
                members.entrySet().stream()
                        .map(entry -> entry.getKey() + "=" + entry.getValue().peerUrl())
                        .collect(Collectors.joining(","));
        members.forEach((name, member) ->
                member.also(
                        "--name",
                        name,
                        "--initial-cluster",
                        all,
                        "--initial-cluster-token",
                        "checks",
                        "--initial-cluster-state",
                        "new"));
        return this;
    }

    /** Founds the cluster and waits until all members serve. */
    Cluster start() {
        founded();
        List<CompletableFuture<String>> serving = new ArrayList<>();
        for (Member member : members.values()) {
            serving.add(member.serves());
            member.launch();
        }
        int i = 0;
        for (Member member : members.values()) member.await(serving.get(i++));
        return this;
    }

    Member member(String name) {
        return members.get(name);
    }

    /** Takes part in {@link #ctl} no more. */
    void forget(String name) {
        members.remove(name);
    }

    /**
     * Adds a member with {@code etcdctl member add} and prepares a process with the variables that
     * it prints, as its users do.
     */
    Member add(String name, String... flags) {
        Member joining = create(name, flags);
        Exec.Outcome added =
                retried(
                        "unhealthy cluster",
                        "member",
                        "add",
                        name,
                        "--peer-urls=" + joining.peerUrl());
        assertEquals(0, added.exit(), added::err);
        Matcher variable = Pattern.compile("(ETCD_[A-Z_]+)=\"([^\"]*)\"").matcher(added.out());
        while (variable.find()) {
            // It would win over the flag that names the same.
            if (!variable.group(1).equals("ETCD_INITIAL_ADVERTISE_PEER_URLS")) {
                joining.with(variable.group(1), variable.group(2));
            }
        }
        members.put(name, joining);
        return joining;
    }

    /** Runs etcdctl with the endpoints of all members that run. */
    Exec.Outcome ctl(String... words) {
        String endpoints =
                members.values().stream()
                        .filter(Member::isAlive)
                        .map(Member::endpoint)
                        .collect(Collectors.joining(","));
        return run(endpoints, words);
    }

    /** Runs etcdctl at one member only. */
    Exec.Outcome ctlAt(Member member, String... words) {
        return run(member.endpoint(), words);
    }

    private Exec.Outcome run(String endpoints, String... words) {
        List<String> command = new ArrayList<>();
        command.add(Binaries.etcdctl37().toString());
        command.add("--endpoints=" + endpoints);
        // Longer than its own five seconds; the words may say another one, and the last counts.
        command.add("--command-timeout=30s");
        command.addAll(credentials);
        command.addAll(List.of(words));
        return Exec.run(command, Map.of(), "");
    }

    /** As {@link #ctl}, again and again while it fails with this text. */
    Exec.Outcome retried(String passing, String... words) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (true) {
            Exec.Outcome outcome = ctl(words);
            boolean passes = outcome.exit() != 0 && outcome.err().contains(passing);
            if (!passes || System.nanoTime() - deadline > 0) return outcome;
        }
    }

    /** Writes, and fails with the logs of all members when that fails. */
    void put(String key, String value) {
        written(() -> ctl("put", key, value));
    }

    /** As above, at one member only. */
    void putAt(Member member, String key, String value) {
        written(() -> ctlAt(member, "put", key, value));
    }

    /** What a leader takes along that is none any more is told so, as by etcd, and put again. */
    private void written(Supplier<Exec.Outcome> attempt) {
        List<Exec.Outcome> outcomes = new ArrayList<>();
        until(() -> {
            outcomes.add(attempt.get());
            String error = outcomes.getLast().err();
            return !error.contains("etcdserver: request timed out")
                    && !error.contains("etcdserver: leader changed");
        });
        Exec.Outcome put = outcomes.getLast();
        assertEquals(0, put.exit(), () -> put.err() + report());
    }

    /** Reads linearizably at one member. */
    String get(Member at, String key) {
        Exec.Outcome got = ctlAt(at, "get", key, "--print-value-only", "--command-timeout=30s");
        assertEquals(0, got.exit(), () -> got.err() + report());
        return got.out().strip();
    }

    /** The member that all of these agree to be the leader; waits for it. */
    Member leader() {
        List<Member> found = new ArrayList<>();
        until(() -> {
            found.clear();
            Map<String, Member> byId = new TreeMap<>();
            Map<String, String> leaders = new TreeMap<>();
            for (Member member : members.values()) {
                if (!member.isAlive()) continue;
                Exec.Outcome status =
                        ctlAt(member, "endpoint", "status", "-w", "json", "--command-timeout=2s");
                Matcher id = MEMBER.matcher(status.out());
                Matcher leader = LEADER.matcher(status.out());
                if (!id.find()) continue;
                byId.put(id.group(1), member);
                leaders.put(id.group(1), leader.find() ? leader.group(1) : "none");
            }
            if (leaders.values().stream().distinct().count() != 1) return false;
            Member leader = byId.get(leaders.values().iterator().next());
            if (leader != null) found.add(leader);
            return leader != null;
        });
        return found.getFirst();
    }

    /** The id of a member as etcdctl prints it. */
    String id(Member member) {
        Matcher line =
                Pattern.compile("(?m)^([0-9a-f]+), started,.*" + Pattern.quote(member.peerUrl()))
                        .matcher(ctl("member", "list").out());
        assertTrue(line.find());
        return line.group(1);
    }

    /** Any member that runs, but this. */
    Member other(Member than) {
        return members.values().stream()
                .filter(member -> member != than && member.isAlive())
                .findFirst()
                .orElseThrow();
    }

    /** Waits until the hashes of all members are the same (T24); fails when they never are. */
    void awaitSameHash() {
        until(() -> {
            Exec.Outcome hashes = ctl("endpoint", "hashkv", "-w", "json", "--command-timeout=30s");
            List<String> all = new ArrayList<>();
            Matcher hash = HASH.matcher(hashes.out());
            while (hash.find()) all.add(hash.group(1));
            long running = members.values().stream().filter(Member::isAlive).count();
            return all.size() == running && all.stream().distinct().count() == 1;
        });
    }

    /** Waits for what is going to be true; fails with the logs of all members. */
    void until(BooleanSupplier condition) {
        until(condition, this::report);
    }

    /** As above, and fails with what the report says. */
    static void until(BooleanSupplier condition, Supplier<String> report) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - deadline > 0) {
                throw new AssertionError("it did not become so" + report.get());
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
        }
    }

    String report() {
        return members.values().stream().map(Member::report).collect(Collectors.joining());
    }
}
