package io.quorate.engine.checker;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Lists by key, read and appended to in transactions: many steps over many keys as one. A list that
 * was read tells the order of all that was appended before, which is why appends find more than
 * overwrites do (Kingsbury and Alvaro 2020).
 */
public final class Lists implements Model<Lists.State, Lists.Txn, Lists.Told> {
    /** One step of a transaction. */
    public sealed interface Step {}

    public record Read(String key) implements Step {}

    /**
     * @param element unlike all others of the key
     */
    public record Append(String key, String element) implements Step {}

    /** What is asked; a step sees the steps before it. */
    public record Txn(List<Step> steps) {
        public Txn {
            steps = List.copyOf(steps);
        }
    }

    /** What is told: for each read, in order, the list that it saw. */
    public record Told(List<List<String>> reads) {
        public Told {
            reads = List.copyOf(reads);
        }
    }

    /** All lists that are not empty. */
    public static final class State {
        private final Map<String, List<String>> lists;

        private State(Map<String, List<String>> lists) {
            this.lists = lists;
        }

        private List<String> get(String key) {
            return lists.getOrDefault(key, List.of());
        }

        private State with(String key, String element) {
            Map<String, List<String>> changed = new TreeMap<>(lists);
            List<String> list = new ArrayList<>(get(key));
            list.add(element);
            changed.put(key, list);
            return new State(changed);
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof State state && lists.equals(state.lists);
        }

        // The lengths tell states apart well enough, and cost less than all the elements.
        @Override
        public int hashCode() {
            int hash = 0;
            for (List<String> list : lists.values()) {
                hash = 31 * hash + list.size() + 17 * list.getLast().hashCode();
            }
            return hash;
        }
    }

    @Override
    public State initial() {
        return new State(new TreeMap<>());
    }

    @Override
    public State step(State state, Txn input, Told output) {
        State now = state;
        int read = 0;
        for (Step step : input.steps) {
            switch (step) {
                case Read(String key) -> {
                    if (output != null && !output.reads.get(read++).equals(now.get(key))) {
                        return null;
                    }
                }
                case Append(String key, String element) -> now = now.with(key, element);
            }
        }
        return now;
    }

    /** The history without transactions of unknown outcome that only read. */
    public static List<Operation<Txn, Told>> relevant(List<Operation<Txn, Told>> history) {
        return history.stream()
                .filter(operation ->
                        operation.isKnown()
                                || operation.input().steps.stream()
                                        .anyMatch(step -> step instanceof Append))
                .toList();
    }
}
