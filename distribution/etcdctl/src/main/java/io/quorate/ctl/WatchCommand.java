package io.quorate.ctl;

import io.grpc.StatusRuntimeException;
import io.quorate.api.client.Watch;
import io.quorate.api.client.WatchCanceledException;
import io.quorate.api.proto.WatchCreateRequest;
import io.quorate.api.proto.WatchResponse;
import io.quorate.api.proto.mvcc.Event;
import io.quorate.cli.Command;
import io.quorate.cli.Exit;
import io.quorate.cli.Flag;
import io.quorate.cli.FlagValues;
import io.quorate.cli.GoText;
import io.quorate.cli.Invocation;
import io.quorate.cli.UsageException;
import io.quorate.ctl.ChildProcess.NotRun;
import io.quorate.ctl.WatchLine.BadWords;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;

/** {@code watch}, with one watch or, interactively, with many (CT-27 to CT-31). */
final class WatchCommand {
    private static final Flag[] FLAGS = {
        Flag.toggle("interactive", "Interactive mode").withLetter("i"),
        Flag.toggle("prefix", "Watch on a prefix if prefix is set"),
        Flag.number("rev", "Revision to start watching"),
        Flag.toggle("prev-kv", "get the previous key-value pair before the event happens"),
        Flag.toggle("progress-notify", "get periodic watch progress notification from server")
    };

    private final Session session;
    private final Cluster cluster;
    private final Map<String, String> environment;
    private final List<Watch> watches = new CopyOnWriteArrayList<>();

    private WatchCommand(Session session, Cluster cluster, Map<String, String> environment) {
        this.session = session;
        this.cluster = cluster;
        this.environment = environment;
    }

    static Command command() {
        return Command.leaf(
                "watch [options] [key or prefix] [range_end] [--] [exec-command arg1 arg2 ...]",
                "Watches events stream on keys or prefixes",
                WatchCommand::run,
                FLAGS);
    }

    private static void run(Invocation call) {
        String end = call.environment().getOrDefault("ETCDCTL_WATCH_RANGE_END", "");
        if (call.environment().getOrDefault("ETCDCTL_WATCH_KEY", "").isEmpty() && !end.isEmpty()) {
            throw Exit.badArguments(
                    "ETCDCTL_WATCH_KEY is empty but got ETCDCTL_WATCH_RANGE_END="
                            + GoText.quote(end));
        }
        if (call.flags().on("interactive")) interactive(call);
        else single(call);
    }

    private static void single(Invocation call) {
        WatchLine line = WatchLine.of(afterCommand(call), call.flags(), call.environment());
        Session session = Session.open(call);
        try (Cluster cluster = session.watchingCluster()) {
            new WatchCommand(session, cluster, call.environment()).print(line, line.request());
        } catch (BadWords e) {
            throw Exit.badArguments(e.getMessage());
        }
        throw new Exit(Exit.INTERRUPTED, "watch is canceled by the server");
    }

    private static List<String> afterCommand(Invocation call) {
        int command = call.commandLine().indexOf("watch");
        return call.commandLine().subList(command + 1, call.commandLine().size());
    }

    // ---- interactive

    private static void interactive(Invocation call) {
        Session session = Session.open(call);
        // Not closed: the end of the input ends the process, and no watch needs to hear of it.
        Cluster cluster = session.watchingCluster();
        WatchCommand command = new WatchCommand(session, cluster, call.environment());
        while (true) command.line(readLine(call));
    }

    private static String readLine(Invocation call) {
        try {
            return call.terminal().readLine().orElseThrow(() -> badInput("EOF"));
        } catch (IOException e) {
            throw badInput(String.valueOf(e.getMessage()));
        }
    }

    private static Exit badInput(String reason) {
        return new Exit(Exit.INVALID_INPUT, "error reading watch request line: " + reason);
    }

    private void line(String line) {
        List<String> words = Words.split(line);
        if (words.isEmpty()) {
            session.terminal()
                    .error("Invalid command: " + line + " (watch and progress supported)");
            return;
        }
        switch (words.getFirst()) {
            case "watch" -> watchLine(line, words);
            case "progress" -> watches.forEach(Watch::requestProgress);
            default ->
                    session.terminal().error("Invalid command " + line + " (only support watch)");
        }
    }

