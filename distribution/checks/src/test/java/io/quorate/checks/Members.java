package io.quorate.checks;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * The server processes of one test (or of one test class): all are destroyed when it ends, also
 * when it fails. A failed test prints the end of each server's log and keeps the folders.
 */
final class Members implements AfterEachCallback, AfterAllCallback {
    private enum Life {
        TEST,
        CLASS
    }

    private final Life life;
    private final List<Member> members = new ArrayList<>();
    private final List<Path> folders = new ArrayList<>();
    private boolean failed;

    private Members(Life life) {
        this.life = life;
    }

    /** Servers that live as long as one test method; for an instance field. */
    static Members perTest() {
        return new Members(Life.TEST);
    }

    /** Servers shared by the methods of a class; for a static field. */
    static Members perClass() {
        return new Members(Life.CLASS);
    }

    /** A new empty folder, removed after a test that passes. */
    synchronized Path folder(String name) {
        try {
            Files.createDirectories(Binaries.scratch());
            Path folder = Files.createTempDirectory(Binaries.scratch(), name + "-");
            folders.add(folder);
            return folder;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Starts a server of one member in a new folder and waits until it serves. */
    Member start(String name, Path executable, String... flags) {
        Member member = create(name, executable, flags);
        member.start();
        return member;
    }

    /** A member with ports and a folder of its own, not yet started. */
    synchronized Member create(String name, Path executable, String... flags) {
        return createIn(folder(name), name, executable, flags);
    }

    /** A member that keeps its data and its log in a given folder, not yet started. */
    synchronized Member createIn(Path folder, String name, Path executable, String... flags) {
        Member member = new Member(name, executable, folder, List.of(flags));
        members.add(member);
        return member;
    }

    @Override
    public void afterEach(ExtensionContext context) {
        if (context.getExecutionException().isPresent()) {
            failed = true;
            // A class that shares servers compares outputs; their logs would bury the difference.
            if (life == Life.TEST) members.forEach(one -> System.err.println(one.report()));
        }
        if (life == Life.TEST) end();
    }

    @Override
    public void afterAll(ExtensionContext context) {
        failed |= context.getExecutionException().isPresent();
        // The end of a class inside is heard of too.
        boolean inside = context.getRequiredTestClass().isAnnotationPresent(Nested.class);
        if (life == Life.CLASS && !inside) end();
    }

    private synchronized void end() {
        members.forEach(Member::kill);
        members.clear();
        if (!failed) folders.forEach(Members::delete);
        folders.clear();
    }

    private static void delete(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) Files.delete(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
