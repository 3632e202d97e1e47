package io.quorate.engine.simulator;

import io.quorate.engine.node.Node;
import io.quorate.engine.state.AuthCommand;
import io.quorate.engine.state.Caller;
import io.quorate.engine.state.Permission;

import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * Changes users and roles and turns auth on and off, without looking at what is there: much of it
 * is refused, by all members alike or they will differ. Knows as whom clients call.
 */
final class Administrator {
    private static final byte[] ONE_KEY = {};
    private static final String HASH = "aGFzaA==";
    private static final int USERS = 3;

    private final World world;
    private final RandomGenerator random;
    private boolean stopped;
    private long changes;
    private int logins;

    Administrator(World world) {
        this.world = world;
        this.random = world.random();
    }

    void start() {
        if (world.settings().authNanos() > 0) {
            next();
        }
    }

    void stop() {
        stopped = true;
    }

    /** Commands that were done, as far as somebody was told so. */
    long changes() {
        return changes;
    }

    /**
     * As whom a client calls at a member: as somebody with a simple token does, or now and then
     * with a revision from before the last change, as somebody with a token of another kind.
     */
    Caller caller(int client, Node node) {
        if (!node.state().auth().enabled()) {
            return Caller.NOBODY;
        }
        long revision = node.state().auth().revision();
        return new Caller(user(client % USERS), random.nextInt(20) == 0 ? revision - 1 : revision);
    }

    private static String user(int number) {
        return "u" + number;
    }

    private void next() {
        world.timeline()
                .after(1 + random.nextLong(2 * world.settings().authNanos()), new Thought(this));
    }

    private record Thought(Administrator administrator) implements Timeline.Action {
        @Override
        public void run() {
            administrator.act();
        }

        @Override
        public String toString() {
            return "the administrator acts";
        }
    }

    private void act() {
        if (stopped) {
            return;
        }
        List<Machine> up = world.machines().stream().filter(Machine::isUp).toList();
        if (!up.isEmpty()) {
            Life life = up.get(random.nextInt(up.size())).life();
            world.timeline().after(0, life, new Change(this, life, draw()));
        }
        next();
    }

    private record Change(Administrator administrator, Life life, AuthCommand command)
            implements Timeline.Action {
        @Override
        public void run() {
            Node node = life.node();
            node.propose(command, node.state().auth().root())
                    .whenComplete((done, thrown) -> {
                        if (thrown == null) {
                            administrator.changes++;
                        }
                    });
        }

        @Override
        public String toString() {
            return "the administrator at %s: %s".formatted(life, command);
        }
    }

    /** More of what makes than of what ends, so that there is something to end. */
    private AuthCommand draw() {
        String user = user(random.nextInt(USERS));
        String role = "r" + random.nextInt(2);
        return switch (random.nextInt(26)) {
            case 0, 1, 2 -> new AuthCommand.UserAdd("root", HASH, false);
            case 3, 4, 5 -> new AuthCommand.UserGrantRole("root", "root");
            case 6, 7, 8 -> new AuthCommand.Enable();
            case 9 -> new AuthCommand.Disable();
            case 10, 11 -> new AuthCommand.UserAdd(user, HASH, random.nextInt(4) == 0);
            case 12 -> new AuthCommand.UserDelete(random.nextInt(4) == 0 ? "root" : user);
            case 13, 14 -> new AuthCommand.RoleAdd(role);
            case 15 -> new AuthCommand.RoleDelete(role);
            case 16, 17, 18 -> new AuthCommand.UserGrantRole(user, role);
            case 19 -> new AuthCommand.UserRevokeRole(user, role);
            case 20, 21, 22 -> new AuthCommand.RoleGrantPermission(role, permission());
            case 23 ->
                    new AuthCommand.RoleRevokePermission(
                            role, Clients.bytes("k"), Clients.bytes("l"));
            case 24 -> new AuthCommand.UserChangePassword(user, "bmV3");
            default -> new AuthCommand.Authenticate(user, "login" + ++logins);
        };
    }

    /** Mostly over all that clients use. */
    private Optional<Permission> permission() {
        int type = random.nextInt(3) == 0 ? random.nextInt(2) : Permission.READWRITE;
        byte[] key = Clients.bytes("k");
        return Optional.of(
                switch (random.nextInt(4)) {
                    case 0 -> new Permission(type, Clients.bytes("k0"), ONE_KEY);
                    case 1 -> new Permission(type, key, new byte[1]);
                    default -> new Permission(type, key, Clients.bytes("l"));
                });
    }
}
