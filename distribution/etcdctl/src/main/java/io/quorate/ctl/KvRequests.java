package io.quorate.ctl;

import com.google.protobuf.ByteString;

import io.quorate.api.proto.DeleteRangeRequest;
import io.quorate.api.proto.PutRequest;
import io.quorate.api.proto.RangeRequest;
import io.quorate.api.proto.RangeRequest.SortOrder;
import io.quorate.api.proto.RangeRequest.SortTarget;
import io.quorate.cli.Exit;
import io.quorate.cli.Flag;
import io.quorate.cli.FlagType;
import io.quorate.cli.FlagValues;
import io.quorate.cli.GoText;
import io.quorate.cli.GoText.BadValue;
import io.quorate.cli.Terminal;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/**
 * Requests from the arguments and flags of {@code get}, {@code put} and {@code del}, on the command
 * line and in transactions alike (CT-19 to CT-22, CT-25).
 */
final class KvRequests {
    static final Flag[] GET_FLAGS = {
        Flag.of("consistency", FlagType.STRING, "l", "Linearizable(l) or Serializable(s)")
                .withChoices("l", "s"),
        Flag.text("order", "Order of results; ASCEND or DESCEND (ASCEND by default)")
                .withChoices("ASCEND", "DESCEND"),
        Flag.text("sort-by", "Sort target; CREATE, KEY, MODIFY, VALUE, or VERSION")
                .withChoices("CREATE", "KEY", "MODIFY", "VALUE", "VERSION"),
        Flag.number("limit", "Maximum number of results"),
        Flag.toggle("prefix", "Get keys with matching prefix"),
        Flag.toggle(
                "from-key",
                "Get keys that are greater than or equal to the given key using byte compare"),
        Flag.number("rev", "Specify the kv revision"),
        Flag.toggle("keys-only", "Get only the keys"),
        Flag.toggle("count-only", "Get only the count"),
        Flag.toggle(
                "print-value-only", "Only write values when using the \"simple\" output format"),
        Flag.number("min-create-rev", "Minimum create revision"),
        Flag.number("max-create-rev", "Maximum create revision"),
        Flag.number("min-mod-rev", "Minimum modification revision"),
        Flag.number("max-mod-rev", "Maximum modification revision"),
        Flag.toggle("stream", "Use the RangeStream RPC")
    };

    static final Flag[] PUT_FLAGS = {
        Flag.of("lease", FlagType.STRING, "0", "lease ID (in hexadecimal) to attach to the key"),
        Flag.toggle("prev-kv", "return the previous key-value pair before modification"),
        Flag.toggle("ignore-value", "updates the key using its current value"),
        Flag.toggle("ignore-lease", "updates the key using its current lease")
    };

    static final Flag[] DELETE_FLAGS = {
        Flag.toggle("prefix", "delete keys with matching prefix"),
        Flag.toggle("prev-kv", "return deleted key-value pairs"),
        Flag.toggle(
                "from-key",
                "delete keys that are greater than or equal to the given key using byte compare"),
        Flag.toggle("range", "delete range of keys")
    };

    private static final String PREFIX_AND_FROM_KEY =
            "`--prefix` and `--from-key` cannot be set at the same time, choose one";
    private static final String TOO_MANY =
            "too many arguments, only accept one argument when `--prefix` or `--from-key` is set";

    /** How long a range may be saved from an unmeant deletion. */
    private static final Duration SECOND_THOUGHTS = Duration.ofSeconds(2);

    private KvRequests() {}

    /** What a {@code --consistency} flag says; {@code flags} must have it. */
    static boolean serializable(FlagValues flags) {
        String consistency = flags.text("consistency");
        return switch (consistency) {
            case "s" -> true;
            case "l" -> false;
            default ->
                    throw new Exit(
                            Exit.BAD_FEATURE,
                            "unknown consistency flag " + GoText.quote(consistency));
        };
    }

    // ---- get

    static RangeRequest get(List<String> arguments, FlagValues flags) {
        if (arguments.isEmpty()) {
            throw Exit.badArguments(
                    "get command needs one argument as key and an optional argument as range_end");
        }
        boolean prefix = flags.on("prefix");
        boolean fromKey = flags.on("from-key");
        if (prefix && fromKey) throw Exit.badArguments(PREFIX_AND_FROM_KEY);
        if (flags.on("keys-only") && flags.on("count-only")) {
            throw Exit.badArguments(
                    "`--keys-only` and `--count-only` cannot be set at the same time, choose one");
        }
        RangeRequest.Builder request =
                RangeRequest.newBuilder().setSerializable(serializable(flags));
        ByteString key = Ranges.key(arguments.getFirst());
        if (arguments.size() > 1) {
            if (prefix || fromKey) throw Exit.badArguments(TOO_MANY);
            request.setRangeEnd(Ranges.key(arguments.get(1)));
        } else if (prefix || fromKey) {
            request.setRangeEnd(prefix && !key.isEmpty() ? Ranges.prefixEnd(key) : Ranges.ZERO);
        }
        boolean all = key.isEmpty() && (prefix || fromKey);
        request.setKey(all ? Ranges.ZERO : key).setLimit(flags.number("limit"));
        if (flags.number("rev") > 0) request.setRevision(flags.number("rev"));
        sort(request, flags);
        request.setKeysOnly(flags.on("keys-only")).setCountOnly(flags.on("count-only"));
        revisions(request, flags);
        return request.build();
    }

