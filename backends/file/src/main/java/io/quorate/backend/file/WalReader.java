package io.quorate.backend.file;

import io.quorate.spi.storage.LogEntry;
import io.quorate.spi.storage.StorageException;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/** Reads entries back from their segments, neighbours in one go. */
final class WalReader {
    private static final int RUN_BYTES_MAX = 4 << 20;

    /** Records between two entries that are cheaper to read over than to seek past. */
    private static final int GAP_BYTES = 1 << 10;

    private WalReader() {}

    /** Where an entry must be read from, and for which position of the answer. */
    record Place(
            long index, long term, int dataLength, WalSegment segment, int offset, int position) {
        static Place of(LogIndex index, long at, int position) {
            return new Place(
                    at,
                    index.term(at),
                    index.dataLength(at),
                    index.segment(at),
                    index.offset(at),
                    position);
        }

        int end() {
            return offset
                    + (int) WalFormat.recordBytes((long) WalFormat.ENTRY_PREFIX_BYTES + dataLength);
        }
    }

    /**
     * Sets the entries at the positions that the places name.
     *
     * @throws StorageException.Corruption for a record that is not what was written
     */
    static void read(List<Place> places, List<LogEntry> entries) {
        for (int i = 0; i < places.size(); ) {
            int end = i + 1;
            while (end < places.size() && continues(places, i, end)) end++;
            readRun(places.subList(i, end), entries);
            i = end;
        }
    }

    private static boolean continues(List<Place> places, int first, int next) {
        Place previous = places.get(next - 1);
        Place place = places.get(next);
        int gap = place.offset - previous.end();
        return place.segment == previous.segment
                && gap >= 0
                && gap <= GAP_BYTES
                && place.end() - places.get(first).offset <= RUN_BYTES_MAX;
    }

    private static void readRun(List<Place> run, List<LogEntry> entries) {
        WalSegment segment = run.getFirst().segment;
        int start = run.getFirst().offset;
        ByteBuffer bytes = ByteBuffer.allocate(run.getLast().end() - start);
        try {
            segment.readFully(bytes, start);
        } catch (IOException e) {
            throw StorageException.of("cannot read " + segment.path, e);
        }
        bytes.flip();
        for (Place place : run) entries.set(place.position, decode(bytes, start, place));
    }

    private static LogEntry decode(ByteBuffer bytes, int start, Place place) {
        int at = place.offset - start;
        boolean whole =
                WalFormat.isWhole(bytes, at, place.offset, place.segment.id)
                        && WalFormat.kind(bytes, at) == WalFormat.ENTRY
                        && WalFormat.index(bytes, at) == place.index
                        && WalFormat.entryTerm(bytes, at) == place.term;
        if (!whole) {
            throw new StorageException.Corruption(
                    place.segment.path
                            + " at offset "
                            + place.offset
                            + " does not hold entry "
                            + place.index
                            + " as it was written; restore this member from its peers",
                    null);
        }
        return new LogEntry(
                place.index, place.term, WalFormat.entryType(bytes, at), WalFormat.data(bytes, at));
    }
}
