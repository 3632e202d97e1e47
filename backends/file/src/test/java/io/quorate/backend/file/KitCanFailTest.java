package io.quorate.backend.file;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.spi.storage.StorageProvider;
import io.quorate.spi.storage.StorageProvider.Part;
import io.quorate.spi.storage.tck.BlackBoxContract;
import io.quorate.spi.storage.tck.CompositionContract;
import io.quorate.spi.storage.tck.FaultContract;
import io.quorate.spi.storage.tck.InstallContract;
import io.quorate.spi.storage.tck.InterruptContract;
import io.quorate.spi.storage.tck.RaftLogContract;
import io.quorate.spi.storage.tck.ReopenContract;
import io.quorate.spi.storage.tck.StateStoreContract;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.regex.Pattern;

/**
 * A contract suite that cannot fail proves nothing: for each of its groups there is a backend with
 * a mistake, and the group must turn red on it.
 */
class KitCanFailTest {
    /** The groups, each with its wrong backend, the story that must fail, and why it fails. */
    enum Group {
        STATE_CONTRACT(
                WrongState.class, "orderIsUnsignedLexicographic", "expected: <4> but was: <9>"),
        LOG_CONTRACT(
                WrongLog.class, "readsStopAtTheByteLimitButGiveOne", "expected: <3> but was: <10>"),
        LOG_THREADS(
                ThreadLog.class, "writesComeFromSeveralThreadsInTurn", "belongs to another thread"),
        LOG_COMPLETIONS(LockedLog.class, "appendMayBeMadeInsideACompletion", "the log is locked"),
        REOPEN(
                WrongReopen.class,
                "identityHardStateAndBaseSurviveWithoutEntries",
                "but was: <HardState\\[term=0"),
        POWER_LOSS_SIMULATED(
                WrongForce.class,
                "logComesBackAsAPrefixAfterPowerLoss",
                "after a power loss|came back to no unit"),
        POWER_LOSS_FROM_OUTSIDE(
                WrongFiles.class,
                "whatWasNotForcedIsThereWholeOrNotAtAll",
                "came back to no commit"),
        BIT_FLIPS(WrongFiles.class, "damagedFilesOfTheStateAreNeverServed", ""),
        TORN_WRITES(NaiveFaults.class, "aTornCommitOfTheStateIsThereWholeOrNotAtAll", "torn at"),
        NO_SPACE(
                WrongNoSpace.class,
                "stateWithoutSpaceStaysReadableAndGoesOnWhenThereIs",
                "forced on a full disk"),
        FAILED_FSYNC(WrongFsync.class, "logIsPoisonedByAFailedFsync", "nobody was told"),
        INTERRUPTS(
                WrongInterrupts.class,
                "acknowledgedUnitsSurviveInterruptsOfTheAppender",
                "is not held"),
        INSTALL(WrongInstall.class, "aStateLargerThanTheHeapIsInstalled", "the child failed"),
        COMPOSITION(WrongPair.class, "", "I2: ");

        private final Class<?> suite;
        private final String story;
        private final Pattern reason;

        Group(Class<?> suite, String story, String reason) {
            this.suite = suite;
            this.story = story;
            this.reason = Pattern.compile(reason);
        }
    }

    @ParameterizedTest
    @EnumSource
    @Tag("T32")
    void theGroupFindsItsWrongBackend(Group group) {
        Set<String> run = new ConcurrentSkipListSet<>();
        Set<String> failed = failures(group, run);
        assertFalse(run.isEmpty(), "nothing ran");
        assertFalse(failed.isEmpty(), "all of these passed: " + run);
        assertTrue(
                failed.stream().anyMatch(why -> group.reason.matcher(why).find()),
                "failed for another reason: " + failed);
    }

    private static Set<String> failures(Group group, Set<String> run) {
        Set<String> failed = new TreeSet<>();
        LauncherDiscoveryRequest request =
                LauncherDiscoveryRequestBuilder.request()
                        .selectors(
                                group.story.isEmpty()
                                        ? DiscoverySelectors.selectClass(group.suite)
                                        : DiscoverySelectors.selectMethod(group.suite, group.story))
                        .build();
        LauncherFactory.create()
                .execute(
                        request,
                        new TestExecutionListener() {
                            @Override
                            public void executionFinished(
                                    TestIdentifier test, TestExecutionResult result) {
                                if (!test.isTest()) return;
                                run.add(test.getDisplayName());
                                if (result.getStatus() == TestExecutionResult.Status.FAILED) {
                                    failed.add(String.valueOf(result.getThrowable().orElse(null)));
                                }
                            }
                        });
        return failed;
    }

    // Named so that no build takes them for tests of its own.

    static final class WrongState extends StateStoreContract {
        @Override
        protected StorageProvider provider() {
            return new WrongBackends.IgnoresBounds();
        }
    }

    static final class WrongLog extends RaftLogContract {
        @Override
        protected StorageProvider provider() {
            return new WrongBackends.IgnoresLimits();
        }
    }

    static final class ThreadLog extends RaftLogContract {
        @Override
        protected StorageProvider provider() {
            return new WrongBackends.BelongsToAThread();
        }
    }

    static final class LockedLog extends RaftLogContract {
        @Override
        protected StorageProvider provider() {
            return new WrongBackends.CompletesUnderItsLock();
        }
    }

    static final class WrongReopen extends ReopenContract {
        @Override
        protected StorageProvider provider() {
            return new WrongBackends.ForgetsHardState();
        }

        @Override
        protected Map<String, String> smallLogFiles() {
            return Map.of();
        }

        @Override
        protected Map<String, String> smallStateFiles() {
            return Map.of();
        }
    }

    abstract static class Faults extends FaultContract {
        @Override
        protected Map<String, String> smallLogFiles() {
            return Map.of("segment-bytes", "64KiB", "cache-bytes", "2KiB");
        }

        @Override
        protected Map<String, String> smallStateFiles() {
            return Map.of("memtable-bytes", "4KiB", "block-bytes", "256");
        }
    }

    static final class WrongForce extends Faults {
        @Override
        protected StorageProvider provider() {
            return new WrongBackends.NeverForces();
        }
    }

    static final class WrongNoSpace extends Faults {
        @Override
        protected StorageProvider provider() {
            return new WrongBackends.HidesNoSpace();
        }
    }

    static final class WrongFsync extends Faults {
        @Override
        protected StorageProvider provider() {
            return new WrongBackends.ForcesAgain();
        }
    }

    static final class NaiveFaults extends Faults {
        @Override
        protected StorageProvider provider() {
            return new NaiveStorageProvider();
        }
    }

    static final class WrongFiles extends BlackBoxContract {
        @Override
        protected StorageProvider provider() {
            return new NaiveStorageProvider();
        }
    }

    static final class WrongInterrupts extends InterruptContract {
        @Override
        protected StorageProvider provider() {
            return new WrongBackends.SwallowsInterrupts();
        }
    }

    static final class WrongInstall extends InstallContract {
        @Override
        protected StorageProvider provider() {
            return new WrongBackends.InstallsInTheHeap();
        }

        @Override
        protected Map<String, String> smallHeap() {
            return Map.of("memtable-bytes", "4MiB", "cache-bytes", "4MiB");
        }
    }

    static final class WrongPair extends CompositionContract {
        @Override
        protected List<StorageProvider> providers() {
            return List.of(new WrongBackends.LosesDeletions());
        }

        @Override
        protected Map<String, String> small(StorageProvider provider, Part part) {
            return Map.of();
        }
    }
}
