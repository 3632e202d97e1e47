package io.quorate.engine.state;

import static io.quorate.engine.state.Requests.bytes;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.spi.storage.Cursor;
import io.quorate.spi.storage.Keyspace;
import io.quorate.spi.storage.ReadView;
import io.quorate.spi.storage.StorageException;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/** Users, roles, and who may do what. */
class AuthTest {
    private static final String HASH = "aGFzaA==";
    private static final byte[] NONE = {};

    private final Story story = new Story();

    @AfterEach
    void close() {
        story.close();
    }

    private Result apply(AuthCommand command) {
        return story.state.apply(command, story.state.auth().root(), story.next());
    }

    private void refused(EtcdError error, Command command) {
        refused(error, command, story.state.auth().root());
    }

    private void refused(EtcdError error, Command command, Caller caller) {
        long authRevision = story.state.auth().revision();
        long revision = story.state.revision();
        EtcdException refusal =
                assertThrows(
                        EtcdException.class,
                        () -> story.state.apply(command, caller, story.next()));
        assertEquals(error, refusal.error());
        assertEquals(authRevision, story.state.auth().revision());
        assertEquals(revision, story.state.revision());
    }

    private Result as(Caller caller, Command command) {
        return story.state.apply(command, caller, story.next());
    }

    private static AuthCommand.UserAdd user(String name) {
        return new AuthCommand.UserAdd(name, HASH, false);
    }

    private static AuthCommand grant(String role, int type, String key, byte[] end) {
        return new AuthCommand.RoleGrantPermission(
                role, Optional.of(new Permission(type, bytes(key), end)));
    }

    /** Auth on, with root and a user of another name with one role of that name. */
    private Caller enabledFor(String name, AuthCommand... more) {
        apply(user("root"));
        apply(new AuthCommand.UserGrantRole("root", "root"));
        apply(user(name));
        apply(new AuthCommand.RoleAdd(name));
        apply(new AuthCommand.UserGrantRole(name, name));
        for (AuthCommand command : more) apply(command);
        apply(new AuthCommand.Enable());
        return caller(name);
    }

    private Caller caller(String name) {
        return new Caller(name, story.state.auth().revision());
    }

    private List<String> names(AuthCommand question) {
        return ((Result.Names) apply(question)).names();
    }

    private static Command.Put put(String key) {
        return Requests.put(key, "v");
    }

    // ---- users and roles

    @Test
    @Tag("AU-05")
    @Tag("AU-07")
    @Tag("AU-08")
    @Tag("AU-09")
    @Tag("ER-29")
    @Tag("ER-30")
    @Tag("ER-31")
    void usersComeAndGo() {
        refused(EtcdError.USER_EMPTY, user(""));
        apply(user("b"));
        apply(user("ä"));
        apply(user("a"));
        refused(EtcdError.USER_EXISTS, user("b"));
        assertEquals(List.of("a", "b", "ä"), names(new AuthCommand.UserList()));
        assertEquals(List.of(), names(new AuthCommand.UserGet("b")));
        apply(new AuthCommand.UserDelete("b"));
        refused(EtcdError.USER_NOT_FOUND, new AuthCommand.UserGet("b"));
        refused(EtcdError.USER_NOT_FOUND, new AuthCommand.UserDelete("b"));
        refused(EtcdError.USER_NOT_FOUND, new AuthCommand.UserChangePassword("b", HASH));
    }

