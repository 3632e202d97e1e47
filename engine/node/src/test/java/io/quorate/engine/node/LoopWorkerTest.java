package io.quorate.engine.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;

@Timeout(60)
class LoopWorkerTest {
    private static final Runnable STOP = () -> {};

    private final TaskLoop loop = new TaskLoop();
    private LoopWorker worker;

    @AfterEach
    void stop() {
        if (worker != null) {
            loop.mailbox.post(STOP);
            worker.join();
        }
    }

    @Test
    void anIdleSharedLoopWorksInTheThreadThatBringsTheWork() {
        start(true);
        assertSame(Thread.currentThread(), where());
        assertSame(Thread.currentThread(), where(), "again");
    }

    @Test
    void aLoopOfItsOwnNeverWorksInAnotherThread() throws InterruptedException {
        start(false);
        BlockingQueue<Thread> where = new LinkedBlockingQueue<>();
        loop.mailbox.post(() -> where.add(Thread.currentThread()));
        assertNotSame(Thread.currentThread(), where.take());
    }

    @Test
    void whatComesDuringATurnIsDoneByTheLoopsOwnThread() throws InterruptedException {
        start(true);
        BlockingQueue<Thread> where = new LinkedBlockingQueue<>();
        loop.mailbox.post(() -> loop.mailbox.post(() -> where.add(Thread.currentThread())));
        assertNotSame(Thread.currentThread(), where.take());
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void turnsNeverOverlapAndNothingIsLost(boolean shared) throws InterruptedException {
        start(shared);
        int writers = 4;
        int each = 30_000;
        AtomicInteger inside = new AtomicInteger();
        int[] done = new int[1]; // by the loop alone
        CountDownLatch all = new CountDownLatch(writers * each);
        List<Thread> threads = new ArrayList<>();
        for (int writer = 0; writer < writers; writer++) {
            threads.add(
                    Thread.ofVirtual()
                            .start(() -> {
                                for (int i = 0; i < each; i++) {
                                    loop.mailbox.post(() -> {
                                        assertEquals(1, inside.incrementAndGet());
                                        done[0]++;
                                        inside.decrementAndGet();
                                        all.countDown();
                                    });
                                }
                            }));
        }
        all.await();
        assertEquals(writers * each, done[0]);
        assertTrue(loop.failures.isEmpty(), loop.failures.toString());
        for (Thread thread : threads) {
            thread.join();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void joinFromInsideATurnReturnsAtOnce(boolean shared) throws InterruptedException {
        start(shared);
        CountDownLatch returned = new CountDownLatch(1);
        loop.mailbox.post(() -> {
            worker.join();
            returned.countDown();
        });
        returned.await();
    }

    @Test
    void aStrayInterruptDoesNotEndTheLoop() throws InterruptedException {
        start(false);
        BlockingQueue<Thread> where = new LinkedBlockingQueue<>();
        loop.mailbox.post(() -> where.add(Thread.currentThread()));
        where.take().interrupt();
        loop.mailbox.post(() -> where.add(Thread.currentThread()));
        assertTrue(where.take().isAlive());
    }

    private void start(boolean shared) {
        loop.shared = shared;
        worker = LoopWorker.start("loop", loop);
        loop.awaitFirstTurn(worker);
    }

    /** Where the loop does a task that comes now. */
    private Thread where() {
        BlockingQueue<Thread> where = new LinkedBlockingQueue<>();
        loop.mailbox.post(() -> where.add(Thread.currentThread()));
        Thread thread = where.poll();
        assertFalse(thread == null, "not done on return");
        return thread;
    }

    /** Runs what is posted. */
    private static final class TaskLoop implements Loop {
        private final Mailbox<Runnable> mailbox = new Mailbox<>();
        private final Deque<Runnable> tasks = new ArrayDeque<>();
        private final List<Throwable> failures = new ArrayList<>();
        private boolean shared;

        @Override
        public boolean turn() {
            mailbox.poll(tasks);
            boolean more = true;
            for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
                more &= task != STOP;
                try {
                    task.run();
                } catch (Throwable t) {
                    failures.add(t);
                }
            }
            return more;
        }

        @Override
        public boolean hasWork() {
            return !mailbox.isEmpty();
        }

        @Override
        public boolean mayTurnAnywhere() {
            return shared;
        }

        @Override
        public void onWork(Runnable waker) {
            mailbox.onPost(waker);
        }

        private void awaitFirstTurn(LoopWorker worker) {
            while (worker.isTaken()) {
                Thread.onSpinWait();
            }
        }
    }
}
