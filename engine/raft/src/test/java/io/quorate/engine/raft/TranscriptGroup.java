package io.quorate.engine.raft;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * The group of members that a transcript talks to. Members are numbered from 1 in the order in
 * which they are added; messages wait until a command delivers them. Commands:
 *
 * <pre>
 * add-nodes COUNT voters=(..) learners=(..) index=N content=S inflight=N async-storage-writes=B
 *           prevote=B checkquorum=B read-only=safe|lease-based max-committed-size-per-ready=N
 *           disable-conf-change-validation=B step-down-on-removal=B
 * campaign ID                       propose ID DATA
 * propose-conf-change ID v1=B transition=auto|implicit|explicit   (steps such as v2 l3 r1 as input)
 * process-ready ID..                process-append-thread ID..    process-apply-thread ID..
 * deliver-msgs ID.. type=T drop=(..)
 * stabilize ID.. log-level=L        runs and delivers until nothing is left to do
 * tick-election ID                  tick-heartbeat ID             set-randomized-election-timeout ID timeout=N
 * transfer-leadership from=ID to=ID forget-leader ID              report-unreachable ID ID
 * compact ID INDEX                  send-snapshot ID ID           read-index ID CONTEXT
 * raft-log ID                       raft-state                    status ID
 * log-level debug|info|warn|error|none
 * </pre>
 */
final class TranscriptGroup {
    private static final int ELECTION_TICKS = 3;
    private static final int HEARTBEAT_TICKS = 1;
    private static final List<String> LEVELS =
            List.of("debug", "info", "warn", "error", "fatal", "none");

    /** A member with what is queued for its storages, and each state it went through. */
    private static final class Member {
        final RawNode node;
        final HistoryStorage storage;
        final boolean async;
        final ArrayDeque<Message> appendWork = new ArrayDeque<>();
        final ArrayDeque<Message> applyWork = new ArrayDeque<>();

        Member(RawNode node, HistoryStorage storage, boolean async) {
            this.node = node;
            this.storage = storage;
            this.async = async;
        }
    }

    /** Sends the newest state as snapshot, whatever the log was compacted to. */
    private static final class HistoryStorage implements LogStorage {
        final MemoryLogStorage log = new MemoryLogStorage();
        Snapshot newest;

        HistoryStorage(Snapshot first) {
            newest = first;
        }

        @Override
        public InitialState initialState() {
            return log.initialState();
        }

        @Override
        public List<Entry> entries(long low, long high, long maxBytes)
                throws CompactedException, UnavailableException {
            return log.entries(low, high, maxBytes);
        }

        @Override
        public long term(long index) throws CompactedException, UnavailableException {
            return log.term(index);
        }

        @Override
        public long lastIndex() {
            return log.lastIndex();
        }

        @Override
        public long firstIndex() {
            return log.firstIndex();
        }

        @Override
        public Snapshot snapshot() {
            return newest;
        }
    }

    private final List<Member> members = new ArrayList<>();
    private List<Message> inFlight = new ArrayList<>();
    private StringBuilder output = new StringBuilder();
    private String level = "debug";

    private final Trace trace =
            new Trace() {
                @Override
                public boolean enabled(Level line) {
                    return LEVELS.indexOf(level) <= line.ordinal();
                }

                @Override
                public void line(Level line, String message) {
                    print(line + " " + message + "\n");
                }
            };

    /** Runs one command; what it prints, or "ok". */
    String run(Transcript.Command command) {
        output = new StringBuilder();
        try {
            execute(command);
        } catch (ProposalDroppedException | CommandException e) {
            // Shown at any level, also when everything else is silent.
            output.append(e.getMessage());
        }
        if (output.isEmpty()) output.append("ok");
        if (output.charAt(output.length() - 1) != '\n') output.append('\n');
        return output.toString();
    }

    /** The command cannot be carried out. */
    private static final class CommandException extends Exception {
        private static final long serialVersionUID = 1;

        CommandException(String message) {
            super(message, null, false, false);
        }
    }

    private void print(String text) {
        if (!level.equals("none")) output.append(text);
    }

