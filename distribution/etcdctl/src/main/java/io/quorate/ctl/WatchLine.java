package io.quorate.ctl;

import io.quorate.api.proto.WatchCreateRequest;
import io.quorate.cli.Exit;
import io.quorate.cli.FlagValues;

import java.util.List;
import java.util.Map;

/**
 * What to watch, and the command to run for each event: {@code watch [flags] key [end] [-- command
 * …]}, or the keys from {@code ETCDCTL_WATCH_KEY} and {@code ETCDCTL_WATCH_RANGE_END} (CT-27 to
 * CT-30).
 *
 * @param keys one or two
 * @param command empty for none
 */
record WatchLine(List<String> keys, List<String> command, FlagValues flags) {
    private static final String BAD_NUMBER = "bad number of arguments";
    private static final String SEPARATOR = "--";

    /** Words that name nothing to watch. */
    static final class BadWords extends Exception {
        private static final long serialVersionUID = 1;

        BadWords(String message) {
            super(message, null, false, false);
        }
    }

    /**
     * Reads the words behind {@code watch}.
     *
     * @param flags what they say, with all that is no flag as arguments
     * @throws Exit with code 128 where the words are no watch at all
     */
    static WatchLine of(List<String> words, FlagValues flags, Map<String, String> environment) {
        String key = environment.getOrDefault("ETCDCTL_WATCH_KEY", "");
        String end = environment.getOrDefault("ETCDCTL_WATCH_RANGE_END", "");
        int separator = words.indexOf(SEPARATOR);
        if (separator >= 0 && separator == words.size() - 1) {
            throw Exit.badArguments(BAD_NUMBER + " (found separator --, but no commands)");
        }
        List<String> command =
                separator < 0 ? List.of() : words.subList(separator + 1, words.size());
        List<String> keys = flags.arguments().subList(0, flags.arguments().size() - command.size());
        if (!key.isEmpty()) {
            if (!keys.isEmpty()) {
                throw Exit.badArguments(BAD_NUMBER + " (found conflicting environment key)");
            }
            keys = end.isEmpty() ? List.of(key) : List.of(key, end);
        }
        if (separator < 0 && keys.isEmpty()) throw Exit.badArguments(BAD_NUMBER);
        return new WatchLine(keys, command, flags);
    }

    WatchCreateRequest request() throws BadWords {
        if (keys.isEmpty()) throw new BadWords(BAD_NUMBER);
        boolean prefix = flags.on("prefix");
        WatchCreateRequest.Builder request =
                WatchCreateRequest.newBuilder()
                        .setStartRevision(flags.number("rev"))
                        .setPrevKv(flags.on("prev-kv"))
                        .setProgressNotify(flags.on("progress-notify"));
        request.setKey(Ranges.key(keys.getFirst()));
        if (keys.size() == 2) {
            if (prefix) throw new BadWords("`range_end` and `--prefix` are mutually exclusive");
            request.setRangeEnd(Ranges.key(keys.get(1)));
        } else if (prefix) {
            boolean all = request.getKey().isEmpty();
            request.setRangeEnd(all ? Ranges.ZERO : Ranges.prefixEnd(request.getKey()));
            if (all) request.setKey(Ranges.ZERO);
        }
        return request.build();
    }
}
