package io.quorate.api.grpc;

import io.grpc.Deadline;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** A clock and a timer that move only when a test says so; tasks run in the test's thread. */
final class ManualTime extends ScheduledThreadPoolExecutor {
    private record Task(long at, Runnable work, ScheduledFuture<?> future) {}

    private final List<Task> tasks = new ArrayList<>();
    private long now = 1_000_000_000L;

    ManualTime() {
        super(0);
    }

    Deadline.Ticker ticker() {
        return new Deadline.Ticker() {
            @Override
            public long nanoTime() {
                synchronized (ManualTime.this) {
                    return now;
                }
            }
        };
    }

    /** Lets time pass and runs what has become due, in order. */
    void pass(long amount, TimeUnit unit) {
        long target;
        synchronized (this) {
            target = now + unit.toNanos(amount);
        }
        for (Task task = due(target); task != null; task = due(target)) {
            if (!task.future().isCancelled()) {
                task.work().run();
            }
        }
        synchronized (this) {
            now = target;
        }
    }

    private synchronized Task due(long target) {
        var next =
                tasks.stream()
                        .filter(t -> t.at() <= target)
                        .min(Comparator.comparingLong(Task::at));
        next.ifPresent(task -> {
            tasks.remove(task);
            now = Math.max(now, task.at());
        });
        return next.orElse(null);
    }

    @Override
    public synchronized ScheduledFuture<?> schedule(Runnable work, long delay, TimeUnit unit) {
        // A real future of a pool without threads: it can be cancelled and never runs by itself.
        ScheduledFuture<?> future = super.schedule(work, 1_000_000, TimeUnit.DAYS);
        tasks.add(new Task(now + unit.toNanos(delay), work, future));
        return future;
    }
}
