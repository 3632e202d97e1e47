package io.quorate.engine.node;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The fields of a structured log line. The convention of this project: {@code logger.log(level,
 * "message", fields)}, where the message is plain text without placeholders and the only parameter
 * is a map; a handler that writes JSON prints the map's entries as keys beside the message, another
 * may print the message alone.
 */
public final class Fields {
    private Fields() {}

    /**
     * @param namesAndValues name, value, name, value …; values are strings, numbers, booleans or
     *     lists of these
     */
    public static Map<String, Object> of(Object... namesAndValues) {
        Map<String, Object> fields = new LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            fields.put((String) namesAndValues[i], namesAndValues[i + 1]);
        }
        return fields;
    }
}
