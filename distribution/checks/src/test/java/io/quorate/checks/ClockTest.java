package io.quorate.checks;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.CodeElement;
import java.lang.classfile.MethodModel;
import java.lang.classfile.instruction.InvokeInstruction;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.stream.Stream;

/**
 * The wall clock may jump, so nothing that must last so long, or come first, may be told by it:
 * elections, leases and time-outs run on {@link System#nanoTime}. Who reads the time of day stands
 * here with the reason.
 */
final class ClockTest {
    private static final Set<String> MAY =
            Set.of(
                    // Ids of requests and members, made different by the time; last_compaction_ts.
                    "io/quorate/engine/node/NodeRuntime",
                    "io/quorate/engine/grpc/Services",
                    // The time stands in each line.
                    "io/quorate/launcher/Log",
                    // A page tells it: /raft/probing.
                    "io/quorate/engine/rest/Rest",
                    "io/quorate/engine/rest/PeerProbes",
                    // Certificates are valid by the calendar.
                    "io/quorate/api/tls/SelfSigned");

    private static final List<String> PARTS =
            List.of("api", "engine", "transports", "backends", "discovery", "spi", "distribution");

    /** Tools, which run for a moment. */
    private static final List<String> TOOLS =
            List.of("distribution-cli", "distribution-etcdctl", "distribution-etcdutl");

    @Test
    @Tag("T31")
    void onlyThoseReadTheWallClockWhoMeanTheTimeOfDay() throws IOException {
        Set<String> readers = new TreeSet<>();
        int jars = 0;
        try (Stream<Path> files = Files.list(Binaries.home().resolve("lib"))) {
            for (Path jar : files.filter(ClockTest::isOfServer).toList()) {
                jars++;
                collect(jar, readers);
            }
        }
        assertEquals(new TreeSet<>(MAY), readers, jars + " jars");
    }

    private static boolean isOfServer(Path jar) {
        String name = jar.getFileName().toString();
        return PARTS.stream().anyMatch(part -> name.startsWith("quorate-" + part + "-"))
                && TOOLS.stream().noneMatch(tool -> name.startsWith("quorate-" + tool + "-"));
    }

    private static void collect(Path jar, Set<String> readers) throws IOException {
        try (JarFile file = new JarFile(jar.toFile())) {
            for (JarEntry entry : file.stream().toList()) {
                String name = entry.getName();
                if (!name.endsWith(".class") || !name.startsWith("io/quorate/")) continue;
                try (InputStream in = file.getInputStream(entry)) {
                    ClassModel model = ClassFile.of().parse(in.readAllBytes());
                    if (readsClock(model)) readers.add(name.replaceAll("(\\$.*)?\\.class$", ""));
                }
            }
        }
    }

    private static boolean readsClock(ClassModel model) {
        for (MethodModel method : model.methods()) {
            if (method.code().isEmpty()) continue;
            for (CodeElement element : method.code().get()) {
                if (element instanceof InvokeInstruction call && isClock(call)) return true;
            }
        }
        return false;
    }

    private static boolean isClock(InvokeInstruction call) {
        String owner = call.owner().asInternalName();
        String name = call.name().stringValue();
        return owner.equals("java/lang/System") && name.equals("currentTimeMillis")
                || owner.startsWith("java/time/") && name.equals("now")
                || owner.equals("java/time/InstantSource") && name.equals("system")
                || owner.equals("java/time/Clock") && name.startsWith("system")
                || owner.equals("java/util/Date")
                        && name.equals("<init>")
                        && call.type().stringValue().equals("()V");
    }
}
