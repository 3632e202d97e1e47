package io.quorate.transport.link;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The messages that wait for one peer, bounded in number and bytes. Many threads offer, one takes.
 * The lock is held for a few instructions only.
 */
final class MessageQueue {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition offered = lock.newCondition();
    private final Deque<byte[]> messages = new ArrayDeque<>();
    private final long bytesMax;
    private final int countMax;
    private long bytes;
    private boolean open = true;
    private boolean ended;

    MessageQueue(long bytesMax, int countMax) {
        this.bytesMax = bytesMax;
        this.countMax = countMax;
    }

    /** False when the message was not taken: the queue is full or shut. */
    boolean offer(byte[] message) {
        lock.lock();
        try {
            boolean full =
                    messages.size() >= countMax
                            || bytes + message.length > bytesMax && !messages.isEmpty();
            if (!open || full) return false;
            messages.add(message);
            bytes += message.length;
            offered.signal();
            return true;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Moves all messages to {@code target}; waits up to {@code nanos} for one when there is none.
     *
     * @return false when the queue has ended
     */
    boolean take(List<byte[]> target, long nanos) throws InterruptedException {
        lock.lock();
        try {
            long left = nanos;
            while (messages.isEmpty() && !ended && left > 0) left = offered.awaitNanos(left);
            target.addAll(messages);
            messages.clear();
            bytes = 0;
            return !ended;
        } finally {
            lock.unlock();
        }
    }

    /** Takes no more until {@link #reopen}; returns how many messages were thrown away. */
    int shut() {
        lock.lock();
        try {
            open = false;
            int dropped = messages.size();
            messages.clear();
            bytes = 0;
            return dropped;
        } finally {
            lock.unlock();
        }
    }

    void reopen() {
        lock.lock();
        try {
            open = !ended;
        } finally {
            lock.unlock();
        }
    }

    /** Shuts for good and wakes who waits. */
    void end() {
        lock.lock();
        try {
            open = false;
            ended = true;
            messages.clear();
            bytes = 0;
            offered.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Waits so long, or until the end; false when the queue has ended. */
    boolean pause(long nanos) throws InterruptedException {
        lock.lock();
        try {
            long until = System.nanoTime() + nanos;
            for (long left = nanos; !ended && left > 0; left = until - System.nanoTime()) {
                offered.await(left, TimeUnit.NANOSECONDS);
            }
            return !ended;
        } finally {
            lock.unlock();
        }
    }
}
