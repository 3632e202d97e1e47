package io.quorate.transport.link;

/** What a carrier needs to know of the frames that it carries. */
public final class Frames {
    private Frames() {}

    /** The first bytes of each direction. */
    public static byte[] preface() {
        return Wire.PREFACE.clone();
    }

    /** Whether this is the head of a preface. */
    public static boolean begin(byte[] head) {
        return Wire.isHead(head);
    }
}
