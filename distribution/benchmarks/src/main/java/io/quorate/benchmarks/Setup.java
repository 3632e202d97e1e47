package io.quorate.benchmarks;

import com.google.protobuf.ByteString;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * One combination to measure.
 *
 * @param connections HTTP/2 connections, at most one for each client
 * @param clients calls under way at any time, over all connections
 * @param keys distinct keys
 * @param rate calls a second of an open loop; 0 = a closed loop
 */
record Setup(
        int connections,
        int clients,
        int keyBytes,
        int valueBytes,
        int keys,
        int rate,
        int members) {
    private static final int USUAL_KEY_BYTES = 16;
    private static final int USUAL_VALUE_BYTES = 256;

    Setup {
        if (keyBytes < Integer.toString(keys).length()) {
            throw new IllegalArgumentException("--key-bytes is too small for --keys");
        }
    }

    Setup withKeys(int keys) {
        return new Setup(connections, clients, keyBytes, valueBytes, keys, rate, members);
    }

    Setup withClients(int clients) {
        return new Setup(connections, clients, keyBytes, valueBytes, keys, rate, members);
    }

    /** As the results name it: what differs from the usual. */
    String title() {
        StringBuilder title = new StringBuilder(count(clients, "client"));
        if (members > 1) title.append(", ").append(count(members, "member"));
        if (keyBytes != USUAL_KEY_BYTES) title.append(", keys of ").append(keyBytes).append(" B");
        if (valueBytes != USUAL_VALUE_BYTES) {
            title.append(String.format(Locale.ROOT, ", values of %,d B", valueBytes));
        }
        if (rate > 0) title.append(String.format(Locale.ROOT, ", %,d calls/s", rate));
        return title.toString();
    }

    static String count(long count, String noun) {
        return String.format(Locale.ROOT, "%,d %s%s", count, noun, count == 1 ? "" : "s");
    }

    /** The key of that number: its digits, with zeros in front. */
    ByteString key(long number) {
        return ByteString.copyFrom(digits(number, keyBytes), StandardCharsets.US_ASCII);
    }

    /** A value that does not compress, the same for the same key. */
    ByteString value(long number) {
        byte[] value = new byte[valueBytes];
        new SplittableRandom(number).nextBytes(value);
        return ByteString.copyFrom(value);
    }

    static String digits(long number, int width) {
        String digits = Long.toString(number);
        return "0".repeat(width - digits.length()) + digits;
    }
}
