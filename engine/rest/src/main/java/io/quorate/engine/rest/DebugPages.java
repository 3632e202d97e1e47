package io.quorate.engine.rest;

import com.sun.management.UnixOperatingSystemMXBean;

import io.helidon.http.Header;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.quorate.engine.node.Node;

import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryUsage;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * /debug/vars (HT-14): the command line, memory, the limit of files and a picture of raft as JSON,
 * by any method. The names of memory figures are those of Go that have a meaning in a JVM.
 */
final class DebugPages implements HttpService {
    private static final Header FORMAT =
            HeaderValues.createCached(HeaderNames.CONTENT_TYPE, "application/json; charset=utf-8");
    private static final long NANOS_OF_A_MILLI = 1_000_000;

    private final Node node;

    DebugPages(Node node) {
        this.node = node;
    }

    @Override
    public void routing(HttpRules rules) {
        rules.any("/debug/vars", this::vars);
    }

    private void vars(ServerRequest request, ServerResponse response) {
        List<String> vars = new ArrayList<>();
        vars.add("\"cmdline\": [" + commandLine() + "]");
        if (ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean os) {
            vars.add("\"file_descriptor_limit\": " + os.getMaxFileDescriptorCount());
        }
        vars.add("\"memstats\": " + memory());
        vars.add("\"raft.status\": " + node.raftStatusJson().join());
        response.header(FORMAT);
        Texts.send(request, response, "{\n" + String.join(",\n", vars) + "\n}\n");
    }

    private static String commandLine() {
        ProcessHandle.Info info = ProcessHandle.current().info();
        List<String> words = new ArrayList<>();
        info.command().ifPresent(words::add);
        Optional<String[]> arguments = info.arguments();
        arguments.ifPresent(all -> words.addAll(List.of(all)));
        return words.stream().map(DebugPages::quoted).collect(Collectors.joining(","));
    }

    private static String memory() {
        MemoryUsage heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage();
        MemoryUsage other = ManagementFactory.getMemoryMXBean().getNonHeapMemoryUsage();
        long collections = 0;
        long millis = 0;
        for (GarbageCollectorMXBean gc : ManagementFactory.getGarbageCollectorMXBeans()) {
            collections += Math.max(0, gc.getCollectionCount());
            millis += Math.max(0, gc.getCollectionTime());
        }
        return ("{\"Alloc\":%d,\"Sys\":%d,\"HeapAlloc\":%d,\"HeapSys\":%d,\"HeapInuse\":%d,"
                        + "\"PauseTotalNs\":%d,\"NumGC\":%d,\"EnableGC\":true}")
                .formatted(
                        heap.getUsed(),
                        heap.getCommitted() + other.getCommitted(),
                        heap.getUsed(),
                        heap.getCommitted(),
                        heap.getUsed(),
                        millis * NANOS_OF_A_MILLI,
                        collections);
    }

    private static String quoted(String text) {
        StringBuilder json = new StringBuilder("\"");
        text.codePoints()
                .forEach(c -> {
                    switch (c) {
                        case '"', '\\' -> json.append('\\').append((char) c);
                        default -> {
                            if (c < ' ') json.append("\\u%04x".formatted(c));
                            else json.appendCodePoint(c);
                        }
                    }
                });
        return json.append('"').toString();
    }
}
