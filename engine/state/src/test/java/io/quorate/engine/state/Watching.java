package io.quorate.engine.state;

import static io.quorate.engine.state.Requests.bytes;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** A stream whose messages can be read as short texts. */
final class Watching implements AutoCloseable {
    final WatchStream stream;
    private int woken;

    Watching(StateMachine state) {
        stream = state.watches().open(() -> woken++);
    }

    long watch(String key, long start) {
        return stream.create(0, WatchQuery.key(bytes(key), start));
    }

    long watch(String key, String end, long start) {
        return stream.create(0, WatchQuery.range(bytes(key), bytes(end), start));
    }

    /** How often the reader was woken since the last call. */
    int woken() {
        int times = woken;
        woken = 0;
        return times;
    }

    List<WatchMessage> all() {
        List<WatchMessage> messages = new ArrayList<>();
        for (WatchMessage m = stream.next(); m != null; m = stream.next()) messages.add(m);
        return messages;
    }

    /** All that is there to read, such as {@code created 0 @1 | 0 @2: put a=1 2}. */
    String read() {
        return all().stream().map(Watching::text).collect(Collectors.joining(" | "));
    }

    static String text(WatchMessage message) {
        return switch (message) {
            case WatchMessage.Created(var id, var revision, var query) ->
                    "created " + id + " @" + revision;
            case WatchMessage.Refused(var revision, var reason) ->
                    "refused @" + revision + " " + reason;
            case WatchMessage.Events events ->
                    events.watchId()
                            + " @"
                            + events.revision()
                            + ": "
                            + events.events().stream()
                                    .map(event -> text(event, events.previous()))
                                    .collect(Collectors.joining(", "));
            case WatchMessage.Progress(var id, var revision) -> "progress " + id + " @" + revision;
            case WatchMessage.Canceled(var id, var revision) -> "canceled " + id + " @" + revision;
            case WatchMessage.Compacted(var id, var revision) -> "compacted " + id + " " + revision;
            case WatchMessage.Closed closed -> "closed";
        };
    }

    private static String text(WatchEvent event, boolean withPrevious) {
        KeyValue kv = event.decoded();
        String change =
                event.isDelete()
                        ? "del " + Requests.text(kv.key())
                        : (event.isCreate() ? "new " : "put ")
                                + Requests.text(kv.key())
                                + "="
                                + Requests.text(kv.value());
        String before = "";
        if (withPrevious) {
            byte[] row = event.previousKeyValue();
            before =
                    " was "
                            + (row == null
                                    ? "nothing"
                                    : Requests.text(RowCodec.decode(row).value()));
        }
        return change + " " + event.revision() + before;
    }

    @Override
    public void close() {
        stream.close();
    }
}
