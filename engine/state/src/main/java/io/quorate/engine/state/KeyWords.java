package io.quorate.engine.state;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.function.IntFunction;

/**
 * Of the ordered keys of a tree's node: how many bytes they all begin with alike, and the eight
 * bytes of each behind those, as unsigned numbers. Most searches go by these, which lie side by
 * side, and look at one key in the end, instead of at one in a place of its own for each step.
 *
 * <p>Keys that are shorter count as if zeros followed, so equal words say nothing about their keys.
 * Immutable.
 */
final class KeyWords {
    static final KeyWords NONE = new KeyWords(0, new long[0]);

    private static final VarHandle BYTES =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    private final int prefix;
    private final long[] words;

    private KeyWords(int prefix, long[] words) {
        this.prefix = prefix;
        this.words = words;
    }

    static KeyWords of(int count, IntFunction<byte[]> keys) {
        if (count == 0) return NONE;
        byte[] first = keys.apply(0);
        int differs = Arrays.mismatch(first, keys.apply(count - 1));
        int prefix = differs < 0 ? first.length : differs;
        long[] words = new long[count];
        for (int i = 0; i < count; i++) words[i] = word(keys.apply(i), prefix);
        return new KeyWords(prefix, words);
    }

    /**
     * Where a key stands: before all keys of the node (negative), behind all (positive), or where
     * its word says (0).
     *
     * @param any a key of the node
     */
    int side(byte[] key, byte[] any) {
        return Arrays.compareUnsigned(key, 0, Math.min(key.length, prefix), any, 0, prefix);
    }

    long word(byte[] key) {
        return word(key, prefix);
    }

    /** How the key with the number {@code i} compares to one with that word; 0 when unknown. */
    int compare(int i, long word) {
        return Long.compareUnsigned(words[i], word);
    }

    /** With a key more, for which {@link #side} is 0. */
    KeyWords plus(int at, byte[] key) {
        long[] wider = new long[words.length + 1];
        System.arraycopy(words, 0, wider, 0, at);
        wider[at] = word(key, prefix);
        System.arraycopy(words, at, wider, at + 1, words.length - at);
        return new KeyWords(prefix, wider);
    }

    KeyWords minus(int at) {
        long[] narrower = new long[words.length - 1];
        System.arraycopy(words, 0, narrower, 0, at);
        System.arraycopy(words, at + 1, narrower, at, narrower.length - at);
        return new KeyWords(prefix, narrower);
    }

    private static long word(byte[] key, int from) {
        if (key.length - from >= Long.BYTES) return (long) BYTES.get(key, from);
        long word = 0;
        for (int i = from; i < key.length; i++) {
            word |= (key[i] & 255L) << Byte.SIZE * (Long.BYTES - 1 - (i - from));
        }
        return word;
    }
}
