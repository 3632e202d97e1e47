package io.quorate.engine.state;

import java.lang.reflect.RecordComponent;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;

/** Writes requests and answers with all they hold, so that two of them compare as text. */
final class Answers {
    private Answers() {}

    static String text(Object part) {
        return switch (part) {
            case null -> "-";
            case byte[] bytes -> '"' + new String(bytes, StandardCharsets.ISO_8859_1) + '"';
            case List<?> list ->
                    list.stream().map(Answers::text).collect(Collectors.joining(", ", "[", "]"));
            case Record record -> record(record);
            default -> part.toString();
        };
    }

    private static String record(Record record) {
        StringBuilder text = new StringBuilder(record.getClass().getSimpleName()).append('(');
        for (RecordComponent component : record.getClass().getRecordComponents()) {
            if (text.charAt(text.length() - 1) != '(') text.append(", ");
            text.append(component.getName()).append('=').append(text(value(record, component)));
        }
        return text.append(')').toString();
    }

    private static Object value(Record record, RecordComponent component) {
        try {
            return component.getAccessor().invoke(record);
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }
}
