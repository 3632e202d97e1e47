package io.quorate.backend.file;

import io.quorate.spi.plugin.Settings;
import io.quorate.spi.storage.Applied;
import io.quorate.spi.storage.FileIo;
import io.quorate.spi.storage.HardState;
import io.quorate.spi.storage.Install;
import io.quorate.spi.storage.Keyspace;
import io.quorate.spi.storage.RaftLog;
import io.quorate.spi.storage.ReadView;
import io.quorate.spi.storage.StateStore;
import io.quorate.spi.storage.StorageEnv;
import io.quorate.spi.storage.StorageException;
import io.quorate.spi.storage.StorageProvider;
import io.quorate.spi.storage.WriteBatch;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Backends with one mistake each, which vendors make: the contract suite must find every one. They
 * are the file backend with something in between, or {@link NaiveStorageProvider}.
 */
final class WrongBackends {
    private WrongBackends() {}

    /** Stands between a caller and an object. */
    private interface Between {
        Object call(Method method, Object[] arguments) throws Throwable;
    }

    private static <T> T between(Class<T> type, T inner, String name, Between between) {
        return type.cast(
                Proxy.newProxyInstance(
                        type.getClassLoader(),
                        new Class<?>[] {type},
                        (proxy, method, arguments) -> {
                            if (method.getName().equals(name)) {
                                return between.call(method, arguments);
                            }
                            return pass(inner, method, arguments);
                        }));
    }

