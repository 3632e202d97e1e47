package io.quorate.engine.grpc;

import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.quorate.engine.metrics.MetricRegistry;
import io.quorate.engine.node.Node;

import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;

/**
 * All services of the v3 API over one replica, ready for any server that runs {@code io.grpc}
 * services and gives each call a thread that may wait.
 */
public final class Services {
    private static final System.Logger LOG = System.getLogger("io.quorate.engine.grpc");

    private Services() {}

    /**
     * The services by their wire names (GS-01), each behind the same chain: slow calls are logged,
     * calls are counted, then a call may be turned away, then it is served on behalf of whose token
     * it carries (GS-10, GS-12).
     *
     * @param node outlives the services
     * @param metrics where the rows of every method appear at once (ME-37), and the quota (ME-08)
     */
    public static List<ServerServiceDefinition> all(
            Node node, ServiceSettings settings, MetricRegistry metrics) {
        metrics.gauge(
                "etcd_server_quota_backend_bytes",
                "Current backend storage quota size in bytes.",
                settings::quotaBytes);
        ScheduledExecutorService timer = timer();
        Callers callers = new Callers(node, settings.certificateUser());
        List<ServerServiceDefinition> services = services(node, callers, settings, metrics, timer);
        LongSupplier clock = System::nanoTime;
        // The last is the outermost.
        List<ServerInterceptor> chain =
                List.of(
                        callers,
                        new LeaderGuard(
                                () -> node.leader() != 0, node.electionTimeout().toNanos(), timer),
                        new LearnerLimits(node::isLearner),
                        new Admission(
                                () -> node.state().clusterVersion().isPresent(),
                                () -> node.leader() != 0,
                                metrics),
                        new CallMetrics(services, settings.extensiveMetrics(), metrics, clock),
                        new SlowCalls(settings.slowCall(), clock, LOG));
        return services.stream()
                .map(service -> ServerInterceptors.intercept(service, chain))
                .toList();
    }

    /** Its thread is there only while something is planned, so nobody has to end it. */
    private static ScheduledExecutorService timer() {
        var timer =
                new ScheduledThreadPoolExecutor(
                        1, Thread.ofPlatform().daemon().name("services-timer").factory());
        timer.setRemoveOnCancelPolicy(true);
        timer.setKeepAliveTime(1, TimeUnit.MINUTES);
        timer.allowCoreThreadTimeOut(true);
        return timer;
    }

    private static List<ServerServiceDefinition> services(
            Node node,
            Callers callers,
            ServiceSettings settings,
            MetricRegistry metrics,
            ScheduledExecutorService timer) {
        Answers answers = new Answers(node);
        Turns turns = new Turns(node, callers, settings.maxTxnOps());
        return List.of(
                new KvService(
                                node,
                                callers,
                                settings,
                                answers,
                                new ReadTimes(metrics, System::nanoTime))
                        .bindService(),
                new ClusterService(node, callers, answers, InstantSource.system()).bindService(),
                new MaintenanceService(node, callers, settings, answers, metrics).bindService(),
                new HealthService().bindService(),
                new WatchService(
                                node,
                                callers,
                                settings,
                                answers,
                                metrics,
                                timer,
                                RandomGenerator.getDefault())
                        .bindService(),
                new LeaseService(node, callers, answers).bindService(),
                new AuthService(node, callers, new Passwords(settings.bcryptCost()), answers)
                        .bindService(),
                new LockService(turns, answers).bindService(),
                new ElectionService(node, turns, answers).bindService());
    }
}
