package io.quorate.engine.bolt;

import static io.quorate.engine.bolt.BoltFormat.BUCKET_BYTES;
import static io.quorate.engine.bolt.BoltFormat.HEADER_BYTES;
import static io.quorate.engine.bolt.BoltFormat.META_BYTES;
import static io.quorate.engine.bolt.BoltFormat.PAGE_BYTES_MAX;
import static io.quorate.engine.bolt.BoltFormat.PAGE_BYTES_MIN;

import io.quorate.spi.storage.StorageException;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A bbolt file, read page by page: {@code member/snap/db} of an etcd, or a snapshot, which is the
 * same with the SHA-256 of all its bytes behind it (MA-16). It is never written to.
 *
 * <p>Any thread reads. What is wrong with the file is told by {@link StorageException.Foreign} (it
 * is not such a file) and {@link StorageException.Corruption} (it was one), with its name, the
 * place and the next step; a disk that does not answer by {@link UncheckedIOException}.
 */
public final class BoltFile implements AutoCloseable {
    /** Length of the digest behind a snapshot. */
    public static final int DIGEST_BYTES = 32;

    /** A file with a digest has this many bytes more than a multiple of the smallest page. */
    private static final int DIGEST_MODULUS = 512;

    private static final int DIGEST_CHUNK = 1 << 20;

    private final Path path;
    private final FileChannel channel;
    private final long size;
    private final boolean digested;
    private final Meta meta;

    private BoltFile(Path path, FileChannel channel) throws IOException {
        this.path = path;
        this.channel = channel;
        this.size = channel.size();
        this.digested = size % DIGEST_MODULUS == DIGEST_BYTES;
        this.meta = newestMeta();
        if (meta.pages > contentBytes() / meta.pageBytes) {
            throw corruptFile(
                    "is truncated: it has %d bytes, but its %d pages of %d bytes take %d"
                            .formatted(
                                    contentBytes(),
                                    meta.pages,
                                    meta.pageBytes,
                                    meta.pages * meta.pageBytes));
        }
    }

    /**
     * Opens a file and looks at its meta pages.
     *
     * @throws IOException for a file that cannot be read
     * @throws StorageException.Foreign for one that is not of bbolt
     * @throws StorageException.Corruption for one that is truncated, or without a valid meta page
     */
    public static BoltFile open(Path path) throws IOException {
        FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
        try {
            return new BoltFile(path, channel);
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    public Path path() {
        return path;
    }

    /** Size of the pages in use, in bytes. */
    public long bytes() {
        return meta.pages * meta.pageBytes;
    }

    /** The digest that the file brings; empty for a copy of a data file, which has none. */
    public Optional<byte[]> digest() {
        if (!digested) return Optional.empty();
        return Optional.of(read(size - DIGEST_BYTES, DIGEST_BYTES));
    }

    /** The SHA-256 of the file without its digest. Reads all of it. */
    public byte[] computeDigest() {
        MessageDigest sha = sha256();
        ByteBuffer chunk = ByteBuffer.allocate(DIGEST_CHUNK);
        for (long at = 0; at < contentBytes(); at += chunk.capacity()) {
            chunk.clear().limit((int) Math.min(chunk.capacity(), contentBytes() - at));
            readFully(chunk, at);
            sha.update(chunk.flip());
        }
        return sha.digest();
    }

    /** A SHA-256 that has seen nothing yet. */
    public static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java platform has SHA-256", e);
        }
    }

    /** Names of the buckets, ascending. */
    public List<byte[]> buckets() {
        List<byte[]> names = new ArrayList<>();
        BoltCursor cursor = new BoltCursor(this, page(meta.root), true, null, null);
        while (cursor.next()) names.add(cursor.key());
        return names;
    }

    /**
     * Walks the keys of a bucket in [from, toExclusive), ascending; a null bound is open. A bucket
     * that is not there has none.
     */
    public BoltCursor cursor(byte[] bucket, byte[] from, byte[] toExclusive) {
        BoltCursor buckets = new BoltCursor(this, page(meta.root), true, bucket, null);
        if (!buckets.next() || !Arrays.equals(buckets.key(), bucket)) {
            return BoltCursor.empty(this);
        }
        return new BoltCursor(this, root(buckets.value()), false, from, toExclusive);
    }

