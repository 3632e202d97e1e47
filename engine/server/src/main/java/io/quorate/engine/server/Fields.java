package io.quorate.engine.server;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The fields of a log line. Every line of the engine is a plain message and one such map, which the
 * log of the process prints as keys and values.
 */
final class Fields {
    private Fields() {}

    /** Names and values in turn, in this order. */
    static Map<String, Object> of(Object... pairs) {
        Map<String, Object> fields = new LinkedHashMap<>();
        for (int i = 0; i < pairs.length; i += 2) fields.put((String) pairs[i], pairs[i + 1]);
        return fields;
    }
}
