package io.quorate.spi.storage.tck;

import io.quorate.spi.storage.Applied;
import io.quorate.spi.storage.HardState;
import io.quorate.spi.storage.Install;
import io.quorate.spi.storage.LogEntry;
import io.quorate.spi.storage.RaftLog;
import io.quorate.spi.storage.StateStore;
import io.quorate.spi.storage.StateStore.Durability;
import io.quorate.spi.storage.StorageProvider;
import io.quorate.spi.storage.WriteBatch;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/**
 * A process that writes to a store as fast as it can and prints the number of each unit that was
 * acknowledged, until its parent kills it.
 */
final class KilledChild {
    private static final int COMPACT_EVERY = 500;
    private static final int FORCE_EVERY = 7;

    private final Process process;
    private final BufferedReader output;

    private KilledChild(Process process, BufferedReader output) {
        this.process = process;
        this.output = output;
    }

    /** Starts the child; the store is open on return. */
    static KilledChild start(
            StorageProvider provider, String part, Path directory, Map<String, String> settings)
            throws IOException {
        return start(provider, part, directory, settings, 256);
    }

    static KilledChild start(
            StorageProvider provider,
            String part,
            Path directory,
            Map<String, String> settings,
            int heapMib)
            throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        String heap = "-Xmx" + heapMib + "m";
        command.addAll(List.of(heap, "-XX:+UseSerialGC", "--enable-native-access=ALL-UNNAMED"));
        command.addAll(List.of("-cp", classPath(), KilledChild.class.getName()));
        command.addAll(List.of(provider.getClass().getName(), part, directory.toString()));
        settings.forEach((key, value) -> command.add(key + "=" + value));
        Process process =
                new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        BufferedReader output = process.inputReader();
        if (!"open".equals(output.readLine())) {
            process.destroyForcibly();
            throw new AssertionError("the child did not start: see its error output");
        }
        return new KilledChild(process, output);
    }

    /** Everything this JVM can load classes from, whether module path or class path. */
    private static String classPath() {
        Set<String> parts = new LinkedHashSet<>();
        for (String property :
                List.of("jdk.module.path", "java.class.path", "surefire.test.class.path")) {
            String value = System.getProperty(property, "");
            parts.addAll(Arrays.asList(value.split(File.pathSeparator)));
        }
        parts.remove("");
        return String.join(File.pathSeparator, parts);
    }

    /** Kills the child once it has confirmed so many units; returns the last it confirmed. */
    long killAfter(int units) throws IOException, InterruptedException {
        long last = 0;
        for (int i = 0; i < units; i++) last = parse(output.readLine(), last);
        // Process.destroyForcibly would also close the pipe, with what was confirmed last in it.
        process.toHandle().destroyForcibly();
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            last = parse(line, last);
        }
        process.waitFor();
        return last;
    }

    /** Kills the child once it has printed so many lines, or lets it end by itself before. */
    void killAfterLines(int lines) throws IOException, InterruptedException {
        for (int i = 0; i < lines && output.readLine() != null; i++) continue;
        process.toHandle().destroyForcibly();
        while (output.readLine() != null) continue;
        process.waitFor();
    }

    /** Waits until the child ends by itself; returns its exit code. */
    int waitForEnd() throws IOException, InterruptedException {
        while (output.readLine() != null) continue;
        return process.waitFor();
    }

    /** The kill may cut the last line short; a number cut short is smaller, so it does no harm. */
    private static long parse(String line, long last) {
        if (line == null) throw new AssertionError("the child ended by itself: see its errors");
        return line.isEmpty() ? last : Math.max(last, Long.parseLong(line));
    }

    static byte[] data(long number) {
        byte[] data = new byte[(int) (number * 37 % 900)];
        new Random(number).nextBytes(data);
        return data;
    }

    static byte[] key(long number) {
        return ByteBuffer.allocate(8).putLong(number).array();
    }

    public static void main(String[] args) throws Exception {
        StorageProvider provider =
                (StorageProvider) Class.forName(args[0]).getConstructor().newInstance();
        StorageTesting env = StorageTesting.env(Path.of(args[2]));
        for (String setting : Arrays.asList(args).subList(3, args.length)) {
            int equals = setting.indexOf('=');
            env = env.with(setting.substring(0, equals), setting.substring(equals + 1));
        }
        if (args[1].equals("log")) appendForever(provider.openLog(env));
        else if (args[1].equals("state")) commitForever(provider.openState(env));
        else install(provider.openState(env), Long.parseLong(args[1].replace("install:", "")));
    }

    /** Feeds a large state while the old one is written and read. */
    private static void install(StateStore store, long values) {
        PrintStream out = System.out;
        out.println("open");
        try (Install install = store.beginInstall(new Applied(InstallContract.NEW, 2))) {
            for (long i = 1; i <= values; i++) {
                install.put(StateStoreContract.KEYS, key(i), InstallContract.value(i));
                if (i % (values / 100) != 0) continue;
                store.commit(new WriteBatch(), store.applied(), Durability.LAZY);
                out.println(i);
            }
            install.commit();
        }
        out.println("installed");
        store.close();
    }

    private static void appendForever(RaftLog log) {
        PrintStream out = System.out;
        out.println("open");
        for (long i = log.lastIndex() + 1; ; i++) {
            long index = i;
            HardState state = new HardState(1, index, log.durableIndex());
            log.append(List.of(new LogEntry(index, 1, 0, data(index))), state)
                    .thenRun(() -> out.println(index));
            if (index % COMPACT_EVERY == 0) log.compact(Math.max(0, log.durableIndex() - 100));
        }
    }

    private static void commitForever(StateStore store) {
        PrintStream out = System.out;
        out.println("open");
        for (long i = store.applied().index() + 1; ; i++) {
            WriteBatch batch = new WriteBatch();
            batch.put(StateStoreContract.KEYS, key(i), data(i));
            boolean force = i % FORCE_EVERY == 0;
            Durability durability = force ? Durability.FORCE : Durability.LAZY;
            var done = store.commit(batch, new Applied(i, 1), durability);
            if (!force) continue;
            done.join();
            out.println(i);
        }
    }
}
