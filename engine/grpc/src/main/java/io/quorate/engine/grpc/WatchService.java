package io.quorate.engine.grpc;

import io.grpc.BindableService;
import io.grpc.MethodDescriptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import io.quorate.api.proto.WatchGrpc;
import io.quorate.api.proto.WatchRequest;
import io.quorate.api.proto.WatchResponse;
import io.quorate.engine.metrics.Histogram;
import io.quorate.engine.metrics.MetricRegistry;
import io.quorate.engine.node.Fields;
import io.quorate.engine.node.Node;
import io.quorate.engine.state.WatchHub;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;

/**
 * Watches (WA-*). Each call is a {@link WatchCall}; this has what they share. Not made from the
 * generated base class: answers are written without message objects, see {@link WatchAnswer}.
 */
final class WatchService implements BindableService {
    private static final System.Logger LOG = System.getLogger("io.quorate.engine.grpc");

    /** What gRPC adds to a request, as etcd counts it (GS-04, WA-21). */
    private static final int GRPC_OVERHEAD_BYTES = 512 * 1024;

    final Answers answers;
    final Callers callers;
    final Timings timings;
    final long fragmentBytes;
    private final WatchHub watches;
    private final ScheduledExecutorService timer;
    private final RandomGenerator random;
    private final long progressNanos;
    private final ThreadFactory threads = Thread.ofVirtual().name("watch-", 0).factory();

    WatchService(
            Node node,
            Callers callers,
            ServiceSettings settings,
            Answers answers,
            MetricRegistry metrics,
            ScheduledExecutorService timer,
            RandomGenerator random) {
        this.watches = node.state().watches();
        this.callers = callers;
        this.answers = answers;
        this.timings = new Timings(metrics);
        this.fragmentBytes = (long) settings.maxRequestBytes() + GRPC_OVERHEAD_BYTES;
        this.timer = timer;
        this.random = random;
        this.progressNanos = progressInterval(settings.watchProgressInterval()).toNanos();
    }

    private static Duration progressInterval(Duration wanted) {
        if (wanted.isZero() || wanted.isNegative()) {
            return ServiceSettings.DEFAULT_WATCH_PROGRESS_INTERVAL;
        }
        Duration min = ServiceSettings.MIN_WATCH_PROGRESS_INTERVAL;
        if (wanted.compareTo(min) >= 0) {
            return wanted;
        }
        LOG.log(
                Level.WARNING,
                "adjusting watch progress notify interval to minimum period",
                Fields.of("min-watch-progress-notify-interval", min.toMillis() + "ms"));
        return min;
    }

    @Override
    public ServerServiceDefinition bindService() {
        MethodDescriptor<WatchRequest, WatchResponse> known = WatchGrpc.getWatchMethod();
        MethodDescriptor<WatchRequest, WatchAnswer> method =
                known.toBuilder(known.getRequestMarshaller(), new WatchAnswer.Marshaller()).build();
        ServiceDescriptor service =
                ServiceDescriptor.newBuilder(WatchGrpc.SERVICE_NAME).addMethod(method).build();
        return ServerServiceDefinition.builder(service)
                .addMethod(method, (call, headers) -> new WatchCall(this, watches, call))
                .build();
    }

    /** Runs a call's sending; a thread is there only while there is something to send. */
    Executor executor() {
        return task -> threads.newThread(task).start();
    }

    /** WA-24: with up to a tenth more, so that watches made together do not report together. */
    ScheduledFuture<?> everyProgressInterval(Runnable tick) {
        long nanos = progressNanos + random.nextLong(progressNanos / 10);
        return timer.scheduleAtFixedRate(tick, nanos, nanos, TimeUnit.NANOSECONDS);
    }

    /** ME-36. */
    static final class Timings {
        private static final double[] BUCKETS = Histogram.exponential(0.001, 2, 14);

        final Histogram events;
        final Histogram perEvent;
        final Histogram control;
        final Histogram progress;

        Timings(MetricRegistry metrics) {
            events =
                    histogram(
                            metrics,
                            "watch_stream_duration_seconds",
                            "The total duration in seconds of running through the send loop watch"
                                    + " stream response all events.");
            perEvent =
                    histogram(
                            metrics,
                            "watch_stream_duration_per_event_seconds",
                            "The average duration in seconds of running through the send loop"
                                    + " watch stream response, per event.");
            control =
                    histogram(
                            metrics,
                            "control_stream_duration_seconds",
                            "The total duration in seconds of running through the send loop"
                                    + " control stream response.");
            progress =
                    histogram(
                            metrics,
                            "progress_duration_seconds",
                            "The total duration in seconds of running through the progress loop"
                                    + " control stream response.");
        }

        private static Histogram histogram(MetricRegistry metrics, String name, String help) {
            return metrics.histogram(
                    "etcd_debugging_server_watch_send_loop_" + name, help, BUCKETS);
        }
    }
}
