package io.quorate.benchmarks;

import io.grpc.MethodDescriptor;

import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;

/** A kind of load of single calls; one object for each measurement. */
interface Workload {
    enum Kind {
        PUT,
        RANGE,
        SERIALIZABLE,
        PREFIX,
        TXN,
        KUBERNETES;

        static Kind of(String name) {
            return Arrays.stream(values())
                    .filter(kind -> kind.title().equals(name))
                    .findAny()
                    .orElseThrow(() ->
                            new IllegalArgumentException(
                                    "no workload " + name + "; there are " + names()));
        }

        private static String names() {
            return Arrays.stream(values()).map(Kind::title).collect(Collectors.joining(", "));
        }

        String title() {
            return name().toLowerCase(Locale.ROOT);
        }

        Workload create(Setup setup) {
            return switch (this) {
                case PUT -> FixedWorkload.put(setup);
                case RANGE -> FixedWorkload.range(setup, false);
                case SERIALIZABLE -> FixedWorkload.range(setup, true);
                case PREFIX -> FixedWorkload.prefix(setup);
                case TXN -> FixedWorkload.txn(setup);
                case KUBERNETES -> new KubernetesWorkload(setup);
            };
        }
    }

    /** What one client sends; used by one thread at a time. */
    interface Script {
        /** The next request, encoded. */
        byte[] next();

        /** The method that the last request goes to. */
        MethodDescriptor<byte[], byte[]> method();

        /** The answer to the last request. */
        default void answered(byte[] answer) {}
    }

    Script script(int client);

    /** Before the first call: what goes on beside the clients' calls, if anything does. */
    default void begin(Connections connections, CompletableFuture<Void> failed) {}

    /** Whether what goes on beside is counted from now on. */
    default void measure(boolean counted) {}

    /** What was counted beside, by title. */
    default Map<String, Histogram> details() {
        return Map.of();
    }
}
