package io.quorate.engine.raft;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A file of commands with the output each must have:
 *
 * <pre>
 * # a comment
 * command argument key=value key=(value, value)
 * further input
 * ----
 * expected output, up to an empty line
 * </pre>
 *
 * Output that holds empty lines stands between two doubled separators. This is the format of etcd's
 * raft transcripts, so that those can be read as well.
 */
final class Transcript {
    private static final String SEPARATOR = "----";

    /**
     * One command.
     *
     * @param line line number of the command, from 1
     * @param name what to do
     * @param arguments values by key; an argument without value has none
     * @param input lines between command and separator
     * @param expected output, each line ended
     * @param first index of the first expected line in the file, from 0
     * @param end index after the last expected line
     */
    record Command(
            int line,
            String name,
            Map<String, List<String>> arguments,
            String input,
            String expected,
            int first,
            int end) {
        /** The arguments without a value. */
        List<String> plain() {
            return arguments.entrySet().stream()
                    .filter(argument -> argument.getValue().isEmpty())
                    .map(Map.Entry::getKey)
                    .toList();
        }

        List<String> values(String key) {
            return arguments.getOrDefault(key, List.of());
        }

        /** The single value of this argument, or {@code otherwise} when it is not there. */
        String value(String key, String otherwise) {
            var values = values(key);
            if (values.size() > 1) throw new IllegalArgumentException(key + " takes one value");
            return values.isEmpty() ? otherwise : values.getFirst();
        }

        boolean flag(String key) {
            return Boolean.parseBoolean(value(key, "false"));
        }
    }

    private final List<String> lines;
    private final List<Command> commands = new ArrayList<>();

    Transcript(String text) {
        lines = text.lines().toList();
        int at = 0;
        while (at < lines.size()) {
            var line = lines.get(at).strip();
            at = line.isEmpty() || line.startsWith("#") ? at + 1 : readCommand(at);
        }
    }

    List<Command> commands() {
        return commands;
    }

    private int readCommand(int start) {
        int at = start;
        var command = lines.get(at++).strip();
        var input = new StringBuilder();
        while (at < lines.size() && !lines.get(at).equals(SEPARATOR)) {
            input.append(lines.get(at++)).append('\n');
        }
        at++;
        boolean doubled = at < lines.size() && lines.get(at).equals(SEPARATOR);
        if (doubled) at++;
        int first = at;
        while (at < lines.size() && !endsOutput(at, doubled)) at++;
        var expected = new StringBuilder();
        lines.subList(first, at).forEach(line -> expected.append(line).append('\n'));
        int space = command.indexOf(' ');
        var name = space < 0 ? command : command.substring(0, space);
        var arguments = space < 0 ? "" : command.substring(space + 1);
        commands.add(
                new Command(
                        start + 1,
                        name,
                        arguments(arguments),
                        input.toString(),
                        expected.toString(),
                        first,
                        at));
        return doubled ? at + 2 : at;
    }

    private boolean endsOutput(int at, boolean doubled) {
        if (!doubled) return lines.get(at).isEmpty();
        return lines.get(at).equals(SEPARATOR)
                && at + 1 < lines.size()
                && lines.get(at + 1).equals(SEPARATOR);
    }

    private static Map<String, List<String>> arguments(String text) {
        var arguments = new LinkedHashMap<String, List<String>>();
        int at = 0;
        while (at < text.length()) {
            if (text.charAt(at) == ' ') {
                at++;
                continue;
            }
            int end = at;
            int depth = 0;
            while (end < text.length() && (depth > 0 || text.charAt(end) != ' ')) {
                if (text.charAt(end) == '(') depth++;
                if (text.charAt(end) == ')') depth--;
                end++;
            }
            var argument = text.substring(at, end);
            int equals = argument.indexOf('=');
            if (equals < 0) {
                arguments.put(argument, List.of());
            } else {
                arguments.put(argument.substring(0, equals), list(argument.substring(equals + 1)));
            }
            at = end;
        }
        return arguments;
    }

    private static List<String> list(String text) {
        if (!text.startsWith("(")) return List.of(text);
        var inner = text.substring(1, text.length() - 1).strip();
        if (inner.isEmpty()) return List.of();
        return List.of(inner.split("[ ,]+"));
    }

    /** The file with these outputs instead of the expected ones, in the order of the commands. */
    String rewritten(List<String> outputs) {
        var text = new StringBuilder();
        int at = 0;
        for (int i = 0; i < commands.size(); i++) {
            var command = commands.get(i);
            while (at < command.first()) text.append(lines.get(at++)).append('\n');
            text.append(outputs.get(i));
            at = command.end();
        }
        while (at < lines.size()) text.append(lines.get(at++)).append('\n');
        return text.toString();
    }
}
