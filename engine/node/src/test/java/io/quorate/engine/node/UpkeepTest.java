package io.quorate.engine.node;

import static io.quorate.engine.node.TestMember.await;
import static io.quorate.engine.node.TestMember.refusal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.engine.node.Upkeep.AutoCompaction;
import io.quorate.engine.node.Upkeep.CompactionPace;
import io.quorate.engine.node.Upkeep.CorruptCheck;
import io.quorate.engine.state.Alarm;
import io.quorate.engine.state.Command;
import io.quorate.engine.state.DowngradeInfo;
import io.quorate.engine.state.EtcdError;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.List;

/** Quota, alarms and downgrade on a whole member. */
class UpkeepTest {
    private static final long QUOTA = 4096;

    private final SimulatedLog log = new SimulatedLog();
    private TestMember member = start(QUOTA, log);

    private static TestMember start(long quota, SimulatedLog log) {
        var upkeep =
                new Upkeep(
                        quota,
                        new AutoCompaction.Off(),
                        CorruptCheck.OFF,
                        CompactionPace.DEFAULT,
                        Duration.ofMillis(100));
        var config = TestMember.CONFIG.with(upkeep);
        return new TestMember(config, log, new SimulatedStore()).ready();
    }

    @AfterEach
    void stop() {
        member.close();
    }

    private Alarm own() {
        return new Alarm(member.node.memberId(), Alarm.NOSPACE);
    }

    @Test
    @Tag("SE-46")
    @Tag("SE-48")
    @Tag("SE-49")
    @Tag("ME-35")
    void aPutBeyondTheQuotaIsRefusedAndRaisesTheAlarm() {
        await(member.put("k", "v"));
        assertEquals(EtcdError.NO_SPACE, refusal(member.put("big", "x".repeat((int) QUOTA))));
        assertNull(member.get("big"));
        assertEquals(List.of(own()), member.node.state().alarms());
        String series =
                "etcd_debugging_server_alarms{alarm_type=\"NOSPACE\",server_id=\""
                        + Long.toHexString(member.node.memberId())
                        + "\"} ";
        assertTrue(member.metricsText().contains(series + "1\n"));

        assertEquals(EtcdError.NO_SPACE, refusal(member.put("k", "w")), "until it is cleared");
        await(
                member.node.propose(
                        new Command.DeleteRange(TestMember.bytes("k"), new byte[0], false)));
        assertNull(member.get("k"));
        await(member.node.propose(new Command.ClearAlarm(own())));
        assertTrue(member.metricsText().contains(series + "0\n"));
        await(member.put("k", "w"));
        assertNotNull(member.get("k"));
    }

    /** Puts that were proposed while there still was room grow the state together. */
    @Test
    @Tag("SE-47")
    void aPutThatOutgrowsTheQuotaWhenAppliedIsApplied() {
        log.hold();
        var first = member.put("a", "x".repeat((int) QUOTA / 2));
        var second = member.put("b", "x".repeat((int) QUOTA / 2));
        log.release();
        await(first);
        assertEquals(EtcdError.NO_SPACE, refusal(second));
        assertEquals(List.of(own()), member.node.state().alarms());
        assertNotNull(member.get("b"));
    }

    @Test
    @Tag("SE-44")
    void aNegativeQuotaIsNone() {
        member.close();
        member = start(-1, new SimulatedLog());
        await(member.put("big", "x".repeat((int) QUOTA)));
        assertNotNull(member.get("big"));
    }

    @Test
    @Tag("MA-20")
    @Tag("MA-21")
    @Tag("ME-17")
    void theClusterVersionGoesDownAndComesBack() {
        await(member.node.propose(new Command.Downgrade(new DowngradeInfo(true, "3.6.0"))));
        await(member.put("k", "v"));
        assertEquals("3.6.0", member.node.status().clusterVersion());
        String text = member.metricsText();
        assertTrue(text.contains("etcd_cluster_version{cluster_version=\"3.6\"} 1\n"), text);
        assertTrue(text.contains("etcd_cluster_version{cluster_version=\"3.7\"} 0\n"), text);

        await(member.node.propose(new Command.Downgrade(DowngradeInfo.NONE)));
        await(member.put("k", "v"));
        assertEquals("3.7.0", member.node.status().clusterVersion());
    }

    @Test
    @Tag("FL-94")
    void aPauseOfACompactionLastsEightTimesItsStep() {
        CompactionPace pace = new CompactionPace(1000, Duration.ofMillis(10));
        assertEquals(10_000_000, pace.pauseNanos(1_250_000));
        assertEquals(24_000_000, pace.pauseNanos(3_000_000));
        assertEquals(0, new CompactionPace(1000, Duration.ZERO).pauseNanos(3_000_000));
    }

    @Test
    @Tag("SE-51")
    void sizesReadAsEtcdPrintsThem() {
        assertEquals("0 B", ByteSizes.text(0));
        assertEquals("999 B", ByteSizes.text(999));
        assertEquals("1.0 kB", ByteSizes.text(1000));
        assertEquals("20 kB", ByteSizes.text(20480));
        assertEquals("2.1 GB", ByteSizes.text(2L << 30));
        assertEquals("8.6 GB", ByteSizes.text(8L << 30));
        assertEquals("100 MB", ByteSizes.text(100_000_000));
    }
}