    /**
     * Reads all pages in use and checks that each is reached once or free, and that all keys are in
     * order.
     *
     * @throws StorageException.Corruption for the first thing that is wrong
     */
    public void check() {
        new BoltCheck(this).run();
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot close " + path, e);
        }
    }

    // ---- for cursors and the check

    long rootPage() {
        return meta.root;
    }

    long freelistPage() {
        return meta.freelist;
    }

    long pages() {
        return meta.pages;
    }

    /** The first page of a bucket, which stands in its value when it is a small one. */
    PageView root(byte[] bucketValue) {
        if (bucketValue.length < BUCKET_BYTES) throw corruptFile("has a bucket without a root");
        long root = BoltFormat.u64(bucketValue, 0);
        return root == 0
                ? new PageView(bucketValue, BUCKET_BYTES, path + ": the page of a small bucket")
                : page(root);
    }

    /** A branch or leaf page. */
    PageView page(long id) {
        return new PageView(raw(id), 0, path + ": page " + id);
    }

    /** A page with all that overflows it. */
    byte[] raw(long id) {
        if (id < 2 || id >= meta.pages)
            throw corruptFile("refers to page " + id + ", but its pages end at " + meta.pages);
        byte[] page = read(id * meta.pageBytes, meta.pageBytes);
        if (BoltFormat.u64(page, 0) != id)
            throw corruptFile(
                    "has page " + BoltFormat.u64(page, 0) + " in the place of page " + id);
        long overflow = overflow(page);
        if (overflow == 0) return page;
        if (overflow >= meta.pages - id)
            throw corruptFile("has page " + id + " reaching beyond its end");
        long bytes = (overflow + 1) * meta.pageBytes;
        if (bytes > Integer.MAX_VALUE - HEADER_BYTES)
            throw corruptFile(
                    "has page " + id + " of " + bytes + " bytes, more than a value may have");
        return read(id * meta.pageBytes, (int) bytes);
    }

    /** Pages that a page takes beyond its first. */
    static long overflow(byte[] page) {
        return BoltFormat.u32(page, 12) & 0xFFFF_FFFFL;
    }

    StorageException.Corruption corruptFile(String what) {
        return corrupt(path + " " + what);
    }

    static StorageException.Corruption corrupt(String what) {
        return new StorageException.Corruption(
                what + "; take another copy of the snapshot, or a new snapshot", null);
    }

    private byte[] read(long at, int bytes) {
        ByteBuffer buffer = ByteBuffer.allocate(bytes);
        readFully(buffer, at);
        return buffer.array();
    }

    private void readFully(ByteBuffer buffer, long at) {
        try {
            while (buffer.hasRemaining()) {
                if (channel.read(buffer, at + buffer.position()) < 0)
                    throw corruptFile("was truncated while it was read");
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + path + ": " + e.getMessage(), e);
        }
    }

    private long contentBytes() {
        return digested ? size - DIGEST_BYTES : size;
    }

    // ---- meta pages

    /** The size of a page stands in the meta page; when the first is bad, it is to be guessed. */
    private Meta newestMeta() throws IOException {
        if (size < 2 * PAGE_BYTES_MIN) throw foreign("has " + size + " bytes only");
        Optional<Meta> first = meta(0);
        Optional<Meta> newest = first;
        if (first.isPresent()) {
            Optional<Meta> second = meta(first.get().pageBytes);
            if (second.isPresent() && second.get().transaction > first.get().transaction)
                newest = second;
        }
        for (int bytes = PAGE_BYTES_MIN; newest.isEmpty() && bytes <= PAGE_BYTES_MAX; bytes *= 2) {
            newest = meta(bytes);
        }
        if (newest.isPresent()) return newest.get();
        if (!looksLikeBolt()) throw foreign("does not begin with a meta page");
        throw corruptFile("has no valid meta page");
    }

    private Optional<Meta> meta(long at) {
        if (at + HEADER_BYTES + META_BYTES > size) return Optional.empty();
        byte[] page = read(at + HEADER_BYTES, META_BYTES);
        if (BoltFormat.u32(page, 0) != BoltFormat.MAGIC) return Optional.empty();
        int end = META_BYTES - Long.BYTES;
        if (BoltFormat.u64(page, end) != BoltFormat.fnv(page, 0, end)) return Optional.empty();
        int version = BoltFormat.u32(page, 4);
        if (version != BoltFormat.VERSION)
            throw foreign("is of version " + version + ", not " + BoltFormat.VERSION);
        int pageBytes = BoltFormat.u32(page, 8);
        if (pageBytes < PAGE_BYTES_MIN
                || pageBytes > PAGE_BYTES_MAX
                || Integer.bitCount(pageBytes) != 1)
            throw corruptFile("has pages of " + pageBytes + " bytes");
        return Optional.of(
                new Meta(
                        pageBytes,
                        BoltFormat.u64(page, 16),
                        BoltFormat.u64(page, 32),
                        BoltFormat.u64(page, 40),
                        BoltFormat.u64(page, 48)));
    }

    /** Whether the magic stands where it must, whatever else is wrong. */
    private boolean looksLikeBolt() {
        for (int at = 0; at <= PAGE_BYTES_MAX; at = at == 0 ? PAGE_BYTES_MIN : 2 * at) {
            if (at + HEADER_BYTES + Integer.BYTES > size) return false;
            if (BoltFormat.u32(read(at + HEADER_BYTES, Integer.BYTES), 0) == BoltFormat.MAGIC)
                return true;
        }
        return false;
    }

    private StorageException.Foreign foreign(String what) {
        return new StorageException.Foreign(
                path
                        + " is not a bbolt file: it "
                        + what
                        + "; give a file that \"etcdctl snapshot save\" wrote");
    }

    private record Meta(int pageBytes, long root, long freelist, long pages, long transaction) {}
}
