package io.quorate.ctl;

import io.quorate.api.proto.Compare;
import io.quorate.cli.Exit;
import io.quorate.cli.GoText;
import io.quorate.cli.GoText.BadValue;

/**
 * A transaction's condition in its text form (CT-24):
 *
 * <pre>
 *   TARGET("KEY") OP "VALUE"        mod("key1") > "0"
 *   TARGET  ver version c create m mod val value lease
 *   OP      = != < >
 * </pre>
 *
 * Values always stand in quotes; a lease is in hex.
 */
final class CompareText {
    private final String line;
    private final String target;
    private String rest;
    private String key = "";
    private String operator = "";
    private String value = "";

    private CompareText(String line, String target, String rest) {
        this.line = line;
        this.target = target;
        this.rest = rest;
    }

    /**
     * Reads one line.
     *
     * @throws Exit with code 3 for what is no condition
     */
    static Compare parse(String line) {
        int parenthesis = line.indexOf('(');
        if (parenthesis < 0) throw refused("malformed comparison: " + line);
        CompareText text =
                new CompareText(
                        line, line.substring(0, parenthesis), line.substring(parenthesis + 1));
        text.split();
        return text.compare();
    }

    private static Exit refused(String message) {
        return new Exit(Exit.INVALID_INPUT, message);
    }

    private void split() {
        key = quoted();
        if (!rest.startsWith(") ")) throw malformed();
        rest = rest.substring(1).stripLeading();
        int space = rest.indexOf(' ');
        operator = space < 0 ? rest : rest.substring(0, space);
        if (space < 0) throw malformed();
        rest = rest.substring(space);
        value = quoted();
    }

    private Exit malformed() {
        return refused(
                "malformed comparison: "
                        + line
                        + "; got "
                        + target
                        + "("
                        + GoText.quote(key)
                        + ") "
                        + operator
                        + " "
                        + GoText.quote(value));
    }

    /** Takes a text in double or back quotes off the rest. */
    private String quoted() {
        rest = rest.stripLeading();
        char quote = rest.isEmpty() ? 0 : rest.charAt(0);
        if (quote != '"' && quote != '`') throw malformed();
        int at = 1;
        while (at < rest.length() && rest.charAt(at) != quote) {
            at += quote == '"' && rest.charAt(at) == '\\' ? 2 : 1;
        }
        if (at >= rest.length()) throw malformed();
        String text = rest.substring(0, at + 1);
        rest = rest.substring(at + 1);
        try {
            return GoText.unquote(text);
        } catch (BadValue e) {
            throw malformed();
        }
    }

    private Compare compare() {
        Compare.Builder compare = Compare.newBuilder().setKey(Ranges.key(key));
        switch (target) {
            case "ver", "version" ->
                    compare.setTarget(Compare.CompareTarget.VERSION).setVersion(number(10));
            case "c", "create" ->
                    compare.setTarget(Compare.CompareTarget.CREATE).setCreateRevision(number(10));
            case "m", "mod" ->
                    compare.setTarget(Compare.CompareTarget.MOD).setModRevision(number(10));
            case "val", "value" ->
                    compare.setTarget(Compare.CompareTarget.VALUE).setValue(Ranges.key(value));
            case "lease" -> compare.setTarget(Compare.CompareTarget.LEASE).setLease(number(16));
            default ->
                    throw refused(
                            "malformed comparison: " + line + " (unknown target " + target + ")");
        }
        return compare.setResult(result()).build();
    }

    private long number(int radix) {
        try {
            return GoText.parseInt(value, radix);
        } catch (BadValue e) {
            throw refused("invalid txn compare request: " + line);
        }
    }

    private Compare.CompareResult result() {
        return switch (operator) {
            case "=" -> Compare.CompareResult.EQUAL;
            case "!=" -> Compare.CompareResult.NOT_EQUAL;
            case "<" -> Compare.CompareResult.LESS;
            case ">" -> Compare.CompareResult.GREATER;
            default ->
                    throw refused(
                            "malformed comparison: "
                                    + line
                                    + " (unknown operator "
                                    + operator
                                    + "; use =, !=, < or >)");
        };
    }
}