    @Test
    @Tag("AU-11")
    @Tag("AU-12")
    @Tag("AU-13")
    @Tag("AU-15")
    @Tag("ER-32")
    @Tag("ER-33")
    @Tag("ER-34")
    @Tag("ER-38")
    void rolesAreGivenAndTaken() {
        apply(user("u"));
        refused(EtcdError.ROLE_EMPTY, new AuthCommand.RoleAdd(""));
        refused(EtcdError.ROLE_NOT_FOUND, new AuthCommand.UserGrantRole("u", "r"));
        for (String role : List.of("r", "q")) {
            apply(new AuthCommand.RoleAdd(role));
            apply(new AuthCommand.UserGrantRole("u", role));
        }
        refused(EtcdError.ROLE_EXISTS, new AuthCommand.RoleAdd("r"));
        refused(EtcdError.USER_NOT_FOUND, new AuthCommand.UserGrantRole("x", "r"));
        assertEquals(List.of("q", "r"), names(new AuthCommand.UserGet("u")));
        assertEquals(List.of("q", "r"), names(new AuthCommand.RoleList()));

        long before = story.state.auth().revision();
        apply(new AuthCommand.UserGrantRole("u", "r"));
        assertEquals(before, story.state.auth().revision(), "granted twice is no change");

        apply(new AuthCommand.UserRevokeRole("u", "q"));
        refused(EtcdError.ROLE_NOT_GRANTED, new AuthCommand.UserRevokeRole("u", "q"));
        apply(new AuthCommand.RoleDelete("r"));
        assertEquals(List.of(), names(new AuthCommand.UserGet("u")), "of all users");
        refused(EtcdError.ROLE_NOT_FOUND, new AuthCommand.RoleGet("r"));
        refused(EtcdError.ROLE_NOT_FOUND, new AuthCommand.RoleDelete("r"));
        // The role root need not be there to be given.
        apply(new AuthCommand.UserGrantRole("u", "root"));
        assertEquals(List.of("root"), names(new AuthCommand.UserGet("u")));
    }

    @Test
    @Tag("AU-14")
    @Tag("AU-16")
    @Tag("AU-17")
    @Tag("AU-18")
    @Tag("ER-36")
    @Tag("ER-39")
    void permissionsAreSortedReplacedAndTakenBack() {
        apply(new AuthCommand.RoleAdd("r"));
        refused(
                EtcdError.PERMISSION_NOT_GIVEN,
                new AuthCommand.RoleGrantPermission("r", Optional.empty()));
        refused(EtcdError.ROLE_NOT_FOUND, grant("x", Permission.READ, "a", NONE));
        refused(EtcdError.INVALID_AUTH_MANAGEMENT, grant("r", Permission.READ, "", NONE));
        refused(EtcdError.INVALID_AUTH_MANAGEMENT, grant("r", Permission.READ, "b", bytes("b")));
        apply(grant("r", Permission.READ, "k", new byte[1]));
        apply(grant("r", Permission.READ, "a", bytes("c")));
        apply(grant("r", Permission.WRITE, "a", NONE));
        apply(grant("r", Permission.READWRITE, "a", NONE));
        assertEquals(
                List.of(
                        new Permission(Permission.READ, bytes("a"), bytes("c")),
                        new Permission(Permission.READWRITE, bytes("a"), NONE),
                        new Permission(Permission.READ, bytes("k"), new byte[1])),
                ((Result.Permissions) apply(new AuthCommand.RoleGet("r"))).permissions());

        AuthCommand revoke = new AuthCommand.RoleRevokePermission("r", bytes("a"), bytes("c"));
        apply(revoke);
        refused(EtcdError.PERMISSION_NOT_GRANTED, revoke);
        refused(
                EtcdError.ROLE_NOT_FOUND,
                new AuthCommand.RoleRevokePermission("x", bytes("a"), bytes("c")));
    }

    // ---- on and off

    @Test
    @Tag("AU-01")
    @Tag("AU-02")
    @Tag("AU-03")
    @Tag("SE-90")
    @Tag("SE-110")
    @Tag("ER-27")
    @Tag("ER-28")
    void authNeedsRootToGoOn() {
        refused(EtcdError.ROOT_USER_NOT_EXIST, new AuthCommand.Enable());
        apply(user("root"));
        refused(EtcdError.ROOT_ROLE_NOT_EXIST, new AuthCommand.Enable());
        apply(new AuthCommand.UserGrantRole("root", "root"));
        long revision = story.state.auth().revision();
        apply(new AuthCommand.Enable());
        apply(new AuthCommand.Enable());
        assertEquals(
                new Result.AuthStatus(1, true, revision),
                as(Caller.NOBODY, new AuthCommand.Status()));
        apply(new AuthCommand.Disable());
        apply(new AuthCommand.Disable());
        assertEquals(
                new Result.AuthStatus(1, false, revision + 1), apply(new AuthCommand.Status()));
    }

