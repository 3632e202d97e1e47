package io.quorate.engine.raft;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Replays transcripts and compares what each command prints: our own from {@code
 * src/test/resources/transcripts}, and those in the directory that the system property {@code
 * quorate.raft.transcripts} names, such as {@code testdata} of etcd's raft library. With {@code
 * -Dquorate.raft.transcripts.rewrite=true} our own are rewritten instead; the diff is then the
 * change of behaviour to review.
 */
class TranscriptTest {
    private static final Path OURS = Path.of("src/test/resources/transcripts");

    @TestFactory
    Stream<DynamicTest> ours() throws IOException {
        return tests(OURS, Boolean.getBoolean("quorate.raft.transcripts.rewrite"));
    }

    @TestFactory
    Stream<DynamicTest> theirs() throws IOException {
        var directory = System.getProperty("quorate.raft.transcripts", "");
        return directory.isEmpty() ? Stream.empty() : tests(Path.of(directory), false);
    }

    private static Stream<DynamicTest> tests(Path directory, boolean rewrite) throws IOException {
        List<Path> files;
        try (var all = Files.list(directory)) {
            files = all.filter(file -> file.toString().endsWith(".txt")).sorted().toList();
        }
        return files.stream()
                .map(file ->
                        DynamicTest.dynamicTest(
                                file.getFileName().toString(), () -> replay(file, rewrite)));
    }

    private static void replay(Path file, boolean rewrite) {
        try {
            var transcript = new Transcript(Files.readString(file));
            var group = new TranscriptGroup();
            var outputs = new ArrayList<String>();
            for (var command : transcript.commands()) {
                var output = group.run(command);
                outputs.add(output);
                if (rewrite) continue;
                assertEquals(
                        command.expected(),
                        output,
                        () -> file.getFileName() + ":" + command.line() + " " + command.name());
            }
            if (rewrite) Files.writeString(file, transcript.rewritten(outputs));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
