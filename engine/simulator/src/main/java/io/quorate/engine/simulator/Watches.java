package io.quorate.engine.simulator;

import io.quorate.engine.state.KeyValue;
import io.quorate.engine.state.WatchEvent;
import io.quorate.engine.state.WatchMessage;
import io.quorate.engine.state.WatchQuery;
import io.quorate.engine.state.WatchStream;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/**
 * A watch of everything at each member, resumed in its next life, and what all of them must have in
 * common: each tells every revision once, in order, and the same of each as all others (T23, T25).
 */
final class Watches {
    private static final byte[] ALL = {0};

    private final World world;
    private final Map<Long, String> told = new HashMap<>();

    Watches(World world) {
        this.world = world;
    }

    /** Goes on where the last life of this machine's watch ended. */
    void open(Life life) {
        One one = new One(this, life);
        one.stream = life.node().state().watches().open(one::wake);
        one.create(life.machine().watched + 1);
        one.wake();
    }

    /** What one member tells. */
    private static final class One implements Timeline.Action {
        private final Watches watches;
        private final Life life;
        private WatchStream stream;
        private boolean planned;

        private One(Watches watches, Life life) {
            this.watches = watches;
            this.life = life;
        }

        private void create(long from) {
            stream.create(0, WatchQuery.range(ALL, ALL, from));
        }

        private void wake() {
            if (!planned) {
                planned = true;
                watches.world.timeline().after(1 + life.delay(), life, this);
            }
        }

        @Override
        public void run() {
            planned = false;
            WatchMessage message = stream.next();
            while (message != null) {
                hear(message);
                message = stream.next();
            }
        }

        private void hear(WatchMessage message) {
            Machine machine = life.machine();
            switch (message) {
                case WatchMessage.Events events -> {
                    StringBuilder text = new StringBuilder();
                    long revision = 0;
                    for (WatchEvent event : events.events()) {
                        if (event.revision() != revision && revision != 0) {
                            watches.tell(machine, revision, text.toString());
                            text.setLength(0);
                        }
                        revision = event.revision();
                        text.append(text(event));
                        watches.deleted(event);
                    }
                    watches.tell(machine, revision, text.toString());
                }
                case WatchMessage.Compacted(long id, long first) -> {
                    if (first <= machine.watched + 1) {
                        throw new Violation(
                                "a watch at %s at %d was ended by a compaction at %d"
                                        .formatted(life, machine.watched, first));
                    }
                    machine.watched = first - 1;
                    create(first);
                }
                case WatchMessage.Created created -> {}
                case WatchMessage.Closed closed -> {}
                case WatchMessage.Progress progress ->
                        throw new Violation("nobody asked for " + progress);
                case WatchMessage.Canceled canceled ->
                        throw new Violation("nobody asked for " + canceled);
                case WatchMessage.Refused refused -> throw new Violation("refused: " + refused);
            }
        }

        @Override
        public String toString() {
            return life + ": its watch is read";
        }
    }

    private void tell(Machine machine, long revision, String text) {
        if (revision != machine.watched + 1) {
            throw new Violation(
                    "watch at %s: revision %d came after %d"
                            .formatted(machine, revision, machine.watched));
        }
        machine.watched = revision;
        String first = told.putIfAbsent(revision, text);
        if (first != null && !first.equals(text)) {
            throw new Violation(
                    "watches differ at revision %d: %s at %s, before %s"
                            .formatted(revision, text, machine, first));
        }
    }

    private void deleted(WatchEvent event) {
        if (event.isDelete()) {
            world.leases().keyDeleted(new String(event.key(), StandardCharsets.UTF_8));
        }
    }

    private static String text(WatchEvent event) {
        KeyValue kv = event.decoded();
        return "%s %s=%s created %d version %d lease %d; "
                .formatted(
                        event.isDelete() ? "DELETE" : "PUT",
                        new String(kv.key(), StandardCharsets.UTF_8),
                        new String(kv.value(), StandardCharsets.UTF_8),
                        kv.createRevision(),
                        kv.version(),
                        kv.lease());
    }
}