    @Test
    @Tag("ER-42")
    void rootCannotLoseItsPowerWhileAuthIsOn() {
        enabledFor("u");
        refused(EtcdError.INVALID_AUTH_MANAGEMENT, new AuthCommand.UserDelete("root"));
        refused(EtcdError.INVALID_AUTH_MANAGEMENT, new AuthCommand.RoleDelete("root"));
        refused(EtcdError.INVALID_AUTH_MANAGEMENT, new AuthCommand.UserRevokeRole("root", "root"));
    }

    @Test
    @Tag("AU-04")
    @Tag("AU-06")
    @Tag("ER-35")
    @Tag("ER-40")
    @Tag("ER-66")
    void onlyWhoHasAPasswordIsAuthenticated() {
        refused(EtcdError.AUTH_NOT_ENABLED, new AuthCommand.Authenticate("u", "abc"));
        refusedPassword(EtcdError.AUTH_NOT_ENABLED, "u");
        enabledFor("u", new AuthCommand.UserAdd("nobody", "", true));
        refused(EtcdError.AUTH_FAILED, new AuthCommand.Authenticate("x", "abc"));
        refused(EtcdError.AUTH_FAILED, new AuthCommand.Authenticate("nobody", "abc"));
        refusedPassword(EtcdError.AUTH_FAILED, "x");
        refusedPassword(EtcdError.NO_PASSWORD_USER, "nobody");
        assertArrayEquals(bytes("hash"), story.state.auth().passwordHash("u"));

        var done =
                (Result.Authenticated) as(Caller.NOBODY, new AuthCommand.Authenticate("u", "abc"));
        assertEquals(story.state.applied().index(), done.index());
        assertEquals(story.state.auth().revision(), done.authRevision());

        apply(new AuthCommand.UserChangePassword("u", "bmV3"));
        assertArrayEquals(bytes("new"), story.state.auth().passwordHash("u"));
        refused(EtcdError.NO_PASSWORD_USER, new AuthCommand.UserChangePassword("u", "not base64"));
    }

    private void refusedPassword(EtcdError error, String user) {
        var thrown = assertThrows(EtcdException.class, () -> story.state.auth().passwordHash(user));
        assertEquals(error, thrown.error());
    }

    // ---- who may

    @Test
    @Tag("SE-107")
    void everybodyMayWhileAuthIsOff() {
        as(new Caller("unheard of", 77), put("a"));
        as(Caller.NOBODY, put("a"));
    }

    @Test
    @Tag("SE-91")
    @Tag("SE-92")
    @Tag("SE-94")
    @Tag("SE-99")
    @Tag("ER-37")
    @Tag("ER-43")
    void whoCallsMustBeKnownUpToDateAndAllowed() {
        Caller user = enabledFor("u", grant("u", Permission.READWRITE, "a", bytes("c")));
        as(user, put("a"));
        as(user, put("bzz"));
        refused(EtcdError.PERMISSION_DENIED, put("c"), user);
        refused(EtcdError.USER_EMPTY, put("a"), Caller.NOBODY);
        refused(EtcdError.PERMISSION_DENIED, put("a"), caller("x"));
        as(story.state.auth().root(), put("z"));

        refused(EtcdError.PERMISSION_DENIED, user("v"), user);
        refused(EtcdError.USER_EMPTY, user("v"), Caller.NOBODY);
        refused(EtcdError.USER_NOT_FOUND, user("v"), caller("x"));
        Caller root = story.state.auth().root();
        apply(user("v"));
        refused(EtcdError.AUTH_OLD_REVISION, put("a"), user);
        as(caller("u"), put("a"));
        refused(EtcdError.AUTH_OLD_REVISION, put("z"), root);
        as(root, new AuthCommand.UserDelete("v"));
    }

    @Test
    @Tag("AU-07")
    @Tag("AU-14")
    void everyUserMayLookAtHimself() {
        Caller user = enabledFor("u", user("v"), new AuthCommand.RoleAdd("r"));
        assertEquals(List.of("u"), ((Result.Names) as(user, new AuthCommand.UserGet("u"))).names());
        as(user, new AuthCommand.RoleGet("u"));
        refused(EtcdError.PERMISSION_DENIED, new AuthCommand.UserGet("v"), user);
        refused(EtcdError.PERMISSION_DENIED, new AuthCommand.RoleGet("r"), user);
        refused(EtcdError.PERMISSION_DENIED, new AuthCommand.UserList(), user);
        refused(EtcdError.PERMISSION_DENIED, new AuthCommand.RoleList(), user);
    }

