package io.quorate.engine.grpc;

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Function;

/**
 * Settings of the client-facing services.
 *
 * @param maxRequestBytes largest request (SE-40); pieces of a streamed range are kept near it
 *     (KV-26)
 * @param maxTxnOps most compares, and most operations of either branch, of a transaction (TX-02)
 * @param quotaBytes size of the store at which writes are refused, as Status tells it; negative for
 *     no limit
 * @param slowCall unary calls that take longer are logged (GS-17)
 * @param watchProgressInterval about the time between two progress messages of a quiet watch that
 *     asked for them (WA-24); raised to {@link #MIN_WATCH_PROGRESS_INTERVAL}
 * @param extensiveMetrics whether the duration of every call is observed (ME-38)
 * @param bcryptCost strength of the hashes of passwords (SE-108)
 * @param certificateUser the user whom a verified certificate of a client names (SE-104); empty
 *     where certificates name nobody
 */
public record ServiceSettings(
        int maxRequestBytes,
        int maxTxnOps,
        long quotaBytes,
        Duration slowCall,
        Duration watchProgressInterval,
        boolean extensiveMetrics,
        int bcryptCost,
        Function<X509Certificate, Optional<String>> certificateUser) {
    public static final int DEFAULT_MAX_REQUEST_BYTES = 1536 * 1024;
    public static final int DEFAULT_MAX_TXN_OPS = 128;
    public static final long DEFAULT_QUOTA_BYTES = 2L << 30;
    public static final Duration DEFAULT_SLOW_CALL = Duration.ofMillis(300);
    public static final Duration DEFAULT_WATCH_PROGRESS_INTERVAL = Duration.ofMinutes(10);
    public static final Duration MIN_WATCH_PROGRESS_INTERVAL = Duration.ofMillis(100);

    public static final int DEFAULT_BCRYPT_COST = 10;

    /** etcd's defaults (SE-40, SE-43, SE-44, SE-108). */
    public static final ServiceSettings DEFAULT =
            new ServiceSettings(
                    DEFAULT_MAX_REQUEST_BYTES,
                    DEFAULT_MAX_TXN_OPS,
                    DEFAULT_QUOTA_BYTES,
                    DEFAULT_SLOW_CALL,
                    DEFAULT_WATCH_PROGRESS_INTERVAL,
                    false,
                    DEFAULT_BCRYPT_COST);

    /** As above, where certificates name nobody. */
    public ServiceSettings(
            int maxRequestBytes,
            int maxTxnOps,
            long quotaBytes,
            Duration slowCall,
            Duration watchProgressInterval,
            boolean extensiveMetrics,
            int bcryptCost) {
        this(
                maxRequestBytes,
                maxTxnOps,
                quotaBytes,
                slowCall,
                watchProgressInterval,
                extensiveMetrics,
                bcryptCost,
                certificate -> Optional.empty());
    }
}
