package io.quorate.engine.bolt;

import java.io.IOException;
import java.io.OutputStream;

/**
 * Writes a bbolt file of any size in memory for a few pages. The pages at the beginning of the file
 * name its end, and a sender must tell the size before the first byte, so the content is fed twice:
 * once to lay it out, once to write it.
 *
 * <p>Used by one thread at a time.
 */
public final class BoltWriter {
    private final BoltContent content;
    private final long root;
    private final long pages;

    private BoltWriter(BoltContent content, long root, long pages) {
        this.content = content;
        this.root = root;
        this.pages = pages;
    }

    /**
     * Feeds the content for the first time.
     *
     * @throws IllegalArgumentException for keys or buckets out of order, or of a size that bbolt
     *     refuses
     */
    public static BoltWriter plan(BoltContent content) throws IOException {
        Pages pages = new Pages.Planned();
        FileLayout layout = new FileLayout(pages);
        content.feed(layout);
        long root = layout.finish();
        return new BoltWriter(content, root, pages.count());
    }

    /** Size of the file, a multiple of the page size. */
    public long bytes() {
        return pages * BoltFormat.PAGE_BYTES;
    }

    /**
     * Feeds the content again and writes the file, in pieces of whole pages.
     *
     * @throws IllegalStateException when it was not the same as the first time
     */
    public void writeTo(OutputStream out) throws IOException {
        Pages written = new PageStream(out, root, pages);
        FileLayout layout = new FileLayout(written);
        content.feed(layout);
        if (layout.finish() != root || written.count() != pages) {
            throw new IllegalStateException(
                    "the content has changed: "
                            + written.count()
                            + " pages instead of "
                            + pages
                            + "; feed it from one view");
        }
    }
}
