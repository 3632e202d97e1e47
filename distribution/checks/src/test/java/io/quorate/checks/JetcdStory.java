package io.quorate.checks;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.Watch;
import io.etcd.jetcd.options.WatchOption;
import io.etcd.jetcd.watch.WatchEvent;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

/**
 * One sequence of jetcd calls and a line for each of its answers. What a caller must see is written
 * in the test; the same story told by a real etcd shows that the test demands the right thing.
 *
 * <p>Used by one thread.
 */
final class JetcdStory {
    /** The calls of a story. */
    interface Plot {
        void play(JetcdStory story) throws Exception;
    }

    private static final int SECONDS_MAX = 60;

    private final Member member;
    private final Client client;
    private final List<String> lines = new ArrayList<>();

    private JetcdStory(Member member, Client client) {
        this.member = member;
        this.client = client;
    }

    /** Plays the plot against our server and then a real etcd, each new and started with flags. */
    static void check(Members members, String expected, Plot plot, String... flags)
            throws Exception {
        assertEquals(expected, play(members, "ours", Binaries.ours(), plot, flags), "ours");
        assertEquals(expected, play(members, "real", Binaries.etcd37(), plot, flags), "etcd");
    }

    private static String play(
            Members members, String name, Path executable, Plot plot, String... flags)
            throws Exception {
        Member member = members.start(name, executable, flags);
        try (Client client = Client.builder().endpoints(uri(member)).build()) {
            JetcdStory story = new JetcdStory(member, client);
            plot.play(story);
            return String.join("\n", story.lines) + "\n";
        } finally {
            member.kill();
        }
    }

    private static String uri(Member member) {
        return "http://" + member.endpoint();
    }

    Client client() {
        return client;
    }

    /** Where the server is, as a client is told. */
    String uri() {
        return uri(member);
    }

    /** Where its peers would reach the server. */
    String peerUri() {
        return member.peerUrl();
    }

    void line(String line) {
        lines.add(line);
    }

    /** Waits for an answer and keeps a line of it, or of the failure's text. */
    <T> void print(String what, Future<T> call, Function<T, Object> show) {
        try {
            lines.add(what + ": " + show.apply(call.get(SECONDS_MAX, TimeUnit.SECONDS)));
        } catch (ExecutionException e) {
            Throwable cause = e.getCause();
            String text = cause.getMessage();
            lines.add(
                    what + " failed: " + (text == null ? cause.getClass().getSimpleName() : text));
        } catch (InterruptedException | TimeoutException e) {
            throw new AssertionError(what, e);
        }
    }

    /** Waits for an answer without which the story cannot go on. */
    static <T> T await(Future<T> call) {
        try {
            return call.get(SECONDS_MAX, TimeUnit.SECONDS);
        } catch (InterruptedException | TimeoutException | ExecutionException e) {
            throw new AssertionError(e);
        }
    }

    /** Completes with the first event of that kind a key ever had, perhaps one to come. */
    CompletableFuture<WatchEvent> event(ByteSequence key, WatchEvent.EventType kind) {
        CompletableFuture<WatchEvent> first = new CompletableFuture<>();
        Watch.Watcher watcher =
                client.getWatchClient()
                        .watch(
                                key,
                                WatchOption.builder().withRevision(1).build(),
                                Watch.listener(
                                        response ->
                                                response.getEvents().stream()
                                                        .filter(one -> one.getEventType() == kind)
                                                        .forEach(first::complete),
                                        first::completeExceptionally));
        first.whenComplete((_, _) -> watcher.close());
        return first;
    }

    /** Grants a lease of a minute and returns its id. */
    long lease() {
        return await(client.getLeaseClient().grant(SECONDS_MAX)).getID();
    }

    static ByteSequence bytes(String text) {
        return ByteSequence.from(text, StandardCharsets.UTF_8);
    }
}
