package io.quorate.engine.state;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.quorate.spi.storage.ReadView;
import io.quorate.spi.storage.StorageException;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.util.HexFormat;
import java.util.List;

/** What the cluster refuses under an alarm, and what goes on. */
class AlarmTest {
    private static final Alarm FULL = new Alarm(6, Alarm.NOSPACE);
    private static final Alarm CORRUPT = new Alarm(-5, Alarm.CORRUPT);

    private final Story story = new Story();

    @AfterEach
    void close() {
        story.close();
    }

    private List<Alarm> raise(Alarm alarm) {
        return ((Result.Alarms) story.apply(new Command.RaiseAlarm(alarm))).alarms();
    }

    private List<Alarm> clear(Alarm alarm) {
        return ((Result.Alarms) story.apply(new Command.ClearAlarm(alarm))).alarms();
    }

    @Test
    @Tag("SE-48")
    @Tag("SE-49")
    void aFullClusterTakesNothingNewButMakesRoom() {
        story.put("a", "1");
        story.put("b", "1");
        raise(FULL);

        story.refused(EtcdError.NO_SPACE, Requests.put("c", "1"));
        story.refused(
                EtcdError.NO_SPACE,
                new Command.Txn(
                        List.of(), List.of(), List.of(new Command.PutOp(Requests.put("c", "1")))));
        story.delete("a");
        story.txn(
                new Command.Txn(
                        List.of(),
                        List.of(new Command.DeleteRangeOp(Requests.delete("b"))),
                        List.of()));
        story.compact(4);
        assertEquals("", story.content(0));

        story.refused(EtcdError.NO_SPACE, Requests.put("c", "1"));
        clear(FULL);
        story.put("c", "1");
        assertEquals("c=1", story.content(0));
    }

    @Test
    @Tag("SE-50")
    void aCorruptClusterAppliesNothingButAlarms() {
        story.put("a", "1");
        raise(CORRUPT);
        raise(FULL);

        story.refused(EtcdError.CORRUPT_CLUSTER, Requests.put("a", "2"));
        story.refused(EtcdError.CORRUPT_CLUSTER, Requests.delete("a"));
        story.refused(EtcdError.CORRUPT_CLUSTER, Requests.compact(2));
        story.refused(EtcdError.CORRUPT_CLUSTER, new Command.Txn(List.of(), List.of(), List.of()));
        assertEquals("a=1", story.content(0));

        clear(CORRUPT);
        story.refused(EtcdError.NO_SPACE, Requests.put("a", "2"));
        story.delete("a");
    }

    @Test
    @Tag("MA-01")
    @Tag("MA-02")
    @Tag("MA-03")
    void alarmsAreRaisedAndClearedOneByOne() {
        assertEquals(List.of(), raise(new Alarm(5, Alarm.NONE)));
        assertEquals(List.of(CORRUPT), raise(CORRUPT));
        assertEquals(List.of(CORRUPT), raise(CORRUPT));
        assertEquals(List.of(FULL), raise(FULL));
        assertEquals(List.of(FULL, CORRUPT), story.state.alarms());

        assertEquals(List.of(), clear(new Alarm(0, Alarm.CORRUPT)));
        assertEquals(List.of(), clear(new Alarm(-5, Alarm.NOSPACE)));
        assertEquals(List.of(CORRUPT), clear(CORRUPT));
        assertEquals(List.of(), clear(CORRUPT));
        assertEquals(List.of(FULL), story.state.alarms());
        assertEquals(1, story.state.revision());
    }

    @Test
    void alarmsOutliveARestartInTheShapeOfEtcd() {
        raise(CORRUPT);
        raise(FULL);
        clear(FULL);
        story.restart();

        assertEquals(List.of(CORRUPT), story.state.alarms());
        assertEquals(1, story.store.rows(Keyspaces.ALARM));
        try (ReadView view = story.store.view()) {
            byte[] member = HexFormat.of().parseHex("08fbffffffffffffffff011002");
            assertArrayEquals(new byte[0], view.get(Keyspaces.ALARM, member));
        }
        story.refused(EtcdError.CORRUPT_CLUSTER, Requests.put("a", "2"));
    }

    @Test
    void alarmRowsReadBack() {
        for (Alarm alarm :
                List.of(
                        FULL,
                        CORRUPT,
                        new Alarm(0, Alarm.CORRUPT),
                        new Alarm(7, 7),
                        new Alarm(Long.MIN_VALUE, 300)))
            assertEquals(alarm, AlarmCodec.decode(AlarmCodec.encode(alarm)));
        for (String bad : List.of("08", "0880", "ff01", "08ffffffffffffffffffffff01"))
            assertThrows(
                    StorageException.Corruption.class,
                    () -> AlarmCodec.decode(HexFormat.of().parseHex(bad)),
                    bad);
    }

    @Test
    @Tag("MA-08")
    void alarmsReadAsEtcdPrintsThem() {
        assertEquals("memberID:6 alarm:NOSPACE", FULL.text());
        assertEquals("memberID:18446744073709551611 alarm:CORRUPT", CORRUPT.text());
        assertEquals("memberID:7 alarm:7", new Alarm(7, 7).text());
    }

    @Test
    @Tag("SE-45")
    void onlyWhatAddsHasACost() {
        Command.Put small = Requests.put("a", "1");
        Command.Put large = Requests.put("ab", "123");
        assertEquals(258, Costs.of(small));
        assertEquals(261, Costs.of(large));
        assertEquals(0, Costs.of(Requests.delete("a")));
        assertEquals(0, Costs.of(Requests.compact(3)));
        Command.Txn nested =
                new Command.Txn(
                        List.of(),
                        List.of(new Command.PutOp(small), new Command.PutOp(large)),
                        List.of());
        assertEquals(519, Costs.of(nested));
        assertEquals(
                519,
                Costs.of(
                        new Command.Txn(
                                List.of(),
                                List.of(new Command.PutOp(large)),
                                List.of(new Command.TxnOp(nested)))));
    }

    @Test
    @Tag("MA-20")
    @Tag("MA-21")
    void aDowngradeIsRememberedUntilItEnds() {
        assertEquals(DowngradeInfo.NONE, story.state.downgrade());
        DowngradeInfo down = new DowngradeInfo(true, "3.6.0");
        story.apply(new Command.Downgrade(down));
        story.restart();
        assertEquals(down, story.state.downgrade());
        story.apply(new Command.Downgrade(DowngradeInfo.NONE));
        story.restart();
        assertEquals(DowngradeInfo.NONE, story.state.downgrade());
    }
}
