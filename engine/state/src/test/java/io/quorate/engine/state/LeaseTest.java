package io.quorate.engine.state;

import static io.quorate.engine.state.Requests.all;
import static io.quorate.engine.state.Requests.bytes;
import static io.quorate.engine.state.Requests.compare;
import static io.quorate.engine.state.Requests.get;
import static io.quorate.engine.state.Requests.op;
import static io.quorate.engine.state.Requests.put;
import static io.quorate.engine.state.Requests.txn;

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
import java.util.Optional;
import java.util.stream.Collectors;

/** Leases in the state: what a grant, a put and a revoke make of it. */
class LeaseTest {
    private final Story story = new Story();

    @AfterEach
    void stop() {
        story.close();
    }

    @Test
    @Tag("LE-01")
    @Tag("LE-03")
    @Tag("ER-13")
    void aGrantMakesALeaseAndNoRevision() {
        assertEquals(new Result.LeaseGrant(1, 7, 60), story.apply(new Command.LeaseGrant(7, 60)));
        assertEquals(Optional.of(new Lease(7, 60, 0)), story.state.lease(7));
        story.refused(EtcdError.LEASE_EXISTS, new Command.LeaseGrant(7, 5));
        assertEquals(List.of(new Lease(7, 60, 0)), story.state.leases());
    }

    @Test
    @Tag("LE-05")
    @Tag("ER-14")
    void aTtlBeyondTheMostIsRefused() {
        story.apply(new Command.LeaseGrant(1, Lease.TTL_MAX));
        story.refused(EtcdError.LEASE_TTL_TOO_LARGE, new Command.LeaseGrant(2, Lease.TTL_MAX + 1));
        assertEquals("etcdserver: too large lease TTL", EtcdError.LEASE_TTL_TOO_LARGE.text());
        assertEquals(11, EtcdError.LEASE_TTL_TOO_LARGE.grpcCode());
    }

    @Test
    @Tag("LE-06")
    @Tag("SE-08")
    void aRevokeDeletesItsKeysInOrderAndInOneRevision() {
        story.apply(new Command.LeaseGrant(7, 60));
        story.put("b0", "stays");
        for (String key : "c a b".split(" ")) story.apply(leased(key, 7));
        assertEquals("a b c", keys(7));
        assertEquals(new Result.Done(6), story.apply(new Command.LeaseRevoke(7)));
        assertEquals("b0=stays", story.content(0));
        assertEquals("a=v b=v b0=stays c=v", story.content(5));
        assertEquals(Optional.empty(), story.state.lease(7));
        story.commit();
        // The tombstones have the sub revisions of the keys' order.
        try (ReadView view = story.store.view()) {
            for (int sub = 0; sub < 3; sub++) {
                byte[] row = view.get(Keyspaces.KEY, RevisionKey.of(6, sub, true));
                assertEquals("" + (char) ('a' + sub), Requests.text(RowCodec.decode(row).key()));
            }
        }
        story.refused(EtcdError.LEASE_NOT_FOUND, new Command.LeaseRevoke(7));
    }

    @Test
    @Tag("LE-06")
    void aRevokeWithoutKeysMakesNoRevision() {
        story.apply(new Command.LeaseGrant(7, 60));
        assertEquals(new Result.Done(1), story.apply(new Command.LeaseRevoke(7)));
    }

    @Test
    @Tag("KV-32")
    @Tag("KV-36")
    @Tag("SE-78")
    @Tag("SE-79")
    void aKeyBelongsToTheLeaseOfItsLastPut() {
        story.apply(new Command.LeaseGrant(7, 60));
        story.apply(new Command.LeaseGrant(8, 60));
        for (String key : "a b c d".split(" ")) story.apply(leased(key, 7));
        story.apply(leased("a", 8));
        story.put("b", "free");
        story.apply(new Command.Put(bytes("c"), bytes("kept"), 0, false, false, true));
        story.delete("d");
        assertEquals("c", keys(7));
        assertEquals("a", keys(8));
        assertEquals(8, story.range(get("a")).kvs().getFirst().lease());
        assertEquals(7, story.range(get("c")).kvs().getFirst().lease());
        story.apply(new Command.LeaseRevoke(7));
        assertEquals("a=v b=free", story.content(0));
    }

