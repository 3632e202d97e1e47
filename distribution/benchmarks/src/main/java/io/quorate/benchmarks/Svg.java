package io.quorate.benchmarks;

import java.util.Locale;

/**
 * A drawing in SVG whose colours follow the reader's light or dark scheme. Lengths are in pixels,
 * from the upper left corner.
 */
final class Svg {
    private static final String STYLE =
            """
            <style>
              text { font: 13px system-ui, sans-serif; fill: #24292f; }
              .title { font-size: 16px; font-weight: 600; }
              .small { font-size: 11px; fill: #57606a; }
              .paper { fill: #ffffff; }
              .grid { stroke: #d0d7de; stroke-width: 1; }
              .axis { stroke: #57606a; stroke-width: 1.5; }
              .better { fill: #2da44e; }
              .worse { fill: #e16f24; }
              .spread { stroke: #24292f; stroke-width: 1.5; }
              .first { stroke: #0969da; fill: none; stroke-width: 2; }
              .second { stroke: #bc4c00; fill: none; stroke-width: 2; }
              @media (prefers-color-scheme: dark) {
                text { fill: #e6edf3; }
                .small { fill: #9198a1; }
                .paper { fill: #0d1117; }
                .grid { stroke: #30363d; }
                .axis { stroke: #9198a1; }
                .better { fill: #3fb950; }
                .worse { fill: #f0883e; }
                .spread { stroke: #e6edf3; }
                .first { stroke: #58a6ff; }
                .second { stroke: #ffa657; }
              }
            </style>
            """;

    private final StringBuilder body = new StringBuilder();
    private final int width;
    private final int height;

    Svg(int width, int height, String title) {
        this.width = width;
        this.height = height;
        body.append("<title>").append(escape(title)).append("</title>\n").append(STYLE);
        rect("paper", 0, 0, width, height);
        text("title", 20, 30, "start", title);
    }

    void rect(String style, double x, double y, double width, double height) {
        add(
                "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>",
                style, x, y, width, height);
    }

    void line(String style, double x1, double y1, double x2, double y2) {
        add(
                "<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>",
                style, x1, y1, x2, y2);
    }

    /**
     * @param dashes lengths of lines and gaps; empty for a whole line
     */
    void path(String style, String dashes, double[] xs, double[] ys) {
        StringBuilder points = new StringBuilder();
        for (int i = 0; i < xs.length; i++) {
            points.append(String.format(Locale.ROOT, "%.1f,%.1f ", xs[i], ys[i]));
        }
        String dashed = dashes.isEmpty() ? "" : " stroke-dasharray=\"" + dashes + "\"";
        add("<polyline class=\"%s\"%s points=\"%s\"/>", style, dashed, points.toString().trim());
    }

    /**
     * @param anchor which part of the text is at {@code x}: start, middle, end
     */
    void text(String style, double x, double y, String anchor, String text) {
        add(
                "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>",
                style, x, y, anchor, escape(text));
    }

    private void add(String format, Object... values) {
        body.append(String.format(Locale.ROOT, format, values)).append('\n');
    }

    private static String escape(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }

    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\""
                        + " viewBox=\"0 0 %d %d\" role=\"img\">%n%s</svg>%n",
                width,
                height,
                width,
                height,
                body);
    }
}
