package io.quorate.checks;

import com.google.protobuf.ByteString;

import io.quorate.api.client.Client;
import io.quorate.api.client.Watch;
import io.quorate.api.proto.WatchCreateRequest;
import io.quorate.api.proto.WatchResponse;
import io.quorate.api.proto.mvcc.Event;
import io.quorate.api.proto.mvcc.KeyValue;
import io.quorate.engine.checker.WatchValidator;
import io.quorate.engine.checker.WatchValidator.Asked;
import io.quorate.engine.checker.WatchValidator.Change;
import io.quorate.engine.checker.WatchValidator.Seen;
import io.quorate.engine.checker.WatchValidator.Told;
import io.quorate.engine.checker.WatchValidator.Watched;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Watches all keys from the first revision on, over whatever happens to the member it asks. */
final class WatchClient implements Runnable {
    private static final ByteString ALL = ByteString.copyFrom(new byte[1]);
    private static final Asked ASKED = new Asked(key -> true, 1, true, true, true);

    private final Watch watch;
    private final String lastKey;
    private final List<Told> told = new ArrayList<>();

    /**
     * @param lastKey ends the watch when it is written
     */
    WatchClient(Client client, String lastKey) {
        this.lastKey = lastKey;
        this.watch =
                client.watch(
                        WatchCreateRequest.newBuilder()
                                .setKey(ALL)
                                .setRangeEnd(ALL)
                                .setStartRevision(1)
                                .setPrevKv(true)
                                .build());
    }

    @Override
    public void run() {
        boolean last = false;
        while (!last) {
            Optional<WatchResponse> next = watch.next();
            if (next.isEmpty()) {
                return;
            }
            WatchResponse message = next.get();
            told.add(
                    message.getEventsCount() == 0
                            ? new WatchValidator.Bookmark(message.getHeader().getRevision())
                            : new WatchValidator.Message(
                                    message.getHeader().getRevision(),
                                    message.getEventsList().stream()
                                            .map(WatchClient::seen)
                                            .toList()));
            last =
                    message.getEventsList().stream()
                            .anyMatch(e -> e.getKv().getKey().toStringUtf8().equals(lastKey));
        }
        watch.close();
    }

    /** Ends it before its time. */
    void close() {
        watch.close();
    }

    /** An event as {@link WatchValidator} judges it. */
    static Seen seen(Event event) {
        KeyValue kv = event.getKv();
        boolean delete = event.getType() == Event.EventType.DELETE;
        return new Seen(
                kv.getKey().toStringUtf8(),
                delete ? null : kv.getValue().toStringUtf8(),
                kv.getModRevision(),
                kv.getCreateRevision(),
                kv.getVersion(),
                event.hasPrevKv() ? event.getPrevKv().getValue().toStringUtf8() : null);
    }

    /** The revisions as this watch saw them. */
    Map<Long, List<Change>> changes() {
        Map<Long, List<Change>> changes = new TreeMap<>();
        for (Told one : told) {
            if (one instanceof WatchValidator.Message(long header, List<Seen> events)) {
                for (Seen event : events) {
                    changes.computeIfAbsent(event.revision(), r -> new ArrayList<>())
                            .add(new Change(event.key(), event.value()));
                }
            }
        }
        return changes;
    }

    /** What is wrong with it, if these are the revisions. */
    List<String> faults(Map<Long, List<Change>> changes) {
        WatchValidator validator = new WatchValidator();
        long last = 0;
        for (Map.Entry<Long, List<Change>> revision : changes.entrySet()) {
            validator.written(revision.getKey(), revision.getValue());
            last = revision.getKey();
        }
        return validator.check(List.of(new Watched(ASKED, told)), last);
    }
}
