package io.quorate.engine.raft;

import java.util.List;
import java.util.stream.Collectors;

/** Raft types as the lines that transcripts show. */
final class Describe {
    private Describe() {}

    static String ready(Ready ready) {
        var text = new StringBuilder();
        if (ready.softState() != null) {
            text.append("Lead:").append(ready.softState().leader());
            text.append(" State:").append(role(ready.softState().role())).append('\n');
        }
        if (ready.hardState() != null) {
            text.append("HardState ").append(hardState(ready.hardState())).append('\n');
        }
        if (!ready.readStates().isEmpty()) {
            text.append("ReadStates ").append(readStates(ready.readStates())).append('\n');
        }
        if (!ready.entries().isEmpty()) {
            text.append("Entries:\n").append(entries(ready.entries()));
        }
        if (ready.snapshot() != null) {
            text.append("Snapshot ").append(snapshot(ready.snapshot())).append('\n');
        }
        if (!ready.committedEntries().isEmpty()) {
            text.append("CommittedEntries:\n").append(entries(ready.committedEntries()));
        }
        if (!ready.messages().isEmpty()) {
            text.append("Messages:\n");
            ready.messages().forEach(message -> text.append(message(message)).append('\n'));
        }
        if (text.isEmpty()) return "<empty Ready>";
        return "Ready MustSync=" + ready.mustSync() + ":\n" + text;
    }

    static String role(Role role) {
        return switch (role) {
            case FOLLOWER -> "StateFollower";
            case PRE_CANDIDATE -> "StatePreCandidate";
            case CANDIDATE -> "StateCandidate";
            case LEADER -> "StateLeader";
        };
    }

    private static String hardState(HardState state) {
        var vote = state.vote() == 0 ? "" : " Vote:" + state.vote();
        return "Term:" + state.term() + vote + " Commit:" + state.commit();
    }

    private static String readStates(List<ReadState> states) {
        return states.stream()
                .map(state -> "{" + state.index() + " " + bytes(state.context()) + "}")
                .collect(Collectors.joining(" ", "[", "]"));
    }

    private static String bytes(byte[] data) {
        var text = new StringBuilder("[");
        for (byte b : data) {
            if (text.length() > 1) text.append(' ');
            text.append(b & 0xff);
        }
        return text.append(']').toString();
    }

    private static String snapshot(Snapshot snapshot) {
        return "Index:%d Term:%d ConfState:%s"
                .formatted(snapshot.index(), snapshot.term(), confState(snapshot.conf()));
    }

    private static String confState(ConfState conf) {
        return "Voters:%s VotersOutgoing:%s Learners:%s LearnersNext:%s AutoLeave:%s"
                .formatted(
                        ids(conf.voters()),
                        ids(conf.votersOutgoing()),
                        ids(conf.learners()),
                        ids(conf.learnersNext()),
                        conf.autoLeave());
    }

    private static String ids(List<Long> ids) {
        return ids.stream().map(Long::toUnsignedString).collect(Collectors.joining(" ", "[", "]"));
    }

    static String message(Message m) {
        return message("", m);
    }

    private static String message(String indent, Message m) {
        var text = new StringBuilder(indent);
        text.append(target(m.from())).append("->").append(target(m.to()));
        text.append(' ').append(m.type().wireName()).append(" Term:").append(m.term());
        text.append(" Log:").append(m.logTerm()).append('/').append(m.index());
        if (m.reject()) text.append(" Rejected (Hint: ").append(m.rejectHint()).append(')');
        if (m.commit() != 0) text.append(" Commit:").append(m.commit());
        if (m.vote() != 0) text.append(" Vote:").append(m.vote());
        if (m.entries().size() == 1) {
            text.append(" Entries:[").append(entry(m.entries().getFirst())).append(']');
        } else if (!m.entries().isEmpty()) {
            text.append(" Entries:[");
            for (var entry : m.entries()) {
                text.append('\n').append(indent).append("  ").append(entry(entry));
            }
            text.append('\n').append(indent).append(']');
        }
        if (m.snapshot() != null && !m.snapshot().isEmpty()) {
            text.append('\n').append(indent).append("  Snapshot: ").append(snapshot(m.snapshot()));
        }
        if (!m.responses().isEmpty()) {
            text.append(" Responses:[");
            for (var response : m.responses()) {
                text.append('\n').append(message(indent + "  ", response));
            }
            text.append('\n').append(indent).append(']');
        }
        return text.toString();
    }

    private static String target(long id) {
        if (id == 0) return "None";
        if (id == RawNode.APPEND_THREAD) return "AppendThread";
        if (id == RawNode.APPLY_THREAD) return "ApplyThread";
        return Long.toHexString(id);
    }

    static String entries(List<Entry> entries) {
        return entries.stream().map(entry -> entry(entry) + "\n").collect(Collectors.joining());
    }

    private static String entry(Entry entry) {
        var content =
                switch (entry.type()) {
                    case NORMAL -> quoted(entry.data());
                    case CONF_CHANGE, CONF_CHANGE_V2 ->
                            ConfChangeCodec.decode(entry).steps().stream()
                                    .map(Describe::step)
                                    .collect(Collectors.joining(" "));
                };
        var type =
                switch (entry.type()) {
                    case NORMAL -> "EntryNormal";
                    case CONF_CHANGE -> "EntryConfChange";
                    case CONF_CHANGE_V2 -> "EntryConfChangeV2";
                };
        return entry.term()
                + "/"
                + entry.index()
                + " "
                + type
                + (content.isEmpty() ? "" : " " + content);
    }

    private static String step(ConfChange.Step step) {
        var letter =
                switch (step.kind()) {
                    case ADD_NODE -> "v";
                    case ADD_LEARNER_NODE -> "l";
                    case REMOVE_NODE -> "r";
                    case UPDATE_NODE -> "u";
                };
        return letter + Long.toUnsignedString(step.id());
    }

    private static String quoted(byte[] data) {
        var text = new StringBuilder("\"");
        for (byte b : data) {
            switch (b) {
                case '"' -> text.append("\\\"");
                case '\\' -> text.append("\\\\");
                case '\n' -> text.append("\\n");
                default -> {
                    if (b >= 0x20 && b < 0x7f) text.append((char) b);
                    else text.append("\\x%02x".formatted(b));
                }
            }
        }
        return text.append('"').toString();
    }
}
