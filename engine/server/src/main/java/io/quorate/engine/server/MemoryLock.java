package io.quorate.engine.server;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Keeps the memory of the process in RAM (FL-13): what is in use now and what will be, the heap as
 * well as mapped files. Pages are locked when they are first touched, so that the heap does not
 * take its largest size at once. Load it only when it is asked for: it starts the foreign function
 * interface.
 */
final class MemoryLock {
    private static final int CURRENT = 1;
    private static final int FUTURE = 2;
    private static final int ON_FAULT = 4;
    private static final int CAP_IPC_LOCK = 14;

    private MemoryLock() {}

    /**
     * Locks all of it. A process that may lock some memory only would run into its limit later, in
     * the middle of its work: it is refused at once.
     *
     * @throws ConfigException where the system does not let it
     */
    static void lock() {
        try {
            List<String> limits = Files.readAllLines(Path.of("/proc/self/limits"));
            List<String> status = Files.readAllLines(Path.of("/proc/self/status"));
            checkLimit(limits, status);
            int errno = mlockall(CURRENT | FUTURE | ON_FAULT);
            if (errno != 0) throw refused("mlockall failed with errno " + errno, null);
        } catch (IOException e) {
            throw refused("this system does not tell how much memory may be locked", e);
        }
    }

    /**
     * @param limits lines of {@code /proc/self/limits}
     * @param status lines of {@code /proc/self/status}
     */
    static void checkLimit(List<String> limits, List<String> status) {
        String limit = value(limits, "Max locked memory").split(" +")[0];
        long capabilities = Long.parseUnsignedLong(value(status, "CapEff:"), 16);
        boolean privileged = (capabilities >>> CAP_IPC_LOCK & 1) != 0;
        if (privileged || limit.equals("unlimited")) return;
        throw refused("this process may lock " + limit + " bytes only", null);
    }

    private static String value(List<String> lines, String name) {
        return lines.stream()
                .filter(line -> line.startsWith(name))
                .findFirst()
                .map(line -> line.substring(name.length()).strip())
                .orElseThrow(() -> refused("this system does not tell its " + name, null));
    }

    private static ConfigException refused(String why, Throwable cause) {
        return new ConfigException(
                "cannot lock memory (--memory-mlock): "
                        + why
                        + "; let it lock all (ulimit -l unlimited, LimitMEMLOCK=infinity in"
                        + " systemd's unit, or the capability IPC_LOCK), or leave the flag out",
                cause);
    }

    /** 0, or the error. */
    @SuppressWarnings("restricted") // the scripts name this module in --enable-native-access
    private static int mlockall(int flags) {
        Linker linker = Linker.nativeLinker();
        MemoryLayout state = Linker.Option.captureStateLayout();
        MethodHandle function =
                linker.downcallHandle(
                        linker.defaultLookup().findOrThrow("mlockall"),
                        FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT),
                        Linker.Option.captureCallState("errno"));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment errno = arena.allocate(state);
            if ((int) function.invokeExact(errno, flags) == 0) return 0;
            return errno.get(
                    ValueLayout.JAVA_INT,
                    state.byteOffset(MemoryLayout.PathElement.groupElement("errno")));
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError("a system call throws nothing else", e);
        }
    }
}