    @Test
    @Tag("AU-14")
    void theRoleRootPermitsAll() {
        apply(new AuthCommand.RoleAdd("root"));
        assertEquals(
                List.of(new Permission(Permission.READWRITE, NONE, new byte[1])),
                ((Result.Permissions) apply(new AuthCommand.RoleGet("root"))).permissions());
    }

    @Test
    @Tag("SE-95")
    void grantsThatFollowEachOtherAddUp() {
        Caller user =
                enabledFor(
                        "u",
                        grant("u", Permission.READ, "a", bytes("c")),
                        grant("u", Permission.READ, "c", bytes("e")),
                        grant("u", Permission.READ, "f", NONE),
                        grant("u", Permission.READ, "x", new byte[1]));
        mayRead(user, true, "a", bytes("e"));
        mayRead(user, true, "b", bytes("d"));
        mayRead(user, true, "d", NONE);
        mayRead(user, false, "e", NONE);
        mayRead(user, false, "a", bytes("f"));
        mayRead(user, true, "f", NONE);
        mayRead(user, true, "f", bytes("f\0"));
        mayRead(user, false, "f", bytes("f\0\0"));
        mayRead(user, false, "a", new byte[1]);
        mayRead(user, true, "x", new byte[1]);
        mayRead(user, true, "zz", new byte[1]);
        mayRead(user, false, "w", new byte[1]);
        mayRead(user, false, "0", NONE);
    }

    private void mayRead(Caller caller, boolean may, String key, byte[] end) {
        try {
            story.state.auth().requireRead(caller, bytes(key), end);
            assertTrue(may, key);
        } catch (EtcdException refusal) {
            assertEquals(EtcdError.PERMISSION_DENIED, refusal.error());
            assertFalse(may, key);
        }
    }

    @Test
    @Tag("SE-96")
    void writersReadOnlyWhatTheyMayRead() {
        Caller user =
                enabledFor(
                        "u",
                        grant("u", Permission.WRITE, "w", NONE),
                        grant("u", Permission.READ, "r", NONE),
                        grant("u", 7, "n", NONE));
        as(user, put("w"));
        refused(EtcdError.PERMISSION_DENIED, put("r"), user);
        refused(EtcdError.PERMISSION_DENIED, put("n"), user);
        refused(
                EtcdError.PERMISSION_DENIED,
                new Command.Put(bytes("w"), bytes("v"), 0, true, false, false),
                user);
        as(user, Requests.delete("w"));
        refused(EtcdError.PERMISSION_DENIED, new Command.DeleteRange(bytes("w"), NONE, true), user);
        refused(EtcdError.PERMISSION_DENIED, Requests.delete("w", "x"), user);
        mayRead(user, false, "w", NONE);
        mayRead(user, true, "r", NONE);
        mayRead(user, false, "n", NONE);
    }

    @Test
    @Tag("SE-97")
    @Tag("TX-26")
    void everyPartOfATransactionMustBeAllowed() {
        Caller user = enabledFor("u", grant("u", Permission.READWRITE, "a", NONE));
        Command.Op allowed = new Command.PutOp(put("a"));
        Command.Op denied = new Command.PutOp(put("b"));
        Command.Txn inner = Requests.txn(List.of(), List.of(), List.of(denied));
        as(user, Requests.txn(List.of(), List.of(allowed), List.of()));
        // The branch that is not taken counts too.
        refused(
                EtcdError.PERMISSION_DENIED,
                Requests.txn(List.of(), List.of(allowed), List.of(denied)),
                user);
        refused(
                EtcdError.PERMISSION_DENIED,
                Requests.txn(List.of(), List.of(new Command.TxnOp(inner)), List.of()),
                user);
        refused(
                EtcdError.PERMISSION_DENIED,
                Requests.txn(
                        List.of(
                                Requests.compare(
                                        "b", Command.Target.MOD, Command.Relation.EQUAL, 0)),
                        List.of(allowed),
                        List.of()),
                user);
        Command.Txn read =
                Requests.txn(
                        List.of(), List.of(Requests.op(RangeQuery.one(bytes("b")))), List.of());
        assertEquals(
                EtcdError.PERMISSION_DENIED,
                assertThrows(EtcdException.class, () -> story.state.requirePermission(user, read))
                        .error());
    }

