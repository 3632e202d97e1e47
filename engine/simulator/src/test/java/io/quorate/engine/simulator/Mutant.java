package io.quorate.engine.simulator;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;

/**
 * The engine with one bug: a source file of it is changed at one place and compiled, and all
 * classes of the engine are loaded anew around the result. So the bugs are in nobody's product, and
 * a change of the code that a bug was made for does not go unnoticed.
 */
final class Mutant {
    private static final Path ENGINE = Path.of("..");

    private final Method run;

    /**
     * A change of the engine.
     *
     * @param source file, from the folder of the engine's modules on
     * @param good text that occurs there once
     * @param bad what to put in its place
     */
    record Edit(String source, String good, String bad) {
        private String text() throws IOException {
            String text = Files.readString(ENGINE.resolve(source));
            int at = text.indexOf(good);
            if (at < 0 || text.indexOf(good, at + 1) >= 0) {
                throw new AssertionError(
                        "%s does not hold this once; make the bug anew: %s"
                                .formatted(source, good));
            }
            return text.substring(0, at) + bad + text.substring(at + good.length());
        }
    }

    Mutant(List<Edit> edits, Path scratch) throws IOException {
        for (Edit edit : edits) {
            compile(edit.source, edit.text(), scratch);
        }
        try {
            run =
                    new Loader(scratch.resolve("classes"))
                            .loadClass(Simulation.class.getName())
                            .getMethod("run", long.class, long.class);
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }

    private static void compile(String source, String text, Path scratch) throws IOException {
        Path file = scratch.resolve(Path.of(source).getFileName());
        Files.writeString(file, text);
        String path =
                Stream.of("java.class.path", "jdk.module.path")
                        .map(System::getProperty)
                        .filter(value -> value != null && !value.isEmpty())
                        .reduce((a, b) -> a + File.pathSeparator + b)
                        .orElseThrow();
        PrintWriter out = new PrintWriter(System.err, true);
        int status =
                ToolProvider.findFirst("javac")
                        .orElseThrow()
                        .run(
                                out,
                                out,
                                "-proc:none",
                                "-nowarn",
                                "-cp",
                                path,
                                "-d",
                                scratch.resolve("classes").toString(),
                                file.toString());
        if (status != 0) {
            throw new AssertionError("the bug does not compile");
        }
    }

    /** What the run of a seed was found to break; empty when nothing. */
    Optional<String> run(long seed, long events) {
        try {
            run.invoke(null, seed, events);
            return Optional.empty();
        } catch (InvocationTargetException e) {
            return Optional.of(String.valueOf(e.getCause().getMessage()));
        } catch (IllegalAccessException e) {
            throw new AssertionError(e);
        }
    }

    /** Loads all classes of the engine by itself, the changed ones from their folder. */
    private static final class Loader extends ClassLoader {
        private final Path changed;

        private Loader(Path changed) {
            super(Mutant.class.getClassLoader());
            this.changed = changed;
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            synchronized (getClassLoadingLock(name)) {
                Class<?> loaded = findLoadedClass(name);
                if (loaded != null) {
                    return loaded;
                }
                if (!name.startsWith("io.quorate.")) {
                    return super.loadClass(name, resolve);
                }
                byte[] bytes = bytes(name.replace('.', '/') + ".class", name);
                return defineClass(name, bytes, 0, bytes.length);
            }
        }

        private byte[] bytes(String file, String name) throws ClassNotFoundException {
            try {
                Path own = changed.resolve(file);
                if (Files.exists(own)) {
                    return Files.readAllBytes(own);
                }
                try (InputStream in = getParent().getResourceAsStream(file)) {
                    if (in == null) {
                        throw new ClassNotFoundException(name);
                    }
                    ByteArrayOutputStream out = new ByteArrayOutputStream();
                    in.transferTo(out);
                    return out.toByteArray();
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
