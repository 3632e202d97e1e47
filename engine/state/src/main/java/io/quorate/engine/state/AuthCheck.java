package io.quorate.engine.state;

import java.util.List;
import java.util.function.LongFunction;

/**
 * Whether a caller may have a command applied (SE-91..SE-99). Each member decides alike: the users,
 * the roles and the leases are those after the command before.
 *
 * @param leaseKeys the keys attached to a lease, none for one that is not there
 */
record AuthCheck(AuthState auth, Caller caller, LongFunction<List<byte[]>> leaseKeys) {
    private static final byte[] ONE_KEY = {};

    /**
     * @throws EtcdException when he may not
     */
    void require(Command command) {
        switch (command) {
            case Command.Put put -> put(put);
            case Command.DeleteRange delete -> delete(delete);
            case Command.Txn txn -> txn(txn);
            case Command.LeaseRevoke(long id) -> auth.requireWrites(caller, leaseKeys.apply(id));
            case AuthCommand users -> users(users);
            // Who may compact, raise alarms or change members is checked where the request comes
            // in, as in etcd; the rest no client can ask for, or any user may.
            case Command.Compact compact -> {}
            case Command.LeaseGrant grant -> {}
            case Command.LeaseCheckpoint checkpoint -> {}
            case Command.MemberAdd add -> {}
            case Command.MemberRemove remove -> {}
            case Command.MemberUpdate update -> {}
            case Command.MemberPromote promote -> {}
            case Command.MemberAttributes attributes -> {}
            case Command.ClusterVersion version -> {}
            case Command.RaiseAlarm raise -> {}
            case Command.ClearAlarm clear -> {}
            case Command.Downgrade downgrade -> {}
        }
    }

    private void put(Command.Put put) {
        auth.requireWrite(caller, put.key(), ONE_KEY);
        // SE-98: who may not revoke a lease must not hang keys on it.
        if (put.lease() != 0) auth.requireWrites(caller, leaseKeys.apply(put.lease()));
        if (put.prevKv()) auth.requireRead(caller, put.key(), ONE_KEY);
    }

    private void delete(Command.DeleteRange delete) {
        auth.requireWrite(caller, delete.key(), delete.rangeEnd());
        if (delete.prevKv()) auth.requireRead(caller, delete.key(), delete.rangeEnd());
    }

    /** SE-97: whichever branch is taken. */
    private void txn(Command.Txn txn) {
        for (Command.Compare compare : txn.compares())
            auth.requireRead(caller, compare.key(), compare.rangeEnd());
        ops(txn.success());
        ops(txn.failure());
    }

    private void ops(List<Command.Op> ops) {
        for (Command.Op op : ops) {
            switch (op) {
                case Command.RangeOp(RangeQuery query) -> auth.requireRead(caller, query);
                case Command.PutOp(Command.Put put) -> put(put);
                case Command.DeleteRangeOp(Command.DeleteRange delete) -> delete(delete);
                case Command.TxnOp(Command.Txn txn) -> txn(txn);
                case Command.EmptyOp empty -> {}
            }
        }
    }

    private void users(AuthCommand command) {
        switch (command) {
            case AuthCommand.Status status -> {}
            case AuthCommand.Authenticate authenticate -> {}
            // AU-07, AU-14
            case AuthCommand.UserGet(String name) ->
                    auth.requireRootOr(name.equals(caller.user()), caller);
            case AuthCommand.RoleGet(String role) ->
                    auth.requireRootOr(auth.hasRole(caller.user(), role), caller);
            case AuthCommand.Enable enable -> auth.requireRoot(caller);
            case AuthCommand.Disable disable -> auth.requireRoot(caller);
            case AuthCommand.UserAdd add -> auth.requireRoot(caller);
            case AuthCommand.UserDelete delete -> auth.requireRoot(caller);
            case AuthCommand.UserChangePassword change -> auth.requireRoot(caller);
            case AuthCommand.UserGrantRole grant -> auth.requireRoot(caller);
            case AuthCommand.UserRevokeRole revoke -> auth.requireRoot(caller);
            case AuthCommand.UserList list -> auth.requireRoot(caller);
            case AuthCommand.RoleAdd add -> auth.requireRoot(caller);
            case AuthCommand.RoleDelete delete -> auth.requireRoot(caller);
            case AuthCommand.RoleGrantPermission grant -> auth.requireRoot(caller);
            case AuthCommand.RoleRevokePermission revoke -> auth.requireRoot(caller);
            case AuthCommand.RoleList list -> auth.requireRoot(caller);
        }
    }
}
