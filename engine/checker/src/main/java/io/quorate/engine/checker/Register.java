package io.quorate.engine.checker;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/** A register that can be read, written, and set on condition; null is the absence of a value. */
public final class Register implements Model<Optional<String>, Register.Ask, Register.Told> {
    /** What is asked. */
    public sealed interface Ask {}

    public record Read() implements Ask {}

    /**
     * @param value null to delete
     */
    public record Write(String value) implements Ask {}

    /** Writes when the register holds what is expected, else reads. */
    public record Swap(String expected, String value) implements Ask {}

    /**
     * What is told.
     *
     * @param value what a read saw, or a swap that did not write
     * @param written whether it wrote
     */
    public record Told(boolean written, String value) {
        /** Of something that wrote. */
        public static final Told WRITTEN = new Told(true, null);

        public static Told saw(String value) {
            return new Told(false, value);
        }
    }

    @Override
    public Optional<String> initial() {
        return Optional.empty();
    }

    @Override
    public Optional<String> step(Optional<String> state, Ask input, Told output) {
        String value = state.orElse(null);
        return switch (input) {
            case Read read -> output == null || Objects.equals(output.value, value) ? state : null;
            case Write(String written) -> Optional.ofNullable(written);
            case Swap(String expected, String written) -> {
                boolean matches = Objects.equals(expected, value);
                if (output != null && output.written != matches) {
                    yield null;
                }
                if (!matches && output != null && !Objects.equals(output.value, value)) {
                    yield null;
                }
                yield matches ? Optional.ofNullable(written) : state;
            }
        };
    }

    /**
     * The history without what cannot matter: reads without an answer, and writes without one of
     * which nobody saw anything. Each value must be written once at most; a delete is kept.
     */
    public static List<Operation<Ask, Told>> relevant(List<Operation<Ask, Told>> history) {
        Set<String> seen = seen(history);
        List<Operation<Ask, Told>> result = new ArrayList<>();
        for (Operation<Ask, Told> operation : history) {
            boolean matters =
                    operation.isKnown()
                            || switch (operation.input()) {
                                case Read read -> false;
                                case Write(String value) -> value == null || seen.contains(value);
                                case Swap(String expected, String value) ->
                                        value == null || seen.contains(value);
                            };
            if (matters) {
                result.add(operation);
            }
        }
        return result;
    }

    /** Values that somebody was told of, and those that must have been there before one of them. */
    private static Set<String> seen(List<Operation<Ask, Told>> history) {
        Set<String> seen = new HashSet<>();
        for (Operation<Ask, Told> operation : history) {
            if (operation.isKnown()) {
                seen.add(operation.output().value());
                if (operation.input() instanceof Swap(String expected, String value)
                        && operation.output().written()) {
                    seen.add(expected);
                }
            }
        }
        int before;
        do {
            before = seen.size();
            for (Operation<Ask, Told> operation : history) {
                if (!operation.isKnown()
                        && operation.input() instanceof Swap(String expected, String value)
                        && seen.contains(value)) {
                    seen.add(expected);
                }
            }
        } while (seen.size() > before);
        return seen;
    }
}