    private static Object pass(Object inner, Method method, Object[] arguments) throws Throwable {
        try {
            return method.invoke(inner, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }

    /** The file backend, to be spoilt by overriding. */
    public abstract static class Spoilt implements StorageProvider {
        private final FileStorageProvider file = new FileStorageProvider();

        @Override
        public String name() {
            return file.name();
        }

        @Override
        public String description() {
            return "wrong on purpose";
        }

        @Override
        public int spiMajor() {
            return SPI_MAJOR;
        }

        @Override
        public Set<Part> parts() {
            return file.parts();
        }

        @Override
        public Capabilities capabilities() {
            return file.capabilities();
        }

        @Override
        public RaftLog openLog(StorageEnv env) {
            return file.openLog(env);
        }

        @Override
        public StateStore openState(StorageEnv env) {
            return file.openState(env);
        }
    }

    /** Its cursors run past their upper bound. */
    public static final class IgnoresBounds extends Spoilt {
        @Override
        public StateStore openState(StorageEnv env) {
            StateStore store = super.openState(env);
            return between(
                    StateStore.class,
                    store,
                    "view",
                    (m, a) -> {
                        ReadView view = store.view();
                        return between(
                                ReadView.class,
                                view,
                                "cursor",
                                (m2, b) ->
                                        view.cursor(
                                                (Keyspace) b[0],
                                                (byte[]) b[1],
                                                null,
                                                (boolean) b[3]));
                    });
        }
    }

    /** Its reads give all entries, however many bytes were asked for. */
    public static final class IgnoresLimits extends Spoilt {
        @Override
        public RaftLog openLog(StorageEnv env) {
            RaftLog log = super.openLog(env);
            return between(
                    RaftLog.class,
                    log,
                    "read",
                    (m, a) -> log.read((long) a[0], (long) a[1], Long.MAX_VALUE));
        }
    }

    /** It takes writes of the thread that wrote first only. */
    public static final class BelongsToAThread extends Spoilt {
        @Override
        public RaftLog openLog(StorageEnv env) {
            RaftLog log = super.openLog(env);
            AtomicReference<Thread> owner = new AtomicReference<>();
            return between(
                    RaftLog.class,
                    log,
                    "append",
                    (m, a) -> {
                        owner.compareAndSet(null, Thread.currentThread());
                        if (owner.get() != Thread.currentThread()) {
                            throw new IllegalStateException("this log belongs to another thread");
                        }
                        return pass(log, m, a);
                    });
        }
    }

    /** It holds its lock, which is not reentrant, while futures complete. */
    public static final class CompletesUnderItsLock extends Spoilt {
        @Override
        public RaftLog openLog(StorageEnv env) {
            RaftLog log = super.openLog(env);
            Semaphore lock = new Semaphore(1);
            return between(
                    RaftLog.class,
                    log,
                    "append",
                    (m, a) -> {
                        if (!lock.tryAcquire(5, TimeUnit.SECONDS)) {
                            throw new IllegalStateException("deadlock: the log is locked");
                        }
                        CompletableFuture<?> inner = (CompletableFuture<?>) pass(log, m, a);
                        lock.release();
                        CompletableFuture<Void> told = new CompletableFuture<>();
                        inner.whenComplete((done, thrown) -> {
                            lock.acquireUninterruptibly();
                            try {
                                if (thrown == null) told.complete(null);
                                else told.completeExceptionally(thrown);
                            } finally {
                                lock.release();
                            }
                        });
                        return told;
                    });
        }
    }

    /** It forgets votes. */
    public static final class ForgetsHardState extends Spoilt {
        @Override
        @SuppressWarnings("unchecked")
        public RaftLog openLog(StorageEnv env) {
            RaftLog log = super.openLog(env);
            HardState[] last = {log.hardState()};
            RaftLog noting =
                    between(
                            RaftLog.class,
                            log,
                            "append",
                            (m, a) -> {
                                if (a[1] != null) last[0] = (HardState) a[1];
                                return log.append(
                                        (List<io.quorate.spi.storage.LogEntry>) a[0], null);
                            });
            return between(RaftLog.class, noting, "hardState", (m, a) -> last[0]);
        }
    }

    /** It reports units as durable without any fsync. */
    public static final class NeverForces extends Spoilt {
        @Override
        public RaftLog openLog(StorageEnv env) {
            return super.openLog(withForce(env, channel -> {}));
        }

        @Override
        public StateStore openState(StorageEnv env) {
            return super.openState(withForce(env, channel -> {}));
        }
    }

    /** It tries a failed fsync again, and believes the second one. */
    public static final class ForcesAgain extends Spoilt {
        private static void forceTwice(FileIo.Channel channel) throws java.io.IOException {
            try {
                channel.force(false);
            } catch (java.io.IOException e) {
                channel.force(false);
            }
        }

        @Override
        public RaftLog openLog(StorageEnv env) {
            return super.openLog(withForce(env, ForcesAgain::forceTwice));
        }

        @Override
        public StateStore openState(StorageEnv env) {
            return super.openState(withForce(env, ForcesAgain::forceTwice));
        }
    }

    private interface Force {
        void force(FileIo.Channel channel) throws java.io.IOException;
    }

    private static StorageEnv withForce(StorageEnv env, Force force) {
        FileIo io = env.io();
        FileIo wrong =
                between(
                        FileIo.class,
                        io,
                        "open",
                        (m, a) -> {
                            FileIo.Channel channel = io.open((Path) a[0], (FileIo.Mode) a[1]);
                            return between(
                                    FileIo.Channel.class,
                                    channel,
                                    "force",
                                    (m2, b) -> {
                                        force.force(channel);
                                        return null;
                                    });
                        });
        return new Env(env, wrong);
    }

    private record Env(StorageEnv inner, FileIo io) implements StorageEnv {
        @Override
        public Path directory() {
            return inner.directory();
        }

        @Override
        public Settings settings() {
            return inner.settings();
        }

        @Override
        public Executor background() {
            return inner.background();
        }

        @Override
        public void report(StorageException failure) {
            inner.report(failure);
        }

        @Override
        public void observe(Timing timing, long nanos) {
            inner.observe(timing, nanos);
        }
    }

    /** It acknowledges what found no space. */
    public static final class HidesNoSpace extends Spoilt {
        private static CompletableFuture<Void> hidden(CompletableFuture<Void> future) {
            return future.exceptionally(e -> {
                Throwable cause = e instanceof CompletionException c ? c.getCause() : e;
                if (cause instanceof StorageException.NoSpace) return null;
                throw new CompletionException(cause);
            });
        }

        @Override
        public StateStore openState(StorageEnv env) {
            StateStore store = super.openState(env);
            return between(
                    StateStore.class,
                    store,
                    "commit",
                    (m, a) ->
                            hidden(
                                    store.commit(
                                            (WriteBatch) a[0],
                                            (Applied) a[1],
                                            (StateStore.Durability) a[2])));
        }
    }

    /** Interrupted, it says yes and does nothing. */
    public static final class SwallowsInterrupts extends Spoilt {
        @Override
        public RaftLog openLog(StorageEnv env) {
            RaftLog log = super.openLog(env);
            return between(
                    RaftLog.class,
                    log,
                    "append",
                    (m, a) ->
                            Thread.currentThread().isInterrupted()
                                    ? CompletableFuture.completedFuture(null)
                                    : pass(log, m, a));
        }
    }

    /** It collects a whole install in the heap. */
    public static final class InstallsInTheHeap extends Spoilt {
        private record Fed(Keyspace keyspace, byte[] key, byte[] value) {}

        @Override
        public StateStore openState(StorageEnv env) {
            StateStore store = super.openState(env);
            return between(
                    StateStore.class,
                    store,
                    "beginInstall",
                    (m, a) -> {
                        Install install = store.beginInstall((Applied) a[0]);
                        List<Fed> fed = new ArrayList<>();
                        Install collecting =
                                between(
                                        Install.class,
                                        install,
                                        "put",
                                        (m2, b) -> {
                                            fed.add(
                                                    new Fed(
                                                            (Keyspace) b[0],
                                                            (byte[]) b[1],
                                                            (byte[]) b[2]));
                                            return null;
                                        });
                        return between(
                                Install.class,
                                collecting,
                                "commit",
                                (m2, b) -> {
                                    for (Fed f : fed) install.put(f.keyspace, f.key, f.value);
                                    install.commit();
                                    return null;
                                });
                    });
        }
    }

    /** It loses deletions. */
    public static final class LosesDeletions extends Spoilt {
        @Override
        public StateStore openState(StorageEnv env) {
            StateStore store = super.openState(env);
            return between(
                    StateStore.class,
                    store,
                    "commit",
                    (m, a) -> {
                        WriteBatch kept = new WriteBatch();
                        for (WriteBatch.Op op : ((WriteBatch) a[0]).ops()) {
                            if (op instanceof WriteBatch.Put(var keyspace, var key, var value)) {
                                kept.put(keyspace, key, value);
                            }
                        }
                        return store.commit(kept, (Applied) a[1], (StateStore.Durability) a[2]);
                    });
        }
    }
}