    private void watchLine(String line, List<String> words) {
        boolean keyElsewhere = !environment.getOrDefault("ETCDCTL_WATCH_KEY", "").isEmpty();
        if (words.size() < 2 && !keyElsewhere) {
            session.terminal()
                    .error("Invalid command " + line + " (command type or key is not provided)");
            return;
        }
        List<String> rest = words.subList(1, words.size());
        try {
            WatchLine watch =
                    WatchLine.of(rest, FlagValues.parse(List.of(FLAGS), rest), environment);
            WatchCreateRequest request = watch.request();
            // Made here, so that a progress request behind this line finds the watch.
            Optional<Watch> opened = open(request);
            opened.ifPresent(open -> Thread.ofVirtual().start(() -> printAll(watch, open)));
        } catch (UsageException e) {
            throw Exit.badArguments(e.getMessage());
        } catch (BadWords e) {
            session.terminal().error("Invalid command " + line + " (" + e.getMessage() + ")");
        }
    }

    private void printAll(WatchLine line, Watch watch) {
        try {
            print(line, watch);
        } catch (Exit exit) {
            // Of a watch beside the reader's thread, a failed command ends the whole tool.
            session.terminal().flush();
            Runtime.getRuntime().halt(exit.code());
        }
    }

    // ---- printing

    private void print(WatchLine line, WatchCreateRequest request) {
        Optional<Watch> watch = open(request);
        if (watch.isPresent()) print(line, watch.get());
    }

    /** Empty when the server refused it, which is told. */
    private Optional<Watch> open(WatchCreateRequest request) {
        try {
            Watch watch = cluster.client().watch(request);
            watches.add(watch);
            return Optional.of(watch);
        } catch (WatchCanceledException e) {
            canceled(e);
        } catch (StatusRuntimeException e) {
            canceled(new CallFailure(e.getStatus()).getMessage());
        }
        return Optional.empty();
    }

    private void print(WatchLine line, Watch watch) {
        try (watch) {
            for (Optional<WatchResponse> answer = watch.next();
                    answer.isPresent();
                    answer = watch.next()) {
                print(line, answer.get());
            }
        } catch (WatchCanceledException e) {
            canceled(e);
        } catch (StatusRuntimeException e) {
            canceled(new CallFailure(e.getStatus()).getMessage());
        } finally {
            watches.remove(watch);
        }
    }

    private void canceled(WatchCanceledException e) {
        canceled(e.getMessage());
        session.printer().watch(shown(e.response()));
        session.terminal().flush();
    }

    private void canceled(String reason) {
        session.terminal().error("watch was canceled (" + reason + ")");
    }

    private void print(WatchLine line, WatchResponse answer) {
        synchronized (this) {
            if (answer.getEventsCount() == 0) {
                session.terminal().line("progress notify: " + answer.getHeader().getRevision());
            }
            session.printer().watch(shown(answer));
            session.terminal().flush();
        }
        if (line.command().isEmpty()) return;
        for (Event event : answer.getEventsList()) {
            run(line.command(), answer.getHeader().getRevision(), event);
        }
    }

    /** What Go's client keeps of an answer: the watch's id is its own affair. */
    private static WatchResponse shown(WatchResponse answer) {
        return answer.toBuilder().clearWatchId().clearFragment().build();
    }

    private void run(List<String> command, long revision, Event event) {
        Map<String, String> variables = new HashMap<>();
        variables.put("ETCD_WATCH_REVISION", String.valueOf(revision));
        variables.put("ETCD_WATCH_EVENT_TYPE", GoText.quote(event.getType().name()));
        variables.put("ETCD_WATCH_KEY", GoText.quote(Ranges.text(event.getKv().getKey())));
        variables.put("ETCD_WATCH_VALUE", GoText.quote(Ranges.text(event.getKv().getValue())));
        String failure;
        try {
            int code = ChildProcess.run(command, variables);
            if (code == 0) return;
            failure = "exit status " + code;
        } catch (NotRun e) {
            failure = e.getMessage();
        }
        List<String> quoted = new ArrayList<>();
        for (String word : command) quoted.add(GoText.quote(word));
        session.terminal()
                .error("command [" + String.join(" ", quoted) + "] error (" + failure + ")");
        throw Exit.silently(Exit.ERROR);
    }
}
