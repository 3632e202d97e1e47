package io.quorate.engine.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.InvalidProtocolBufferException;

import io.quorate.api.proto.DowngradeVersionTestRequest;
import io.quorate.api.proto.internal.InternalRaftRequest;
import io.quorate.engine.state.Alarm;
import io.quorate.engine.state.AuthCommand;
import io.quorate.engine.state.Caller;
import io.quorate.engine.state.Command;
import io.quorate.engine.state.DowngradeInfo;
import io.quorate.engine.state.Member;
import io.quorate.engine.state.Permission;
import io.quorate.engine.state.RangeQuery;

import org.junit.jupiter.api.Test;

import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;

/** Replay with {@code -Dcodec.seed=…}. */
class CommandCodecTest {
    private final long seed = Long.getLong("codec.seed", new Random().nextLong());
    private final Random random = new Random(seed);

    @Test
    void everyCommandComesBackAsItWent() throws Exception {
        for (int i = 0; i < 5_000; i++) {
            Command command = command();
            long id = random.nextLong();
            Caller caller = caller();
            byte[] data = CommandCodec.encode(id, command, caller);
            assertEquals(id, CommandCodec.requestId(data), () -> "seed " + seed);
            CommandCodec.Request back = CommandCodec.decode(data);
            assertTrue(
                    same(new CommandCodec.Request(command, caller), back),
                    () -> "seed " + seed + ": " + command + " " + back);
        }
    }

    @Test
    void theWireIsEtcds() throws Exception {
        byte[] data = CommandCodec.encode(7, TestMember.putCommand("k", "v"), Caller.NOBODY);
        InternalRaftRequest request = InternalRaftRequest.parseFrom(data);
        assertEquals(7, request.getHeader().getID());
        assertEquals(0, request.getID());
        assertEquals("k", request.getPut().getKey().toStringUtf8());
        assertEquals("v", request.getPut().getValue().toStringUtf8());
    }

    @Test
    void aRequestOfALaterReleaseIsNamed() {
        byte[] data =
                InternalRaftRequest.newBuilder()
                        .setDowngradeVersionTest(DowngradeVersionTestRequest.getDefaultInstance())
                        .build()
                        .toByteArray();
        var thrown = assertThrows(IllegalArgumentException.class, () -> CommandCodec.decode(data));
        assertTrue(thrown.getMessage().contains("downgrade_version_test"), thrown.getMessage());
    }

    @Test
    void garbageIsNoRequest() {
        byte[] garbage = {(byte) 0xff, (byte) 0xff, (byte) 0xff};
        assertThrows(InvalidProtocolBufferException.class, () -> CommandCodec.requestId(garbage));
        assertThrows(InvalidProtocolBufferException.class, () -> CommandCodec.decode(garbage));
    }

    @Test
    void aMembershipChangeIsNoRequest() {
        var add =
                new Command.MemberAdd(new Member(1, "a", List.of("http://a:1"), List.of(), false));
        assertThrows(
                IllegalArgumentException.class, () -> CommandCodec.encode(1, add, Caller.NOBODY));
    }

    private Command command() {
        return switch (random.nextInt(13)) {
            case 0 -> put();
            case 1 -> delete();
            case 2 -> txn(2);
            case 3 -> new Command.Compact(random.nextLong(), random.nextBoolean());
            case 4 ->
                    new Command.MemberAttributes(
                            random.nextLong(), "näme", List.of("http://a:1", "http://b:2"));
            case 5 -> new Command.LeaseGrant(random.nextLong(), random.nextLong());
            case 6 -> new Command.LeaseRevoke(random.nextLong());
            case 7 ->
                    new Command.LeaseCheckpoint(
                            List.of(
                                    new Command.Checkpoint(random.nextLong(), random.nextLong()),
                                    new Command.Checkpoint(random.nextLong(), 0)));
            case 8 -> new Command.RaiseAlarm(new Alarm(random.nextLong(), random.nextInt(9)));
            case 9 -> new Command.ClearAlarm(new Alarm(random.nextLong(), random.nextInt(9)));
            case 10 -> new Command.Downgrade(new DowngradeInfo(random.nextBoolean(), "3.6.0"));
            case 11 -> authCommand();
            default -> new Command.ClusterVersion("3.7.0");
        };
    }

    private Caller caller() {
        return random.nextBoolean() ? Caller.NOBODY : new Caller("usér", random.nextLong());
    }

