package io.quorate.utl;

import io.quorate.cli.Bytes;
import io.quorate.cli.GoText;
import io.quorate.cli.Terminal;

import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;

/**
 * What the tool does, on standard error, as etcd's tool tells it: time, level, place, message and
 * fields, with tabs between them.
 *
 * @param place of the code that tells
 */
record ConsoleLog(Terminal terminal, Clock clock, String place)
        implements BiConsumer<String, Map<String, Object>> {
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ssXXX");

    @Override
    public void accept(String message, Map<String, Object> fields) {
        Instant now = clock.instant().truncatedTo(ChronoUnit.SECONDS);
        String text =
                fields.entrySet().stream()
                        .map(field -> "\"" + field.getKey() + "\": " + value(field.getValue()))
                        .collect(Collectors.joining(", ", "{", "}"));
        terminal.error(
                TIME.format(now.atZone(ZoneId.systemDefault()))
                        + "\tinfo\t"
                        + place
                        + "\t"
                        + message
                        + "\t"
                        + text);
    }

    private static String value(Object value) {
        return value instanceof Number
                ? value.toString()
                : GoText.quote(Bytes.ofText(value.toString()));
    }
}
