package io.quorate.checks;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A script of etcdctl calls, read from {@code sessions/NAME.session}.
 *
 * <pre>{@code
 * @formats simple json      the values of -w the whole session is run with
 * @clients 3.4 3.7          the etcdctl it is run with
 * @needs leases             before it there are leases 1234 and 5678
 * @needs fresh              the servers are new
 * # rows: CT-20 CT-21       the rows of etcd's behaviour that it shows, see docs/compatibility.md
 * # a comment
 * $ put a 'one two'         a call; {rev}, {rev-3} stand for the store's revision before it
 * $ txn
 * < value("a") = "one two"  the call's standard input, line by line
 * <
 * }</pre>
 *
 * Words are split as a shell does it: {@code '…'} is taken as it is; in {@code "…"} and bare words
 * {@code \xHH}, {@code \n}, {@code \"} and {@code \\} stand for the byte they name.
 */
record Session(
        String name,
        List<String> formats,
        List<String> clients,
        List<String> needs,
        List<Call> calls) {

    /**
     * @param line where the call stands in the file
     */
    record Call(int line, String text, String stdin) {

        /** The words of the call, in a store of that revision. */
        List<String> words(long revision) {
            return split(withRevision(text, revision));
        }
    }

    static Session read(String name) {
        try (InputStream file =
                Session.class.getResourceAsStream("/sessions/" + name + ".session")) {
            if (file == null) throw new IllegalArgumentException("no session " + name);
            return parse(name, new String(file.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Session parse(String name, String text) {
        List<String> formats = List.of("simple");
        List<String> clients = List.of("3.4", "3.7");
        List<String> needs = List.of();
        List<Call> calls = new ArrayList<>();
        int number = 0;
        for (String line : text.lines().toList()) {
            number++;
            if (line.startsWith("@formats ")) formats = split(line.substring(9));
            else if (line.startsWith("@clients ")) clients = split(line.substring(9));
            else if (line.startsWith("@needs ")) needs = split(line.substring(7));
            else if (line.startsWith("$ ")) calls.add(new Call(number, line.substring(2), ""));
            else if (line.startsWith("<")) calls.add(fed(calls.removeLast(), line));
            else if (!line.isBlank() && !line.startsWith("#")) {
                throw new IllegalArgumentException(name + ":" + number + ": " + line);
            }
        }
        return new Session(name, formats, clients, needs, calls);
    }

    private static Call fed(Call call, String line) {
        String input = line.startsWith("< ") ? line.substring(2) : line.substring(1);
        return new Call(call.line, call.text, call.stdin + input + "\n");
    }

    private static String withRevision(String text, long revision) {
        var found = java.util.regex.Pattern.compile("\\{rev([+-]\\d+)?}").matcher(text);
        return found.replaceAll(match ->
                Long.toString(
                        revision + (match.group(1) == null ? 0 : Long.parseLong(match.group(1)))));
    }

    static List<String> split(String text) {
        List<String> words = new ArrayList<>();
        StringBuilder word = new StringBuilder();
        boolean inWord = false;
        char quote = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (quote == 0 && c == ' ') {
                if (inWord) words.add(word.toString());
                word.setLength(0);
                inWord = false;
                continue;
            }
            inWord = true;
            if (c == quote) quote = 0;
            else if (quote == 0 && (c == '\'' || c == '"')) quote = c;
            else if (c == '\\' && quote != '\'') {
                char kind = text.charAt(++i);
                if (kind == 'x') {
                    word.append((char) Integer.parseInt(text.substring(i + 1, i + 3), 16));
                    i += 2;
                } else {
                    word.append(kind == 'n' ? '\n' : kind);
                }
            } else {
                word.append(c);
            }
        }
        if (inWord) words.add(word.toString());
        return words;
    }
}
