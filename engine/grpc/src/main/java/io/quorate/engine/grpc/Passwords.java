package io.quorate.engine.grpc;

import io.quorate.engine.node.Fields;
import io.quorate.engine.state.EtcdError;

import org.springframework.security.crypto.bcrypt.BCrypt;

import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Passwords and their bcrypt hashes (AU-19). A hash takes a tenth of a second of a processor, on
 * purpose. So it is made outside of the apply loop, and on few threads of their own: virtual
 * threads that compute would keep the others from running.
 */
final class Passwords {
    private static final System.Logger LOG = System.getLogger("io.quorate.engine.grpc");

    static final int COST_MIN = 4;
    static final int COST_MAX = 31;

    /** bcrypt would not look at more. */
    private static final int BYTES_MAX = 72;

    private final int cost;
    private final SecureRandom random = new SecureRandom();
    private final ExecutorService threads;

    /**
     * @param cost one more takes twice as long; outside of 4 to 31 it is 10 (SE-108)
     */
    Passwords(int cost) {
        boolean valid = cost >= COST_MIN && cost <= COST_MAX;
        if (!valid) {
            LOG.log(
                    Level.WARNING,
                    "use default bcrypt cost instead of the invalid given cost",
                    Fields.of(
                            "min-cost",
                            COST_MIN,
                            "max-cost",
                            COST_MAX,
                            "default-cost",
                            ServiceSettings.DEFAULT_BCRYPT_COST,
                            "given-cost",
                            cost));
        }
        this.cost = valid ? cost : ServiceSettings.DEFAULT_BCRYPT_COST;
        this.threads = threads(Math.max(1, Runtime.getRuntime().availableProcessors() / 2));
    }

    /** They are there only while there is something to do, so nobody has to end them. */
    private static ExecutorService threads(int count) {
        var threads =
                new ThreadPoolExecutor(
                        count,
                        count,
                        1,
                        TimeUnit.SECONDS,
                        new LinkedBlockingQueue<>(),
                        Thread.ofPlatform().daemon().name("passwords-", 0).factory());
        threads.allowCoreThreadTimeOut(true);
        return threads;
    }

    /**
     * The hash of a password in base64, as the log carries it.
     *
     * @throws java.util.concurrent.CompletionException with PASSWORD_TOO_LONG
     */
    String hash(String password) {
        byte[] bytes = password.getBytes(StandardCharsets.UTF_8);
        if (bytes.length > BYTES_MAX) {
            throw EtcdError.PASSWORD_TOO_LONG.exception();
        }
        String hash = compute(() -> BCrypt.hashpw(bytes, BCrypt.gensalt("$2a", cost, random)));
        return Base64.getEncoder().encodeToString(hash.getBytes(StandardCharsets.US_ASCII));
    }

    /** Whether a password has this hash. */
    boolean matches(String password, byte[] hash) {
        byte[] bytes = password.getBytes(StandardCharsets.UTF_8);
        String text = new String(hash, StandardCharsets.ISO_8859_1);
        return compute(() -> {
            try {
                return BCrypt.checkpw(bytes, text);
            } catch (IllegalArgumentException noHash) {
                // A client may have sent something else as the hash; no password has that.
                return false;
            }
        });
    }

    private <T> T compute(Supplier<T> work) {
        return CompletableFuture.supplyAsync(work, threads).join();
    }
}
