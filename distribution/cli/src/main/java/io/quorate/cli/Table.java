package io.quorate.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Rows in a frame: headings in capitals and centred, values to the right (CT-07). */
public final class Table {
    private final List<String> headings;
    private final List<List<String>> rows;

    /**
     * A table of byte strings.
     *
     * @param rows each as long as {@code headings}
     */
    public Table(List<String> headings, List<List<String>> rows) {
        this.headings =
                headings.stream()
                        .map(heading -> heading.toUpperCase(Locale.ROOT).replace('_', ' '))
                        .toList();
        this.rows = rows;
    }

    /** The table as a byte string of whole lines. */
    public String print() {
        int[] widths = widths();
        StringBuilder out = new StringBuilder();
        rule(out, widths, "┌", "┬", "┐");
        List<String> centred = new ArrayList<>();
        for (int i = 0; i < widths.length; i++) centred.add(centred(headings.get(i), widths[i]));
        row(out, centred);
        if (!rows.isEmpty()) rule(out, widths, "├", "┼", "┤");
        for (List<String> row : rows) {
            List<String> cells = new ArrayList<>();
            for (int i = 0; i < widths.length; i++) {
                cells.add(" ".repeat(widths[i] - Utf8.count(row.get(i))) + row.get(i));
            }
            row(out, cells);
        }
        rule(out, widths, "└", "┴", "┘");
        return out.toString();
    }

    private int[] widths() {
        int[] widths = new int[headings.size()];
        for (int i = 0; i < widths.length; i++) {
            widths[i] = headings.get(i).length();
            for (List<String> row : rows) widths[i] = Math.max(widths[i], Utf8.count(row.get(i)));
        }
        return widths;
    }

    private static String centred(String text, int width) {
        int left = (width - text.length()) / 2;
        return " ".repeat(left) + text + " ".repeat(width - text.length() - left);
    }

    private static void rule(
            StringBuilder out, int[] widths, String left, String middle, String right) {
        List<String> lines = new ArrayList<>();
        for (int width : widths) lines.add("─".repeat(width + 2));
        out.append(Bytes.ofText(left + String.join(middle, lines) + right)).append('\n');
    }

    private static void row(StringBuilder out, List<String> cells) {
        String bar = Bytes.ofText("│");
        out.append(bar);
        for (String cell : cells) out.append(' ').append(cell).append(' ').append(bar);
        out.append('\n');
    }
}
