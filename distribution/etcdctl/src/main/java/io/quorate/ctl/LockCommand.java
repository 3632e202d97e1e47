package io.quorate.ctl;

import com.google.protobuf.ByteString;

import io.quorate.api.proto.RangeResponse;
import io.quorate.cli.Command;
import io.quorate.cli.Exit;
import io.quorate.cli.Flag;
import io.quorate.cli.FlagType;
import io.quorate.cli.Invocation;
import io.quorate.cli.LogLine;
import io.quorate.ctl.ChildProcess.NotRun;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** {@code lock}: holds a lock until it is interrupted, or while a command runs (CT-50). */
final class LockCommand {
    private static final long DEFAULT_TTL_SECONDS = 60;

    private LockCommand() {}

    static Command command() {
        return Command.leaf(
                "lock <lockname> [exec-command arg1 arg2 ...]",
                "Acquires a named lock",
                LockCommand::run,
                Flag.of("ttl", FlagType.INT, "10", "timeout for session"));
    }

    /** As etcd's client, which keeps its default when it is given no time at all. */
    private static long ttl(Invocation call, Session session) {
        long seconds = call.flags().number("ttl");
        if (seconds > 0) return seconds;
        session.terminal()
                .error(
                        new LogLine(
                                        "warn",
                                        Instant.now(),
                                        Session.LOGGER,
                                        "client/LockCommand.java",
                                        "WithTTL(): TTL should be > 0, preserving current TTL")
                                .with("current-session-ttl", DEFAULT_TTL_SECONDS)
                                .toString());
        return DEFAULT_TTL_SECONDS;
    }

    private static void run(Invocation call) {
        if (call.arguments().isEmpty()) {
            throw Exit.badArguments(
                    "lock takes a lock name argument and an optional command to execute");
        }
        String name = call.arguments().getFirst();
        List<String> command = call.arguments().subList(1, call.arguments().size());
        Session session = Session.open(call);
        CompletableFuture<Void> signal = new CompletableFuture<>();
        try (Cluster cluster = session.patientCluster()) {
            Contender contender = Contender.enter(cluster, name, ttl(call, session));
            Signals.onEnd(() -> {
                contender.giveUp();
                signal.complete(null);
            });
            Optional<Long> revision = contender.awaitTurn(ByteString.EMPTY);
            if (revision.isEmpty()) {
                contender.leave();
                throw new Exit(Exit.ERROR, "context canceled");
            }
            if (command.isEmpty()) hold(session, contender, signal);
            else runLocked(contender, revision.get(), command);
        } catch (IllegalStateException expired) {
            throw new Exit(Exit.ERROR, "mutex: " + expired.getMessage());
        }
    }

    private static void hold(Session session, Contender contender, CompletableFuture<Void> signal) {
        RangeResponse key = contender.get();
        if (key.getKvsCount() == 0) throw new Exit(Exit.ERROR, "lock lost on init");
        session.printer().get(key);
        session.terminal().flush();
        CompletableFuture<Void> lost = contender.lost().exceptionally(failure -> null);
        CompletableFuture.anyOf(signal, lost).join();
        if (!signal.isDone()) throw new Exit(Exit.ERROR, "session expired");
        contender.leave();
    }

    /** Runs the command under the lock and ends with its exit code. */
    private static void runLocked(Contender contender, long revision, List<String> command) {
        Map<String, String> variables =
                Map.of(
                        "ETCD_LOCK_KEY",
                        Ranges.text(contender.key()),
                        "ETCD_LOCK_REV",
                        String.valueOf(revision));
        try {
            int code = ChildProcess.run(command, variables);
            if (code != 0) throw new Exit(code, "exit status " + code);
        } catch (NotRun e) {
            throw new Exit(Exit.ERROR, e.getMessage());
        } finally {
            contender.leave();
        }
    }
}