    @Test
    @Tag("TX-10")
    @Tag("TX-20")
    void aTransactionComparesLeasesAndPutsUnderOneThatExistsOrDoesNothing() {
        story.apply(new Command.LeaseGrant(7, 60));
        var equals7 = compare("a", Command.Target.LEASE, Command.Relation.EQUAL, 7);
        var attach = op(leased("a", 7));
        assertEquals(
                false, story.txn(txn(List.of(equals7), List.of(), List.of(attach))).succeeded());
        assertEquals(true, story.txn(txn(List.of(equals7), List.of(), List.of())).succeeded());
        story.refused(
                EtcdError.LEASE_NOT_FOUND,
                txn(List.of(), List.of(op(put("x", "1")), op(leased("y", 9))), List.of()));
        assertEquals("a", keys(7));
        // Moved away and deleted by the same transaction.
        story.txn(txn(List.of(), List.of(op(Requests.delete("a")), op(put("b", "1"))), List.of()));
        assertEquals("", keys(7));
    }

    @Test
    @Tag("LE-15")
    @Tag("SE-74")
    void aCheckpointIsKeptOverARestartAndForgottenByTheNext() {
        story.apply(new Command.LeaseGrant(7, 600));
        story.apply(checkpoint(7, 300));
        story.apply(checkpoint(99, 300));
        story.restart();
        assertEquals(List.of(new Lease(7, 600, 300)), story.state.leases());
        assertEquals(300, story.state.lease(7).orElseThrow().secondsToCount());
        story.apply(checkpoint(7, 0));
        assertEquals(600, story.state.lease(7).orElseThrow().secondsToCount());
    }

    @Test
    @Tag("SE-75")
    void leasesAndTheirKeysComeBackAfterARestartAndNotAfterALostCommit() {
        story.apply(new Command.LeaseGrant(7, 60));
        story.apply(leased("a", 7));
        story.apply(leased("gone", 7));
        story.delete("gone");
        story.restart();
        assertEquals("a", keys(7));
        story.apply(new Command.LeaseGrant(8, 60));
        story.apply(leased("a", 8));
        story.crash();
        assertEquals(List.of(new Lease(7, 60, 0)), story.state.leases());
        assertEquals("a", keys(7));
        story.apply(new Command.LeaseRevoke(7));
        story.restart();
        assertEquals(List.of(), story.state.leases());
        assertEquals("", story.keys(all()));
    }

    @Test
    @Tag("DD-05")
    void aRowIsThatOfEtcd() {
        // Field by field: 1 = 1234, 2 = 300, 3 = 120.
        byte[] row = HexFormat.of().parseHex("08d20910ac021878");
        Lease lease = new Lease(1234, 300, 120);
        assertArrayEquals(row, LeaseRow.encode(lease));
        assertEquals(lease, LeaseRow.decode(LeaseRow.key(1234), row));
        Lease negative = new Lease(-5, 2, 0);
        assertEquals(negative, LeaseRow.decode(LeaseRow.key(-5), LeaseRow.encode(negative)));
    }

    @Test
    void aRowThatIsNoLeaseIsRefused() {
        byte[] cut = {8, (byte) 0x80};
        assertThrows(
                StorageException.Corruption.class, () -> LeaseRow.decode(LeaseRow.key(1), cut));
        byte[] another = LeaseRow.encode(new Lease(2, 5, 0));
        assertThrows(
                StorageException.Corruption.class, () -> LeaseRow.decode(LeaseRow.key(1), another));
    }

    /** How long it takes is for the log of the test; that it is one revision is asserted. */
    @Test
    @Tag("T27")
    void aLeaseWithVeryManyKeysGoesInOneRevision() {
        int keys = Integer.getInteger("quorate.state.leaseKeys", 20_000);
        story.apply(new Command.LeaseGrant(7, 60));
        for (int i = 0; i < keys; i++) story.apply(leased("key-%08d".formatted(i), 7));
        story.commit();
        long start = System.nanoTime();
        story.apply(new Command.LeaseRevoke(7));
        long applied = System.nanoTime();
        story.commit();
        System.out.printf(
                "revoke of %d keys: apply %d ms, commit %d ms%n",
                keys, (applied - start) / 1_000_000, (System.nanoTime() - applied) / 1_000_000);
        assertEquals(keys + 2, story.state.revision());
        assertEquals(0, story.range(all().countOnly()).count());
    }

    private String keys(long lease) {
        return story.state.leaseKeys(lease).stream()
                .map(Requests::text)
                .collect(Collectors.joining(" "));
    }

    private static Command.Put leased(String key, long lease) {
        return new Command.Put(bytes(key), bytes("v"), lease, false, false, false);
    }

    private static Command.LeaseCheckpoint checkpoint(long id, long remaining) {
        return new Command.LeaseCheckpoint(List.of(new Command.Checkpoint(id, remaining)));
    }
}