    private AuthCommand authCommand() {
        return switch (random.nextInt(17)) {
            case 0 -> new AuthCommand.Enable();
            case 1 -> new AuthCommand.Disable();
            case 2 -> new AuthCommand.Status();
            case 3 -> new AuthCommand.Authenticate("u", "abc");
            case 4 -> new AuthCommand.UserAdd("u", "aGFzaA==", random.nextBoolean());
            case 5 -> new AuthCommand.UserDelete("u");
            case 6 -> new AuthCommand.UserChangePassword("u", "aGFzaA==");
            case 7 -> new AuthCommand.UserGrantRole("u", "r");
            case 8 -> new AuthCommand.UserRevokeRole("u", "r");
            case 9 -> new AuthCommand.UserGet("u");
            case 10 -> new AuthCommand.UserList();
            case 11 -> new AuthCommand.RoleAdd("r");
            case 12 -> new AuthCommand.RoleDelete("r");
            case 13 ->
                    new AuthCommand.RoleGrantPermission(
                            "r",
                            random.nextBoolean()
                                    ? Optional.empty()
                                    : Optional.of(
                                            new Permission(random.nextInt(5), bytes(), bytes())));
            case 14 -> new AuthCommand.RoleRevokePermission("r", bytes(), bytes());
            case 15 -> new AuthCommand.RoleGet("r");
            default -> new AuthCommand.RoleList();
        };
    }

    private Command.Put put() {
        return new Command.Put(
                bytes(),
                bytes(),
                random.nextLong(),
                random.nextBoolean(),
                random.nextBoolean(),
                random.nextBoolean());
    }

    private Command.DeleteRange delete() {
        return new Command.DeleteRange(bytes(), bytes(), random.nextBoolean());
    }

    private Command.Txn txn(int depth) {
        List<Command.Compare> compares = new ArrayList<>();
        for (int i = random.nextInt(4); i > 0; i--) {
            compares.add(compare());
        }
        return new Command.Txn(compares, ops(depth), ops(depth));
    }

    private Command.Compare compare() {
        Command.Target target = one(Command.Target.values());
        boolean byValue = target == Command.Target.VALUE;
        return new Command.Compare(
                bytes(),
                bytes(),
                target,
                one(Command.Relation.values()),
                byValue ? 0 : random.nextLong(),
                byValue ? bytes() : new byte[0]);
    }

    private List<Command.Op> ops(int depth) {
        List<Command.Op> ops = new ArrayList<>();
        for (int i = random.nextInt(4); i > 0; i--) {
            ops.add(
                    switch (random.nextInt(depth == 0 ? 4 : 5)) {
                        case 0 -> new Command.PutOp(put());
                        case 1 -> new Command.DeleteRangeOp(delete());
                        case 2 -> new Command.RangeOp(range());
                        case 3 -> new Command.EmptyOp();
                        default -> new Command.TxnOp(txn(depth - 1));
                    });
        }
        return ops;
    }

    private RangeQuery range() {
        return new RangeQuery(
                bytes(),
                bytes(),
                random.nextLong(),
                random.nextLong(),
                one(RangeQuery.Order.values()),
                one(RangeQuery.SortTarget.values()),
                random.nextBoolean(),
                random.nextBoolean(),
                random.nextLong(),
                random.nextLong(),
                random.nextLong(),
                random.nextLong());
    }

    private byte[] bytes() {
        byte[] bytes = new byte[random.nextInt(20)];
        random.nextBytes(bytes);
        return bytes;
    }

    private <E> E one(E[] values) {
        return values[random.nextInt(values.length)];
    }

    /** Equality of records that looks into arrays. */
    private static boolean same(Object a, Object b) throws ReflectiveOperationException {
        if (a instanceof byte[] x && b instanceof byte[] y) {
            return Arrays.equals(x, y);
        }
        if (a instanceof List<?> x && b instanceof List<?> y) {
            boolean same = x.size() == y.size();
            for (int i = 0; same && i < x.size(); i++) {
                same = same(x.get(i), y.get(i));
            }
            return same;
        }
        if (!(a instanceof Record) || a.getClass() != b.getClass()) {
            return Objects.equals(a, b);
        }
        for (RecordComponent component : a.getClass().getRecordComponents()) {
            if (!same(component.getAccessor().invoke(a), component.getAccessor().invoke(b))) {
                return false;
            }
        }
        return true;
    }
}
