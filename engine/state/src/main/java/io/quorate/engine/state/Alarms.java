package io.quorate.engine.state;

import io.quorate.spi.storage.Cursor;
import io.quorate.spi.storage.ReadView;
import io.quorate.spi.storage.WriteBatch;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * The alarms that are raised, and what the cluster refuses meanwhile. Every member refuses the same
 * commands, because alarms come through the log too. Changed by the apply thread, read by any
 * thread.
 */
final class Alarms {
    private static final byte[] NO_VALUE = new byte[0];
    private static final Comparator<Alarm> ORDER =
            Comparator.comparingInt(Alarm::type)
                    .thenComparing(Alarm::memberId, Long::compareUnsigned);

    private volatile List<Alarm> raised;

    Alarms(ReadView view) {
        List<Alarm> found = new ArrayList<>();
        try (Cursor cursor = view.cursor(Keyspaces.ALARM, null, null, false)) {
            while (cursor.next()) found.add(AlarmCodec.decode(cursor.key()));
        }
        found.sort(ORDER);
        raised = List.copyOf(found);
    }

    /** By type, then by member. */
    List<Alarm> list() {
        return raised;
    }

    /** MA-02: the alarm, raised before or not; none for the type NONE. */
    List<Alarm> raise(Alarm alarm, WriteBatch batch) {
        if (alarm.type() == Alarm.NONE) return List.of();
        if (!raised.contains(alarm)) {
            batch.put(Keyspaces.ALARM, AlarmCodec.encode(alarm), NO_VALUE);
            List<Alarm> changed = new ArrayList<>(raised);
            changed.add(alarm);
            changed.sort(ORDER);
            raised = List.copyOf(changed);
        }
        return List.of(alarm);
    }

    /** MA-03: what was cleared, if anything. */
    List<Alarm> clear(Alarm alarm, WriteBatch batch) {
        if (!raised.contains(alarm)) return List.of();
        batch.delete(Keyspaces.ALARM, AlarmCodec.encode(alarm));
        raised = raised.stream().filter(other -> !other.equals(alarm)).toList();
        return List.of(alarm);
    }

    /**
     * @throws EtcdException when an alarm forbids the command (SE-48, SE-50)
     */
    void check(Command command) {
        if (raised.isEmpty()) return;
        if (isRaised(Alarm.CORRUPT) && touchesKeys(command))
            throw EtcdError.CORRUPT_CLUSTER.exception();
        if (isRaised(Alarm.NOSPACE) && Costs.of(command) > 0) throw EtcdError.NO_SPACE.exception();
    }

    private boolean isRaised(int type) {
        return raised.stream().anyMatch(alarm -> alarm.type() == type);
    }

    private static boolean touchesKeys(Command command) {
        return switch (command) {
            case Command.Put put -> true;
            case Command.DeleteRange delete -> true;
            case Command.Txn txn -> true;
            case Command.Compact compact -> true;
            case Command.LeaseGrant grant -> true;
            case Command.LeaseRevoke revoke -> true;
            case Command.LeaseCheckpoint checkpoint -> false;
            case Command.MemberAdd add -> false;
            case Command.MemberRemove remove -> false;
            case Command.MemberUpdate update -> false;
            case Command.MemberPromote promote -> false;
            case Command.MemberAttributes attributes -> false;
            case Command.ClusterVersion version -> false;
            case Command.RaiseAlarm raise -> false;
            case Command.ClearAlarm clear -> false;
            case Command.Downgrade downgrade -> false;
            case AuthCommand users -> false;
        };
    }
}
