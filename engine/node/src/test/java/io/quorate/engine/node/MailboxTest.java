package io.quorate.engine.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Semaphore;

class MailboxTest {
    private final Mailbox<Integer> mailbox = new Mailbox<>();
    private final Deque<Integer> taken = new ArrayDeque<>();
    private final Semaphore news = new Semaphore(0);

    @BeforeEach
    void listen() {
        mailbox.onPost(news::release);
    }

    @Test
    void whatWasPostedComesOutTogetherOldestFirst() throws InterruptedException {
        assertFalse(mailbox.poll(taken));
        mailbox.post(1);
        mailbox.post(2);
        mailbox.post(3);
        take();
        assertEquals(List.of(1, 2, 3), List.copyOf(taken));
        assertFalse(mailbox.poll(taken));
    }

    @Test
    void nothingIsLostBetweenManyWritersAndOneReader() throws InterruptedException {
        int writers = 4;
        int each = 50_000;
        for (int writer = 0; writer < writers; writer++) {
            int first = writer * each;
            Thread.ofPlatform()
                    .start(() -> {
                        for (int i = 0; i < each; i++) {
                            mailbox.post(first + i);
                        }
                    });
        }
        int[] next = new int[writers];
        for (int count = 0; count < writers * each; ) {
            take();
            for (Integer value = taken.poll(); value != null; value = taken.poll()) {
                assertEquals(next[value / each]++, value % each, "out of order");
                count++;
            }
        }
        assertFalse(mailbox.poll(taken));
    }

    private void take() throws InterruptedException {
        news.acquire();
        mailbox.poll(taken);
    }
}