    private void execute(Transcript.Command command)
            throws ProposalDroppedException, CommandException {
        switch (command.name()) {
            case "add-nodes" -> addNodes(command);
            case "campaign" -> first(command).node.campaign();
            case "compact" -> {
                first(command).storage.log.compact(Long.parseLong(command.plain().get(1)));
                printLog(first(command));
            }
            case "deliver-msgs" -> deliver(command);
            case "process-ready" -> each(command, "handling Ready", this::processReady);
            case "process-append-thread" ->
                    each(command, "processing append thread", this::processAppend);
            case "process-apply-thread" ->
                    each(command, "processing apply thread", this::processApply);
            case "log-level" -> level = command.plain().getFirst().toLowerCase();
            case "raft-log" -> printLog(first(command));
            case "raft-state" -> members.forEach(this::printState);
            case "set-randomized-election-timeout" ->
                    first(command).node.raft.randomizedElectionTicks =
                            Integer.parseInt(command.value("timeout", ""));
            case "stabilize" -> stabilize(command);
            case "status" -> printStatus(first(command));
            case "tick-election" -> tick(first(command), ELECTION_TICKS);
            case "tick-heartbeat" -> tick(first(command), HEARTBEAT_TICKS);
            case "transfer-leadership" ->
                    member(command.value("from", ""))
                            .node
                            .transferLeader(Long.parseLong(command.value("to", "")));
            case "forget-leader" -> first(command).node.forgetLeader();
            case "send-snapshot" -> sendSnapshot(first(command), command.plain().get(1));
            case "propose" -> first(command).node.propose(command.plain().get(1).getBytes(UTF_8));
            case "propose-conf-change" -> proposeConfChange(command);
            case "read-index" ->
                    first(command).node.readIndex(command.plain().get(1).getBytes(UTF_8));
            case "report-unreachable" ->
                    first(command).node.reportUnreachable(Long.parseLong(command.plain().get(1)));
            default -> throw new CommandException("unknown command");
        }
    }

    private Member member(String id) {
        return members.get(Integer.parseInt(id) - 1);
    }

    private Member first(Transcript.Command command) {
        return member(command.plain().getFirst());
    }

    private interface Work {
        void run(Member member);
    }

    private void each(Transcript.Command command, String what, Work work) {
        var ids = command.plain();
        for (var id : ids) {
            if (ids.size() == 1) work.run(member(id));
            else headed(id, what, () -> work.run(member(id)));
        }
    }

    private void headed(Object id, String what, Runnable work) {
        print("> " + id + " " + what + "\n");
        var outer = output;
        output = new StringBuilder();
        work.run();
        var inner = output.toString();
        output = outer;
        inner.lines().forEach(line -> output.append("  ").append(line).append('\n'));
    }

    private void addNodes(Transcript.Command command) {
        var voters = command.values("voters").stream().map(Long::parseLong).toList();
        var learners = command.values("learners").stream().map(Long::parseLong).toList();
        long index = Long.parseLong(command.value("index", "0"));
        var conf = new ConfState(voters, learners, List.of(), List.of(), false);
        var content = command.value("content", "").getBytes(UTF_8);
        var snapshot = index == 0 ? Snapshot.NONE : new Snapshot(index, 1, conf, content);
        int count = Integer.parseInt(command.plain().getFirst());
        for (int i = 0; i < count; i++) {
            var storage = new HistoryStorage(snapshot);
            if (!snapshot.isEmpty()) storage.log.applySnapshot(snapshot);
            var node = new RawNode(config(command, members.size() + 1, storage, index));
            members.add(new Member(node, storage, command.flag("async-storage-writes")));
        }
    }

    private RaftConfig config(
            Transcript.Command command, long id, LogStorage storage, long applied) {
        boolean async = command.flag("async-storage-writes");
        return new RaftConfig(
                id,
                ELECTION_TICKS,
                HEARTBEAT_TICKS,
                storage,
                applied,
                async,
                RaftLogView.NO_LIMIT,
                Long.parseLong(command.value("max-committed-size-per-ready", "0")),
                0,
                Integer.parseInt(command.value("inflight", "" + Integer.MAX_VALUE)),
                0,
                command.flag("checkquorum"),
                command.flag("prevote"),
                false,
                command.flag("step-down-on-removal"),
                new Random(id),
                trace,
                command.value("read-only", "safe").equals("safe")
                        ? RaftConfig.ReadMode.SAFE
                        : RaftConfig.ReadMode.LEASE_BASED,
                command.flag("disable-conf-change-validation"),
                !async);
    }

