package io.quorate.engine.node;

import io.quorate.engine.state.EtcdError;
import io.quorate.engine.state.EtcdException;
import io.quorate.engine.state.Member;

import java.io.IOException;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.LongFunction;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Answers of the leader about leases, for whom any member is asked (LE-09, LE-11): its own lessor
 * answers while it leads, else the leader is asked by its peer addresses. A question whose leader
 * goes away, or that finds none, is put again at each tick until its time is over. Any thread.
 */
final class LeaseQuestions {
    private final Lessor lessor;
    private final Leadership leadership;
    private final LeaderCall call;
    private final Workers workers;
    private final LongSupplier nanoTime;
    private final long requestNanos;
    private final long electionNanos;
    private final Queue<Question<?>> again = new ConcurrentLinkedQueue<>();
    private volatile boolean closed;

    /**
     * @param requestNanos how long a caller waits
     * @param electionNanos how long this member is asked before it is looked for a leader again
     */
    LeaseQuestions(
            Lessor lessor,
            Leadership leadership,
            LeaderCall call,
            Workers workers,
            LongSupplier nanoTime,
            long requestNanos,
            long electionNanos) {
        this.lessor = lessor;
        this.leadership = leadership;
        this.call = call;
        this.workers = workers;
        this.nanoTime = nanoTime;
        this.requestNanos = requestNanos;
        this.electionNanos = electionNanos;
    }

    /**
     * @param leading whether this member leads
     * @param leader the member that does, as far as known
     * @param caughtUp completes when this member has applied what was acknowledged before
     */
    record Leadership(
            java.util.function.BooleanSupplier leading,
            Supplier<Optional<Member>> leader,
            Supplier<CompletableFuture<Void>> caughtUp) {}

    /** As {@link Lessor#renew}, by whoever leads. */
    CompletableFuture<Long> renew(long id) {
        return ask(giveUp -> lessor.renew(id, giveUp), leader -> call.renew(leader, id));
    }

    /**
     * As {@link Lessor#timeToLive}, by whoever leads; this member has then applied what the leader
     * had when it answered.
     */
    CompletableFuture<Optional<LeaseTime>> timeToLive(long id) {
        return ask(
                giveUp -> lessor.timeToLive(id, giveUp),
                leader -> {
                    Optional<LeaseTime> time = call.timeToLive(leader, id);
                    leadership.caughtUp.get().join();
                    return time;
                });
    }

    private <T> CompletableFuture<T> ask(LongFunction<CompletableFuture<T>> here, There<T> there) {
        var question =
                new Question<>(
                        here,
                        there,
                        nanoTime.getAsLong() + requestNanos,
                        new CompletableFuture<>());
        put(question);
        return question.answer;
    }

    /** A tick of raft's clock. Any thread. */
    void tick() {
        for (int left = again.size(); left > 0; left--) {
            Question<?> question = again.poll();
            if (question == null) {
                return;
            }
            put(question);
        }
    }

    /** Whoever waits for a leader gets STOPPED. */
    void stop() {
        closed = true;
        tick();
    }

    private <T> void put(Question<T> question) {
        if (closed) {
            question.answer.completeExceptionally(EtcdError.STOPPED.exception());
        } else if (leadership.leading.getAsBoolean()) {
            long soon = nanoTime.getAsLong() + electionNanos;
            question.here
                    .apply(soon - question.giveUp < 0 ? soon : question.giveUp)
                    .whenComplete((answer, thrown) -> heard(question, answer, thrown));
        } else {
            Optional<Member> leader = leadership.leader.get();
            if (leader.isEmpty()) {
                later(question, EtcdError.NO_LEADER);
            } else {
                workers.execute("ask-leader", () -> askThere(question, leader.get()));
            }
        }
    }

    private <T> void askThere(Question<T> question, Member leader) {
        try {
            question.answer.complete(question.there.ask(leader));
        } catch (IOException e) {
            later(question, EtcdError.TIMEOUT);
        } catch (CompletionException | EtcdException e) {
            heard(question, null, e);
        }
    }

    private <T> void heard(Question<T> question, T answer, Throwable thrown) {
        Throwable cause = thrown instanceof CompletionException e ? e.getCause() : thrown;
        if (cause == null) {
            question.answer.complete(answer);
        } else if (cause instanceof EtcdException e && isOfTheLeader(e.error())) {
            later(question, e.error());
        } else {
            question.answer.completeExceptionally(cause);
        }
    }

    /** Whether another leader, or the same a bit later, may answer. */
    private static boolean isOfTheLeader(EtcdError error) {
        return error == EtcdError.TIMEOUT
                || error == EtcdError.LEADER_CHANGED
                || error == EtcdError.NOT_LEADER;
    }

    private void later(Question<?> question, EtcdError why) {
        if (nanoTime.getAsLong() - question.giveUp >= 0) {
            question.answer.completeExceptionally(why.exception());
            return;
        }
        again.add(question);
        // After the add, so that either this or stop sees the other.
        if (closed && again.remove(question)) {
            question.answer.completeExceptionally(EtcdError.STOPPED.exception());
        }
    }

    /** Asks a leader elsewhere; blocks. */
    private interface There<T> {
        T ask(Member leader) throws IOException;
    }

    private record Question<T>(
            LongFunction<CompletableFuture<T>> here,
            There<T> there,
            long giveUp,
            CompletableFuture<T> answer) {}
}