    @Test
    @Tag("SE-98")
    void aLeaseIsHisWhoMayWriteAllItsKeys() {
        Caller user = enabledFor("u", grant("u", Permission.WRITE, "a", bytes("b")));
        Caller root = story.state.auth().root();
        as(user, new Command.LeaseGrant(5, 60));
        as(user, new Command.Put(bytes("a"), bytes("v"), 5, false, false, false));
        as(root, new Command.Put(bytes("z"), bytes("v"), 5, false, false, false));
        refused(
                EtcdError.PERMISSION_DENIED,
                new Command.Put(bytes("ab"), bytes("v"), 5, false, false, false),
                user);
        refused(EtcdError.PERMISSION_DENIED, new Command.LeaseRevoke(5), user);
        refused(EtcdError.USER_EMPTY, new Command.LeaseRevoke(5), Caller.NOBODY);
        // The server ends leases as root, whatever has changed since it asked.
        apply(user("v"));
        as(root, new Command.LeaseRevoke(5));
        assertEquals("", story.content(0));
    }

    @Test
    void whoReadsIsLookedAtAgainAfterwards() {
        Caller user = enabledFor("u", grant("u", Permission.READ, "a", NONE));
        story.state.auth().requireCurrent(user);
        story.state.auth().requireCurrent(Caller.NOBODY);
        apply(user("v"));
        assertEquals(
                EtcdError.AUTH_OLD_REVISION,
                assertThrows(EtcdException.class, () -> story.state.auth().requireCurrent(user))
                        .error());
    }

    // ---- what is kept

    @Test
    @Tag("SE-109")
    @Tag("DD-05")
    void allIsThereAfterARestartAndAsEtcdKeepsIt() {
        enabledFor(
                "u",
                grant("u", Permission.READWRITE, "a", bytes("c")),
                grant("u", Permission.READ, "k", NONE),
                new AuthCommand.UserAdd("n", "", true));
        AuthState before = story.state.auth();
        story.restart();
        AuthState after = story.state.auth();
        assertEquals(before.revision(), after.revision());
        assertTrue(after.enabled());
        assertEquals(List.of("n", "root", "u"), after.userNames());
        assertEquals(before.role("u"), after.role("u"));
        mayRead(caller("u"), true, "a", bytes("c"));
        assertEquals(
                "6e=0a016e22020801 726f6f74=0a04726f6f7412046861736"
                        + "81a04726f6f742200 75=0a0175120468617368"
                        + "1a01752200",
                rows(Keyspaces.AUTH_USERS));
        assertEquals("75=0a0175120808021201611a016312031201" + "6b", rows(Keyspaces.AUTH_ROLES));
        assertEquals(
                "61757468456e61626c6564=01 617574685265766973696f6e=0000000000000009",
                rows(Keyspaces.AUTH));
    }

    private String rows(Keyspace keyspace) {
        StringBuilder rows = new StringBuilder();
        HexFormat hex = HexFormat.of();
        try (ReadView view = story.state.view();
                Cursor cursor = view.cursor(keyspace, null, null, false)) {
            while (cursor.next()) {
                rows.append(rows.isEmpty() ? "" : " ")
                        .append(hex.formatHex(cursor.key()))
                        .append('=')
                        .append(hex.formatHex(cursor.value()));
            }
        }
        return rows.toString();
    }

    @Test
    void aRowWithWhatThisReleaseDoesNotKnowIsRefused() {
        HexFormat hex = HexFormat.of();
        User user = AuthRows.user(hex.parseHex("0a0175"));
        assertFalse(user.hasOptions(), "as old etcds wrote it");
        assertArrayEquals(hex.parseHex("0a0175"), AuthRows.encode(user));
        for (String row : List.of("0a0275", "2a0175", "0801", "0a", "ff", "22021001"))
            assertThrows(
                    StorageException.Corruption.class, () -> AuthRows.user(hex.parseHex(row)), row);
        for (String row : List.of("0a0275", "1a0175", "12022001", "120208"))
            assertThrows(
                    StorageException.Corruption.class, () -> AuthRows.role(hex.parseHex(row)), row);
    }
}
