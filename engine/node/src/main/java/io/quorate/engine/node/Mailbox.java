package io.quorate.engine.node;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Messages from many threads to one reader. A post is one compare-and-set, and wakes the reader
 * only when the box was empty; the reader takes everything at once, oldest first. That is what
 * makes batches: whatever was posted while the reader was busy comes out together.
 */
final class Mailbox<T> {
    private final AtomicReference<Letter<T>> newest = new AtomicReference<>();
    private volatile Runnable waker = () -> {};

    /** Called by whoever posts into the empty box. */
    void onPost(Runnable waker) {
        this.waker = waker;
    }

    void post(T content) {
        Letter<T> letter = new Letter<>(content);
        Letter<T> previous;
        do {
            previous = newest.get();
            letter.older = previous;
        } while (!newest.compareAndSet(previous, letter));
        if (previous == null) {
            waker.run();
        }
    }

    boolean isEmpty() {
        return newest.get() == null;
    }

    /** Appends everything posted; false when there was nothing. */
    boolean poll(Deque<T> target) {
        Letter<T> letter = newest.getAndSet(null);
        if (letter == null) {
            return false;
        }
        Deque<T> reversed = new ArrayDeque<>();
        for (; letter != null; letter = letter.older) {
            reversed.push(letter.content);
        }
        target.addAll(reversed);
        return true;
    }

    private static final class Letter<T> {
        private final T content;
        private Letter<T> older;

        private Letter(T content) {
            this.content = content;
        }
    }
}
