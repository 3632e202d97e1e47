package io.quorate.engine.checker;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Lists by key, read and appended to in transactions: many steps over many keys as one. A list that
 * was read tells the order of all that was appended before, which is why appends find more than
 * overwrites do (Kingsbury and Alvaro 2020).
 *
 * <p>The longest list of each key that anybody read fixes its order. An append that would put
 * something else there leads nowhere, whatever follows, and is not followed: or the appends of
 * which nobody knows the outcome would be tried in all orders.
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

    private final Map<String, List<String>> longest = new HashMap<>();

    private Lists() {}

    /** The model that judges this history. */
    public static Lists of(List<Operation<Txn, Told>> history) {
        Lists lists = new Lists();
        history.stream().filter(Operation::isKnown).forEach(lists::learn);
        return lists;
    }

    private void learn(Operation<Txn, Told> operation) {
        int read = 0;
        for (Step step : operation.input().steps) {
            if (step instanceof Read(String key)) {
                List<String> list = operation.output().reads.get(read++);
                longest.merge(key, list, (a, b) -> a.size() < b.size() ? b : a);
            }
        }
    }

    /** Whether the key's longest list has this element at the end of the list as it is now. */
    private boolean mayFollow(List<String> now, String key, String element) {
        List<String> order = longest.getOrDefault(key, List.of());
        return now.size() >= order.size() || order.get(now.size()).equals(element);
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
                case Append(String key, String element) -> {
                    if (!mayFollow(now.get(key), key, element)) {
                        return null;
                    }
                    now = now.with(key, element);
                }
            }
        }
        return now;
    }

    /**
     * The history without those transactions of unknown outcome of which nobody has read anything:
     * where it holds with one, it holds without it, as no list that was read later can have it.
     */
    public static List<Operation<Txn, Told>> relevant(List<Operation<Txn, Told>> history) {
        Lists lists = of(history);
        return history.stream()
                .filter(operation ->
                        operation.isKnown()
                                || operation.input().steps.stream().anyMatch(lists::wasRead))
                .toList();
    }

    private boolean wasRead(Step step) {
        return step instanceof Append(String key, String element)
                && longest.getOrDefault(key, List.of()).contains(element);
    }
}
