package io.quorate.engine.metrics;

import io.quorate.engine.metrics.MetricRegistry.Family;
import io.quorate.engine.metrics.MetricRegistry.Labels;
import io.quorate.engine.metrics.MetricRegistry.Series;

import java.io.IOException;
import java.math.BigDecimal;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The text format of Prometheus, version 0.0.4, with numbers as Go prints them. */
final class PrometheusText {
    private PrometheusText() {}

    static void write(Family family, Appendable out) throws IOException {
        out.append("# HELP ").append(family.name()).append(' ');
        out.append(family.help().replace("\\", "\\\\").replace("\n", "\\n")).append('\n');
        out.append("# TYPE ").append(family.name()).append(' ');
        out.append(family.type().name().toLowerCase(Locale.ROOT)).append('\n');
        for (Map.Entry<Labels, Series> entry : family.series().entrySet()) {
            List<String> labels = entry.getKey().pairs();
            switch (entry.getValue()) {
                case Series.OfCounter(Counter counter) ->
                        line(out, family.name(), labels, null, counter.value());
                case Series.OfGauge(Gauge gauge) ->
                        line(out, family.name(), labels, null, gauge.value());
                case Series.Supplied(var value) ->
                        line(out, family.name(), labels, null, value.getAsDouble());
                case Series.Of(Histogram histogram) ->
                        histogram(out, family.name(), labels, histogram);
            }
        }
    }

    private static void histogram(
            Appendable out, String name, List<String> labels, Histogram histogram)
            throws IOException {
        double[] bounds = histogram.bounds();
        long cumulative = 0;
        for (int i = 0; i <= bounds.length; i++) {
            cumulative += histogram.countIn(i);
            double bound = i < bounds.length ? bounds[i] : Double.POSITIVE_INFINITY;
            line(out, name + "_bucket", labels, number(bound), cumulative);
        }
        line(out, name + "_sum", labels, null, histogram.sum());
        line(out, name + "_count", labels, null, cumulative);
    }

    private static void line(
            Appendable out, String name, List<String> labels, String bucket, double value)
            throws IOException {
        out.append(name);
        if (!labels.isEmpty() || bucket != null) {
            out.append('{');
            for (int i = 0; i < labels.size(); i += 2) {
                label(out, i > 0, labels.get(i), labels.get(i + 1));
            }
            if (bucket != null) {
                label(out, !labels.isEmpty(), "le", bucket);
            }
            out.append('}');
        }
        out.append(' ').append(number(value)).append('\n');
    }

    private static void label(Appendable out, boolean comma, String name, String value)
            throws IOException {
        out.append(comma ? "," : "").append(name).append("=\"");
        out.append(value.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n"));
        out.append('"');
    }

    /**
     * The shortest decimal that reads back the same, with an exponent as Go's {@code %g} has it.
     */
    static String number(double value) {
        if (Double.isNaN(value)) {
            return "NaN";
        }
        if (Double.isInfinite(value)) {
            return value > 0 ? "+Inf" : "-Inf";
        }
        if (value == 0) {
            return "0";
        }
        BigDecimal decimal = new BigDecimal(Double.toString(value)).stripTrailingZeros();
        int exponent = decimal.precision() - decimal.scale() - 1;
        if (exponent >= -4 && exponent < 6) {
            return decimal.toPlainString();
        }
        String digits = decimal.unscaledValue().abs().toString();
        String fraction = digits.length() > 1 ? "." + digits.substring(1) : "";
        String sign = exponent < 0 ? "-" : "+";
        int size = Math.abs(exponent);
        return (value < 0 ? "-" : "")
                + digits.charAt(0)
                + fraction
                + "e"
                + sign
                + (size < 10 ? "0" : "")
                + size;
    }
}