    private void proposeConfChange(Transcript.Command command)
            throws ProposalDroppedException, CommandException {
        var steps = new ArrayList<ConfChange.Step>();
        for (var token : command.input().strip().split(" ")) {
            if (!token.isEmpty()) steps.add(step(token));
        }
        var transition =
                switch (command.value("transition", "auto")) {
                    case "auto" -> ConfChange.Transition.AUTO;
                    case "implicit" -> ConfChange.Transition.JOINT_IMPLICIT;
                    case "explicit" -> ConfChange.Transition.JOINT_EXPLICIT;
                    default -> throw new CommandException("unknown transition");
                };
        var encoding = command.flag("v1") ? EntryType.CONF_CHANGE : EntryType.CONF_CHANGE_V2;
        first(command)
                .node
                .proposeConfChange(new ConfChange(transition, steps, new byte[0], 0, encoding));
    }

    static ConfChange.Step step(String token) {
        var kind =
                switch (token.charAt(0)) {
                    case 'v' -> ConfChange.Kind.ADD_NODE;
                    case 'l' -> ConfChange.Kind.ADD_LEARNER_NODE;
                    case 'r' -> ConfChange.Kind.REMOVE_NODE;
                    case 'u' -> ConfChange.Kind.UPDATE_NODE;
                    default -> throw new IllegalArgumentException("unknown input: " + token);
                };
        return new ConfChange.Step(kind, Long.parseUnsignedLong(token.substring(1)));
    }

    private static void tick(Member member, int times) {
        for (int i = 0; i < times; i++) member.node.tick();
    }

    private void processReady(Member member) {
        var ready = member.node.ready();
        print(Describe.ready(ready));
        if (!member.async) {
            var hard = ready.hardState() == null ? HardState.EMPTY : ready.hardState();
            store(member, hard, ready.entries(), ready.snapshot());
            apply(member, ready.committedEntries());
        }
        for (var message : ready.messages()) {
            if (message.to() == RawNode.APPEND_THREAD) member.appendWork.add(message);
            else if (message.to() == RawNode.APPLY_THREAD) member.applyWork.add(message);
            else inFlight.add(message);
        }
        if (!member.async) member.node.advance(ready);
    }

    private static void store(
            Member member, HardState hardState, List<Entry> entries, Snapshot snapshot) {
        if (!hardState.isEmpty()) member.storage.log.setHardState(hardState);
        if (snapshot != null) member.storage.log.applySnapshot(snapshot);
        member.storage.log.append(entries);
    }

    // The state is the concatenation of all data.
    private static void apply(Member member, List<Entry> entries) {
        for (var entry : entries) {
            var last = member.storage.newest;
            var conf = last.conf();
            var update = entry.data();
            if (entry.type() != EntryType.NORMAL) {
                var change = ConfChangeCodec.decode(entry);
                conf = member.node.applyConfChange(change);
                update = change.context();
            }
            var data = new byte[last.data().length + update.length];
            System.arraycopy(last.data(), 0, data, 0, last.data().length);
            System.arraycopy(update, 0, data, last.data().length, update.length);
            member.storage.newest = new Snapshot(entry.index(), entry.term(), conf, data);
        }
    }

    private void processAppend(Member member) {
        var work = member.appendWork.poll();
        if (work == null) {
            print("no append work to perform");
            return;
        }
        printWork(work);
        var hardState = new HardState(work.term(), work.vote(), work.commit());
        store(member, hardState, work.entries(), work.snapshot());
        printResponses(work);
    }

    private void processApply(Member member) {
        var work = member.applyWork.poll();
        if (work == null) {
            print("no apply work to perform");
            return;
        }
        printWork(work);
        apply(member, work.entries());
        printResponses(work);
    }

    private void printWork(Message work) {
        var alone =
                new Message(
                        work.type(),
                        work.to(),
                        work.from(),
                        work.term(),
                        work.logTerm(),
                        work.index(),
                        work.entries(),
                        work.commit(),
                        work.vote(),
                        work.snapshot(),
                        work.reject(),
                        work.rejectHint(),
                        work.context(),
                        List.of());
        print("Processing:\n" + Describe.message(alone) + "\n");
    }

    private void printResponses(Message work) {
        print("Responses:\n");
        for (var response : work.responses()) print(Describe.message(response) + "\n");
        inFlight.addAll(work.responses());
    }