    private static void sort(RangeRequest.Builder request, FlagValues flags) {
        String order = flags.text("order");
        SortOrder sortOrder =
                switch (order.toUpperCase(Locale.ROOT)) {
                    case "ASCEND" -> SortOrder.ASCEND;
                    case "DESCEND" -> SortOrder.DESCEND;
                    case "" -> SortOrder.NONE;
                    default -> throw new Exit(Exit.BAD_FEATURE, "bad sort order " + order);
                };
        String target = flags.text("sort-by");
        SortTarget sortTarget =
                switch (target.toUpperCase(Locale.ROOT)) {
                    case "CREATE" -> SortTarget.CREATE;
                    case "MODIFY" -> SortTarget.MOD;
                    case "VALUE" -> SortTarget.VALUE;
                    case "VERSION" -> SortTarget.VERSION;
                    case "KEY", "" -> SortTarget.KEY;
                    default -> throw new Exit(Exit.BAD_FEATURE, "bad sort target " + target);
                };
        // Keys come in ascending order anyway: Go's client does not ask the server to sort them.
        if (sortTarget == SortTarget.KEY && sortOrder == SortOrder.ASCEND) {
            sortOrder = SortOrder.NONE;
        }
        request.setSortOrder(sortOrder).setSortTarget(sortTarget);
    }

    private static void revisions(RangeRequest.Builder request, FlagValues flags) {
        long minCreate = flags.number("min-create-rev");
        long maxCreate = flags.number("max-create-rev");
        long minMod = flags.number("min-mod-rev");
        long maxMod = flags.number("max-mod-rev");
        inOrder("getMinCreateRev", minCreate, "getMaxCreateRev", maxCreate);
        inOrder("getMinModRev", minMod, "getMaxModRev", maxMod);
        if (minCreate > 0) request.setMinCreateRevision(minCreate);
        if (maxCreate > 0) request.setMaxCreateRevision(maxCreate);
        if (minMod > 0) request.setMinModRevision(minMod);
        if (maxMod > 0) request.setMaxModRevision(maxMod);
    }

    private static void inOrder(String minName, long min, String maxName, long max) {
        if (max > 0 && min > max) {
            throw new Exit(
                    Exit.BAD_FEATURE, minName + "(=" + min + ") > " + maxName + "(=" + max + ")");
        }
    }

    // ---- put

    static PutRequest put(List<String> arguments, FlagValues flags, Terminal terminal) {
        String missing = "put command needs 1 argument and input from stdin or 2 arguments";
        if (arguments.isEmpty()) throw Exit.badArguments(missing);
        boolean keepValue = flags.on("ignore-value");
        if (keepValue && arguments.size() > 1) {
            throw Exit.badArguments("put command needs only 1 argument when 'ignore-value' is set");
        }
        PutRequest.Builder request =
                PutRequest.newBuilder().setKey(Ranges.key(arguments.getFirst()));
        if (!keepValue) {
            String value = arguments.size() > 1 ? arguments.get(1) : fromInput(terminal);
            if (arguments.size() == 1 && value.isEmpty()) throw Exit.badArguments(missing);
            request.setValue(Ranges.key(value));
        }
        try {
            request.setLease(GoText.parseInt(flags.text("lease"), 16));
        } catch (BadValue e) {
            throw Exit.badArguments("bad lease ID (" + e.getMessage() + "), expecting ID in Hex");
        }
        return request.setPrevKv(flags.on("prev-kv"))
                .setIgnoreValue(keepValue)
                .setIgnoreLease(flags.on("ignore-lease"))
                .build();
    }

    private static String fromInput(Terminal terminal) {
        try {
            return terminal.readAll();
        } catch (IOException unreadableCountsAsMissing) {
            return "";
        }
    }

    // ---- delete

    static DeleteRangeRequest delete(List<String> arguments, FlagValues flags, Terminal terminal) {
        if (arguments.isEmpty() || arguments.size() > 2) {
            throw Exit.badArguments(
                    "del command needs one argument as key and an optional argument as range_end");
        }
        boolean prefix = flags.on("prefix");
        boolean fromKey = flags.on("from-key");
        if (prefix && fromKey) throw Exit.badArguments(PREFIX_AND_FROM_KEY);
        DeleteRangeRequest.Builder request = DeleteRangeRequest.newBuilder();
        ByteString key = Ranges.key(arguments.getFirst());
        if (arguments.size() > 1) {
            if (prefix || fromKey) throw Exit.badArguments(TOO_MANY);
            request.setRangeEnd(Ranges.key(arguments.get(1)));
            if (!flags.on("range")) secondThoughts(arguments, terminal);
        } else if (prefix || fromKey) {
            request.setRangeEnd(prefix && !key.isEmpty() ? Ranges.prefixEnd(key) : Ranges.ZERO);
        }
        boolean all = key.isEmpty() && (prefix || fromKey);
        return request.setKey(all ? Ranges.ZERO : key).setPrevKv(flags.on("prev-kv")).build();
    }

    /** A second key may be meant as another key to delete, not as the end of a range. */
    private static void secondThoughts(List<String> arguments, Terminal terminal) {
        terminal.error(
                "Warning: Keys between "
                        + GoText.quote(arguments.get(0))
                        + " and "
                        + GoText.quote(arguments.get(1))
                        + " will be deleted. Please interrupt the command within next 2 seconds to"
                        + " cancel. You can provide `--range` flag to avoid the delay.");
        try {
            Thread.sleep(SECOND_THOUGHTS);
        } catch (InterruptedException e) {
            throw Exit.silently(Exit.INTERRUPTED);
        }
    }
}
