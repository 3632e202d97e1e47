package io.quorate.engine.checker;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * Judges what watches saw by what was written (T23). Both are plain records, so it does not matter
 * how they were made. For each watch it checks that what it saw is
 *
 * <ul>
 *   <li>ordered: by revision, inside a revision as written;
 *   <li>unique: no event twice;
 *   <li>atomic: all events of a revision in one message;
 *   <li>complete: nothing left out between its start and the last thing it was told;
 *   <li>resumable: a watch that was started again where the last one ended has all of it together;
 *   <li>bookmarkable: a progress message comes after all that it covers and before all else;
 *   <li>true: values, versions, what was before, and whether the key was created;
 *   <li>its own: in its range, past its filters, from its start on.
 * </ul>
 */
public final class WatchValidator {
    /**
     * A change of a key.
     *
     * @param value null for a delete
     */
    public record Change(String key, String value) {}

    /**
     * What a watch asked for.
     *
     * @param start first revision wanted
     */
    public record Asked(
            Predicate<String> range, long start, boolean puts, boolean deletes, boolean previous) {}

    /** What a watch was told, in order. */
    public sealed interface Told {}

    public record Message(long headerRevision, List<Seen> events) implements Told {}

    public record Bookmark(long revision) implements Told {}

    /** It ended because this revision was compacted. */
    public record Gone(long compactRevision) implements Told {}

    /**
     * One event.
     *
     * @param value null for a delete
     * @param before null when it was not told
     */
    public record Seen(
            String key, String value, long revision, long created, long version, String before) {}

    /** One watch from its creation to its end. */
    public record Watched(Asked asked, List<Told> told) {}

    private final TreeMap<Long, List<Expected>> history = new TreeMap<>();
    private final Map<String, Expected> newest = new HashMap<>();
    private long compacted = -1;

    private record Expected(
            String key, String value, long revision, long created, long version, String before) {
        boolean delete() {
            return value == null;
        }
    }

    /** The changes of a revision, in order; revisions ascend. */
    public void written(long revision, List<Change> changes) {
        List<Expected> events = new ArrayList<>();
        for (Change change : changes) {
            Expected old = newest.get(change.key);
            boolean there = old != null && !old.delete();
            boolean delete = change.value == null;
            Expected event =
                    new Expected(
                            change.key,
                            change.value,
                            revision,
                            delete ? 0 : there ? old.created : revision,
                            delete ? 0 : there ? old.version + 1 : 1,
                            there ? old.value : null);
            newest.put(change.key, event);
            events.add(event);
        }
        history.put(revision, events);
    }

    public void compacted(long revision) {
        compacted = Math.max(compacted, revision);
    }

    /**
     * What is wrong with a watch that was made again whenever it ended, and was told at last of all
     * up to a revision; empty when nothing is.
     */
    public List<String> check(List<Watched> watches, long upTo) {
        List<String> faults = new ArrayList<>();
        long next = watches.getFirst().asked.start;
        for (Watched watch : watches) {
            if (watch.asked.start != next)
                faults.add("resumed from " + watch.asked.start + " instead of " + next);
            next = check(watch, faults);
        }
        if (next <= upTo) complete(watches.getLast().asked, next, upTo, faults);
        return faults;
    }

    /** The revision to resume from. */
    private long check(Watched watch, List<String> faults) {
        long next = watch.asked.start;
        for (Told told : watch.told) {
            switch (told) {
                case Message message -> next = check(watch.asked, message, next, faults);
                case Bookmark(long revision) -> {
                    complete(watch.asked, next, revision, faults);
                    if (revision < watch.asked.start)
                        faults.add("bookmark " + revision + " before the start");
                    next = Math.max(next, revision + 1);
                }
                case Gone(long revision) -> {
                    if (next >= revision || revision > compacted)
                        faults.add("told that " + revision + " is compacted at " + next);
                    next = revision;
                }
            }
        }
        return next;
    }

    private long check(Asked asked, Message message, long next, List<String> faults) {
        List<Seen> events = message.events;
        long first = events.getFirst().revision;
        long last = events.getLast().revision;
        if (first < next) faults.add("event of " + first + " again or late, at " + next);
        if (message.headerRevision < last)
            faults.add("header " + message.headerRevision + " below event " + last);
        List<Expected> expected = expected(asked, Math.min(first, next), last);
        for (int i = 0; i < Math.max(expected.size(), events.size()); i++) {
            Seen seen = i < events.size() ? events.get(i) : null;
            Expected wanted = i < expected.size() ? expected.get(i) : null;
            if (seen == null || wanted == null || !same(asked, seen, wanted)) {
                faults.add("saw " + seen + " instead of " + wanted);
                break;
            }
        }
        return Math.max(next, last + 1);
    }

    private boolean same(Asked asked, Seen seen, Expected wanted) {
        return seen.key.equals(wanted.key)
                && Objects.equals(seen.value, wanted.value)
                && seen.revision == wanted.revision
                && seen.created == wanted.created
                && seen.version == wanted.version
                && sameBefore(asked, seen, wanted);
    }

    /** Of a compacted version nothing need be known. */
    private boolean sameBefore(Asked asked, Seen seen, Expected wanted) {
        if (!asked.previous) return seen.before == null;
        if (seen.before == null && wanted.revision <= compacted) return true;
        return Objects.equals(seen.before, wanted.before);
    }

    private void complete(Asked asked, long from, long to, List<String> faults) {
        List<Expected> missing = expected(asked, from, to);
        if (!missing.isEmpty()) faults.add("did not see " + missing.getFirst() + " before " + to);
    }

    private List<Expected> expected(Asked asked, long from, long to) {
        List<Expected> events = new ArrayList<>();
        if (from > to) return events;
        for (List<Expected> revision : history.subMap(from, true, to, true).values())
            for (Expected event : revision)
                if (asked.range.test(event.key) && (event.delete() ? asked.deletes : asked.puts))
                    events.add(event);
        return events;
    }
}
