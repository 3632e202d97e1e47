package io.quorate.engine.checker;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Decides whether a history is linearizable: whether its operations can be put in one order that
 * the model allows, in which each stands between its call and its return (Herlihy and Wing 1990).
 * The search is the one of Wing and Gong 1993 with the memory of Lowe 2017: an operation is tried
 * when it was called before any remaining one returned, and a set of operations that led to one
 * state before is not tried again.
 *
 * <p>An operation with an unknown outcome may stand anywhere after its call, or nowhere.
 *
 * <p>The problem is NP-complete. Histories of few clients whose operations mostly have outcomes are
 * decided about as fast as they are read; split histories by key where the model allows it.
 */
public final class Linearizability {
    private Linearizability() {}

    /**
     * Why a history is not linearizable.
     *
     * @param deepest operations in the longest order that was found, without the others
     * @param stuck those that may come next, of which none fits
     */
    public record Failure(List<Operation<?, ?>> deepest, List<Operation<?, ?>> stuck) {
        @Override
        public String toString() {
            StringBuilder text = new StringBuilder("not linearizable; an order as long as any:\n");
            int skipped = Math.max(0, deepest.size() - 12);
            deepest.stream().skip(skipped).forEach(o -> text.append("  ").append(o).append('\n'));
            text.append("after it none of these fits:\n");
            stuck.forEach(o -> text.append("  ").append(o).append('\n'));
            return text.toString();
        }
    }

    /** Empty when the history is linearizable. */
    public static <S, I, O> Optional<Failure> check(
            Model<S, I, O> model, List<Operation<I, O>> history) {
        return new Search<>(model, history).run();
    }

    /** A call or a return, in a list from which operations are taken and put back. */
    private static final class Entry<I, O> {
        private final Operation<I, O> operation;
        private final int id;
        private final boolean call;
        private Entry<I, O> match;
        // Of unknown outcome like this one, asking for the same, and called before.
        private Entry<I, O> twin;
        private Entry<I, O> previous;
        private Entry<I, O> next;

        private Entry(Operation<I, O> operation, int id, boolean call) {
            this.operation = operation;
            this.id = id;
            this.call = call;
        }

        private long time() {
            return call ? operation.called() : operation.returned();
        }
    }

    private static final class Search<S, I, O> {
        private final Model<S, I, O> model;
        // Calls and returns of the operations that are left and have an outcome.
        private final Entry<I, O> known = new Entry<>(null, -1, true);
        // Calls of those that have none. They are tried last: most of them explain nothing.
        private final Entry<I, O> unknown = new Entry<>(null, -1, true);
        private final Deque<Choice<S, I, O>> chosen = new ArrayDeque<>();
        private final Set<Seen<S>> seen = new HashSet<>();
        private final BitSet done = new BitSet();
        private int open;
        private S state;
        private List<Operation<?, ?>> deepest = List.of();
        private List<Operation<?, ?>> stuck = List.of();

        private record Choice<S, I, O>(Entry<I, O> call, S before) {}

        private record Seen<S>(BitSet done, S state) {}

        private Search(Model<S, I, O> model, List<Operation<I, O>> history) {
            this.model = model;
            this.state = model.initial();
            List<Entry<I, O>> calls = new ArrayList<>();
            List<Entry<I, O>> lost = new ArrayList<>();
            Map<I, Entry<I, O>> twins = new HashMap<>();
            int id = 0;
            for (Operation<I, O> operation : byCall(history)) {
                Entry<I, O> call = new Entry<>(operation, id++, true);
                if (operation.isKnown()) {
                    Entry<I, O> end = new Entry<>(operation, call.id, false);
                    call.match = end;
                    calls.add(call);
                    calls.add(end);
                    open++;
                } else {
                    call.twin = twins.put(operation.input(), call);
                    lost.add(call);
                }
            }
            // At the same time calls come first: what touches may be in either order.
            calls.sort(
                    Comparator.<Entry<I, O>>comparingLong(Entry::time)
                            .thenComparing(entry -> !entry.call));
            link(known, calls);
            link(unknown, lost);
        }

        private static <I, O> List<Operation<I, O>> byCall(List<Operation<I, O>> history) {
            return history.stream().sorted(Comparator.comparingLong(Operation::called)).toList();
        }

        private static <I, O> void link(Entry<I, O> head, List<Entry<I, O>> entries) {
            Entry<I, O> last = head;
            for (Entry<I, O> entry : entries) {
                entry.previous = last;
                last.next = entry;
                last = entry;
            }
        }

        private Optional<Failure> run() {
            Entry<I, O> at = known.next;
            while (open > 0) {
                Entry<I, O> next = candidate(at);
                if (next != null) {
                    S after = model.step(state, next.operation.input(), next.operation.output());
                    if (after != null && isNew(next, after)) {
                        choose(next, after);
                        at = known.next;
                    } else {
                        at = next.next;
                    }
                } else {
                    remember();
                    if (chosen.isEmpty()) {
                        return Optional.of(new Failure(deepest, stuck));
                    }
                    at = takeBack().next;
                }
            }
            return Optional.empty();
        }

        /** The first from here on that may come next; null when there is none. */
        private Entry<I, O> candidate(Entry<I, O> from) {
            Entry<I, O> at = from;
            if (at != null && at.operation.isKnown()) {
                if (at.call) {
                    return at;
                }
                at = unknown.next;
            }
            long limit = firstReturn();
            while (at != null && at.operation.called() <= limit) {
                if (at.twin == null || done.get(at.twin.id)) {
                    return at;
                }
                at = at.next;
            }
            return null;
        }

        private long firstReturn() {
            Entry<I, O> entry = known.next;
            while (entry.call) {
                entry = entry.next;
            }
            return entry.time();
        }

        private boolean isNew(Entry<I, O> call, S after) {
            // What nobody was told of and what changes nothing need not have happened.
            if (call.match == null && after.equals(state)) {
                return false;
            }
            done.set(call.id);
            boolean isNew = seen.add(new Seen<>((BitSet) done.clone(), after));
            done.clear(call.id);
            return isNew;
        }

        private void choose(Entry<I, O> call, S after) {
            chosen.push(new Choice<>(call, state));
            state = after;
            done.set(call.id);
            unlink(call);
            if (call.match != null) {
                unlink(call.match);
                open--;
            }
        }

        private Entry<I, O> takeBack() {
            Choice<S, I, O> last = chosen.pop();
            state = last.before;
            done.clear(last.call.id);
            if (last.call.match != null) {
                relink(last.call.match);
                open++;
            }
            relink(last.call);
            return last.call;
        }

        private void remember() {
            if (chosen.size() < deepest.size() + (stuck.isEmpty() ? 0 : 1)) {
                return;
            }
            List<Operation<?, ?>> order = new ArrayList<>();
            chosen.descendingIterator().forEachRemaining(c -> order.add(c.call.operation));
            List<Operation<?, ?>> next = new ArrayList<>();
            for (Entry<I, O> entry = known.next; entry.call; entry = entry.next) {
                next.add(entry.operation);
            }
            deepest = order;
            stuck = next;
        }

        private static <I, O> void unlink(Entry<I, O> entry) {
            entry.previous.next = entry.next;
            if (entry.next != null) {
                entry.next.previous = entry.previous;
            }
        }

        private static <I, O> void relink(Entry<I, O> entry) {
            entry.previous.next = entry;
            if (entry.next != null) {
                entry.next.previous = entry;
            }
        }
    }
}
