package io.quorate.engine.rest;

import com.sun.management.UnixOperatingSystemMXBean;

import io.quorate.engine.metrics.MetricRegistry;

import java.io.IOException;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.lang.management.MemoryUsage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.DoubleSupplier;
import java.util.function.Supplier;

/**
 * The process as its host sees it: ME-39, ME-40 under the names of Go's and Java's Prometheus
 * clients, and what an operator asks of a JVM. Read when the page is read. What the platform does
 * not tell is left out.
 */
final class ProcessMetrics {
    private static final Path STATUS = Path.of("/proc/self/status");
    private static final Path LIMITS = Path.of("/proc/self/limits");
    private static final Path NETSTAT = Path.of("/proc/self/net/netstat");
    private static final double NANOS = 1e9;
    private static final double MILLIS = 1e3;
    private static final int KIB = 1024;

    private final MetricRegistry metrics;

    private ProcessMetrics(MetricRegistry metrics) {
        this.metrics = metrics;
    }

    static void register(MetricRegistry metrics) {
        ProcessMetrics rows = new ProcessMetrics(metrics);
        if (ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean os) {
            rows.system(os);
        }
        if (Files.isReadable(STATUS)) {
            rows.memory();
        }
        if (Files.isReadable(NETSTAT)) {
            rows.network();
        }
        rows.jvm();
    }

    private void system(UnixOperatingSystemMXBean os) {
        metrics.counter(
                "process_cpu_seconds_total",
                "Total user and system CPU time spent in seconds.",
                () -> os.getProcessCpuTime() / NANOS);
        gauge(
                "process_open_fds",
                "Number of open file descriptors.",
                os::getOpenFileDescriptorCount);
        gauge(
                "process_max_fds",
                "Maximum number of open file descriptors.",
                os::getMaxFileDescriptorCount);
        gauge("os_fd_used", "The number of used file descriptors.", os::getOpenFileDescriptorCount);
        gauge("os_fd_limit", "The file descriptor limit.", os::getMaxFileDescriptorCount);
    }

    private void memory() {
        gauge(
                "process_resident_memory_bytes",
                "Resident memory size in bytes.",
                () -> statusBytes("VmRSS:"));
        gauge(
                "process_virtual_memory_bytes",
                "Virtual memory size in bytes.",
                () -> statusBytes("VmSize:"));
        gauge(
                "process_virtual_memory_max_bytes",
                "Maximum amount of virtual memory available in bytes.",
                ProcessMetrics::addressSpaceBytes);
    }

    /** The process's share of the host's network, which is all of its network name space. */
    private void network() {
        metrics.counter(
                "process_network_receive_bytes_total",
                "Number of bytes received by the process over the network.",
                () -> networkBytes("InOctets"));
        metrics.counter(
                "process_network_transmit_bytes_total",
                "Number of bytes sent by the process over the network.",
                () -> networkBytes("OutOctets"));
    }

    private void jvm() {
        double started = ManagementFactory.getRuntimeMXBean().getStartTime() / MILLIS;
        gauge(
                "process_start_time_seconds",
                "Start time of the process since unix epoch in seconds.",
                () -> started);
        MemoryMXBean memory = ManagementFactory.getMemoryMXBean();
        area("heap", memory::getHeapMemoryUsage);
        area("nonheap", memory::getNonHeapMemoryUsage);
        gauge(
                "jvm_threads_current",
                "Platform threads of the JVM.",
                ManagementFactory.getThreadMXBean()::getThreadCount);
        for (GarbageCollectorMXBean gc : ManagementFactory.getGarbageCollectorMXBeans()) {
            metrics.counter(
                    "jvm_gc_collections_total",
                    "Collections that the garbage collector has made.",
                    gc::getCollectionCount,
                    "gc",
                    gc.getName());
            metrics.counter(
                    "jvm_gc_collection_seconds_total",
                    "Time that the garbage collector has spent in collections.",
                    () -> gc.getCollectionTime() / MILLIS,
                    "gc",
                    gc.getName());
        }
        metrics.gauge(
                "jvm_info",
                "The Java runtime.",
                () -> 1,
                "vendor",
                System.getProperty("java.vm.vendor"),
                "version",
                Runtime.version().toString());
    }

    private void area(String area, Supplier<MemoryUsage> usage) {
        metrics.gauge(
                "jvm_memory_used_bytes",
                "Memory of the JVM in use.",
                () -> usage.get().getUsed(),
                "area",
                area);
        metrics.gauge(
                "jvm_memory_max_bytes",
                "Most memory that the JVM may use, -1 without a bound.",
                () -> usage.get().getMax(),
                "area",
                area);
    }

    private void gauge(String name, String help, DoubleSupplier value) {
        metrics.gauge(name, help, value);
    }

    /** A size from /proc/self/status, where it stands in KiB. */
    private static double statusBytes(String field) {
        try {
            for (String line : Files.readAllLines(STATUS)) {
                if (line.startsWith(field)) {
                    return Double.parseDouble(line.replaceAll("\\D", "")) * KIB;
                }
            }
        } catch (IOException e) {
            return Double.NaN; // Prometheus' word for a value that is not known
        }
        return Double.NaN;
    }

    /** The soft limit; without one, all that 64 bits can address. */
    private static double addressSpaceBytes() {
        try {
            for (String line : Files.readAllLines(LIMITS)) {
                if (line.startsWith("Max address space")) {
                    String soft =
                            line.substring("Max address space".length()).strip().split(" ")[0];
                    return soft.equals("unlimited") ? Math.pow(2, 64) : Double.parseDouble(soft);
                }
            }
        } catch (IOException e) {
            return Double.NaN;
        }
        return Double.NaN;
    }

    /** A figure of the IpExt lines: one with the names, one with the values. */
    private static double networkBytes(String name) {
        try {
            String[] names = null;
            for (String line : Files.readAllLines(NETSTAT)) {
                if (!line.startsWith("IpExt:")) continue;
                String[] words = line.split(" ");
                if (names == null) {
                    names = words;
                    continue;
                }
                int at = Arrays.asList(names).indexOf(name);
                return at < 0 ? Double.NaN : Double.parseDouble(words[at]);
            }
        } catch (IOException e) {
            return Double.NaN;
        }
        return Double.NaN;
    }
}
