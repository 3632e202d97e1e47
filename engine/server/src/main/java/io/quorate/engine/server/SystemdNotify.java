package io.quorate.engine.server;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;

/**
 * Tells systemd that the service is up (PK-10, PK-11): one datagram to the socket named in {@code
 * NOTIFY_SOCKET}. The JDK has stream sockets only for such addresses, so the two system calls are
 * made by hand. Load it only when the variable is set: it starts the foreign function interface.
 */
public final class SystemdNotify {
    private static final int AF_UNIX = 1;
    private static final int SOCK_DGRAM = 2;
    private static final int SOCK_CLOEXEC = 0x80000;
    private static final int MSG_NOSIGNAL = 0x4000;
    private static final int PATH_BYTES_MAX = 108;
    private static final int FAMILY_BYTES = 2;

    private final Linker linker = Linker.nativeLinker();
    private final SymbolLookup libc = linker.defaultLookup();
    private final MemoryLayout state = Linker.Option.captureStateLayout();

    /**
     * @param socket a path, or {@code @name} for an abstract address
     * @throws IOException when the datagram cannot be sent
     */
    public static void ready(String socket) throws IOException {
        new SystemdNotify().send(socket, "READY=1");
    }

    private void send(String socket, String message) throws IOException {
        byte[] path = socket.getBytes(StandardCharsets.UTF_8);
        if (path.length >= PATH_BYTES_MAX) {
            throw new IOException("NOTIFY_SOCKET is longer than a socket path may be: " + socket);
        }
        if (path[0] == '@') path[0] = 0;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = arena.allocate(FAMILY_BYTES + PATH_BYTES_MAX, 2);
            address.set(ValueLayout.JAVA_SHORT, 0, (short) AF_UNIX);
            MemorySegment.copy(path, 0, address, ValueLayout.JAVA_BYTE, FAMILY_BYTES, path.length);
            MemorySegment errno = arena.allocate(state);
            MemorySegment text = arena.allocateFrom(message);
            int descriptor =
                    (int)
                            function(
                                            "socket",
                                            ValueLayout.JAVA_INT,
                                            ValueLayout.JAVA_INT,
                                            ValueLayout.JAVA_INT,
                                            ValueLayout.JAVA_INT)
                                    .invokeExact(errno, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
            if (descriptor < 0) throw failed("socket", errno);
            try {
                long sent =
                        (long)
                                function(
                                                "sendto",
                                                ValueLayout.JAVA_LONG,
                                                ValueLayout.JAVA_INT,
                                                ValueLayout.ADDRESS,
                                                ValueLayout.JAVA_LONG,
                                                ValueLayout.JAVA_INT,
                                                ValueLayout.ADDRESS,
                                                ValueLayout.JAVA_INT)
                                        .invokeExact(
                                                errno,
                                                descriptor,
                                                text,
                                                (long) message.length(),
                                                MSG_NOSIGNAL,
                                                address,
                                                FAMILY_BYTES + path.length);
                if (sent != message.length()) throw failed("sendto " + socket, errno);
            } finally {
                int closed =
                        (int)
                                function("close", ValueLayout.JAVA_INT, ValueLayout.JAVA_INT)
                                        .invokeExact(errno, descriptor);
                assert closed == 0;
            }
        } catch (IOException | RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError("a system call throws nothing else", e);
        }
    }

    @SuppressWarnings("restricted") // the scripts name this module in --enable-native-access
    private MethodHandle function(String name, MemoryLayout result, MemoryLayout... arguments) {
        return linker.downcallHandle(
                libc.findOrThrow(name),
                FunctionDescriptor.of(result, arguments),
                Linker.Option.captureCallState("errno"));
    }

    private IOException failed(String call, MemorySegment errno) {
        long offset = state.byteOffset(MemoryLayout.PathElement.groupElement("errno"));
        return new IOException(
                call + " failed with errno " + errno.get(ValueLayout.JAVA_INT, offset));
    }
}
