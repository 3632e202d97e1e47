package io.quorate.engine.raft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Replays transcripts and compares what each command prints: our own from {@code
 * src/test/resources/transcripts}, and those in the directory that the system property {@code
 * quorate.raft.transcripts} names, such as {@code testdata} of etcd's raft library. With that
 * library's {@code quorum/testdata} and {@code confchange/testdata} beside it, they are replayed as
 * well. With {@code -Dquorate.raft.transcripts.rewrite=true} our own are rewritten instead; the
 * diff is then the change of behaviour to review.
 */
class TranscriptTest {
    private static final Path OURS = Path.of("src/test/resources/transcripts");

    private interface Interpreter {
        String run(Transcript.Command command);
    }

    @TestFactory
    Stream<DynamicTest> ours() {
        boolean rewrite = Boolean.getBoolean("quorate.raft.transcripts.rewrite");
        return tests(OURS, () -> new TranscriptGroup()::run, rewrite);
    }

    @TestFactory
    Stream<DynamicTest> theirs() {
        return theirs(".", () -> new TranscriptGroup()::run);
    }

    @TestFactory
    Stream<DynamicTest> theirQuorums() {
        return theirs("../quorum/testdata", () -> QuorumTest::run);
    }

    @TestFactory
    Stream<DynamicTest> theirMembershipChanges() {
        return theirs("../confchange/testdata", () -> new ConfChangeTest.Changes()::run);
    }

    private static Stream<DynamicTest> theirs(String place, Supplier<Interpreter> interpreter) {
        var directory = System.getProperty("quorate.raft.transcripts", "");
        if (directory.isEmpty()) return Stream.empty();
        var path = Path.of(directory).resolve(place);
        return Files.isDirectory(path) ? tests(path, interpreter, false) : Stream.empty();
    }

    private static Stream<DynamicTest> tests(
            Path directory, Supplier<Interpreter> interpreter, boolean rewrite) {
        try (var all = Files.list(directory)) {
            var files = all.filter(file -> file.toString().endsWith(".txt")).sorted().toList();
            assertFalse(files.isEmpty(), "no transcripts in " + directory);
            return files.stream().map(file -> test(file, interpreter, rewrite));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static DynamicTest test(Path file, Supplier<Interpreter> interpreter, boolean rewrite) {
        return DynamicTest.dynamicTest(
                file.getFileName().toString(), () -> replay(file, interpreter.get(), rewrite));
    }

    private static void replay(Path file, Interpreter interpreter, boolean rewrite)
            throws IOException {
        var transcript = new Transcript(Files.readString(file));
        assertFalse(transcript.commands().isEmpty(), "no commands in " + file);
        var outputs = new ArrayList<String>();
        for (var command : transcript.commands()) {
            var output = interpreter.run(command);
            outputs.add(output);
            if (rewrite) continue;
            assertEquals(
                    command.expected(),
                    output,
                    () -> file.getFileName() + ":" + command.line() + " " + command.name());
        }
        if (rewrite) Files.writeString(file, transcript.rewritten(outputs));
    }
}
