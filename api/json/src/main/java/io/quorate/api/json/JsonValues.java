package io.quorate.api.json;

import java.util.Optional;

/**
 * The JSON values of a request body, which may stand one after another, as a stream's requests do
 * (GW-16). Not thread-safe.
 */
public final class JsonValues {
    private final String text;
    private int at;

    public JsonValues(String text) {
        this.text = text;
    }

    /**
     * The text of the next value; empty at the end.
     *
     * @throws JsonException in the words of Go's encoding/json, when what comes is no JSON
     */
    public Optional<String> next() throws JsonException {
        int from = JsonScanner.skipSpace(text, at);
        if (from == text.length()) {
            return Optional.empty();
        }
        at = JsonScanner.endOfValue(text, from);
        return Optional.of(text.substring(from, at));
    }
}