    private void deliver(Transcript.Command command) {
        var type = command.value("type", "");
        int handled = 0;
        for (var id : command.plain()) handled += deliver(Long.parseLong(id), type, false);
        for (var id : command.values("drop")) handled += deliver(Long.parseLong(id), type, true);
        if (handled == 0) print("no messages\n");
    }

    private List<Message> waitingFor(long id, String type, boolean drop) {
        return inFlight.stream()
                .filter(message -> message.to() == id)
                // Storages lose nothing.
                .filter(message -> !(drop && isLocal(message)))
                .filter(message -> type.isEmpty() || message.type().wireName().equals(type))
                .toList();
    }

    private static boolean isLocal(Message message) {
        return message.from() == message.to() || RawNode.isLocalTarget(message.from());
    }

    private int deliver(long id, String type, boolean drop) {
        var taken = waitingFor(id, type, drop);
        var rest = new ArrayList<>(inFlight);
        rest.removeAll(taken);
        inFlight = rest;
        for (var message : taken) {
            print((drop ? "dropped: " : "") + Describe.message(message) + "\n");
            if (!drop) deliver(members.get((int) id - 1), message);
        }
        return taken.size();
    }

    private void deliver(Member member, Message message) {
        if (member.node.isFromStranger(message)) {
            print("raft: cannot step as peer not found\n");
            return;
        }
        try {
            member.node.step(message);
        } catch (ProposalDroppedException e) {
            print(e.getMessage() + "\n");
        }
    }

    private void stabilize(Transcript.Command command) {
        var before = level;
        level = command.value("log-level", level).toLowerCase();
        var ids = command.plain().stream().map(Integer::parseInt).toList();
        var some = new ArrayList<Integer>(ids);
        if (some.isEmpty()) for (int i = 1; i <= members.size(); i++) some.add(i);
        boolean busy = true;
        while (busy) {
            busy = false;
            for (int id : some) {
                if (!members.get(id - 1).node.hasReady()) continue;
                headed(id, "handling Ready", () -> processReady(members.get(id - 1)));
                busy = true;
            }
            for (int id : some) {
                if (waitingFor(id, "", false).isEmpty()) continue;
                headed(id, "receiving messages", () -> deliver(id, "", false));
                busy = true;
            }
            for (int id : some) busy |= drainAppends(id);
            for (int id : some) busy |= drainApplies(id);
        }
        level = before;
    }

    private boolean drainAppends(int id) {
        var member = members.get(id - 1);
        if (member.appendWork.isEmpty()) return false;
        headed(
                id,
                "processing append thread",
                () -> {
                    while (!member.appendWork.isEmpty()) processAppend(member);
                });
        return true;
    }

    private boolean drainApplies(int id) {
        var member = members.get(id - 1);
        if (member.applyWork.isEmpty()) return false;
        headed(
                id,
                "processing apply thread",
                () -> {
                    while (!member.applyWork.isEmpty()) processApply(member);
                });
        return true;
    }

    private void sendSnapshot(Member from, String to) {
        var status = from.node.status();
        var message =
                Messages.snapshot(
                        Long.parseLong(to),
                        status.id(),
                        status.hardState().term(),
                        from.storage.snapshot());
        inFlight.add(message);
        print(Describe.message(message));
    }

    private void printLog(Member member) {
        var log = member.storage.log;
        if (log.lastIndex() < log.firstIndex()) {
            print(
                    "log is empty: first index=%d, last index=%d"
                            .formatted(log.firstIndex(), log.lastIndex()));
            return;
        }
        try {
            var all = log.entries(log.firstIndex(), log.lastIndex() + 1, RaftLogView.NO_LIMIT);
            print(Describe.entries(all));
        } catch (LogStorage.CompactedException | LogStorage.UnavailableException e) {
            throw new AssertionError(e);
        }
    }

    private void printState(Member member) {
        var status = member.node.status();
        boolean voter =
                status.conf().voters().contains(status.id())
                        || status.conf().votersOutgoing().contains(status.id());
        print(
                "%d: %s %s Term:%d Lead:%d\n"
                        .formatted(
                                status.id(),
                                Describe.role(status.softState().role()),
                                voter ? "(Voter)" : "(Non-Voter)",
                                status.hardState().term(),
                                status.softState().leader()));
    }

    private void printStatus(Member member) {
        if (member.node.status().softState().role() != Role.LEADER) return;
        for (var progress : member.node.raft.tracker.members()) {
            print(Long.toUnsignedString(progress.id) + ": " + progress + "\n");
        }
    }
}
