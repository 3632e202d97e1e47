package io.quorate.checks;

import static io.quorate.checks.JetcdStory.bytes;

import io.etcd.jetcd.Auth;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.KV;
import io.etcd.jetcd.auth.AuthRoleGetResponse;
import io.etcd.jetcd.auth.AuthRoleListResponse;
import io.etcd.jetcd.auth.AuthUserGetResponse;
import io.etcd.jetcd.auth.AuthUserListResponse;
import io.etcd.jetcd.auth.Permission.Type;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** jetcd's users, roles and authenticated calls against our server and a real etcd. */
final class JetcdAuthTest {
    private static final ByteSequence ROOT = bytes("root");
    private static final ByteSequence ANN = bytes("ann");
    private static final ByteSequence READER = bytes("reader");
    private static final ByteSequence A = bytes("a");
    private static final ByteSequence C = bytes("c");
    private static final ByteSequence PASSWORD = bytes("secret");

    @RegisterExtension final Members members = Members.perTest();

    @Test
    @Tag("GS-18")
    @Tag("AU-01")
    @Tag("AU-02")
    @Tag("AU-04")
    @Tag("AU-05")
    @Tag("AU-07")
    @Tag("AU-08")
    @Tag("AU-10")
    @Tag("AU-11")
    @Tag("AU-12")
    @Tag("AU-13")
    @Tag("AU-14")
    @Tag("AU-16")
    @Tag("AU-18")
    void jetcdAsksForWhatAUserMay() throws Exception {
        JetcdStory.check(
                members,
                """
                enable without root failed: etcdserver: root user does not exist
                add user root: done
                add user ann: done
                add user ann again failed: etcdserver: user name already exists
                add role root: done
                add role reader: done
                grant root: done
                grant reader: done
                grant unknown failed: etcdserver: role name not found
                permit to read: done
                permit to write: done
                reader: [READ a..c, WRITE c..d]
                ann: [reader]
                unknown failed: etcdserver: user name not found
                users: [ann, root]
                roles: [reader, root]
                enable: done
                nobody puts failed: INVALID_ARGUMENT: etcdserver: user name is empty
                stranger reads failed: UNAUTHENTICATED
                root puts: done
                ann reads a: 0
                ann puts a failed: PERMISSION_DENIED: etcdserver: permission denied
                ann puts c: done
                ann reads c failed: PERMISSION_DENIED: etcdserver: permission denied
                ann adds a user failed: etcdserver: permission denied
                forbid to read b failed: etcdserver: permission is not granted to the role
                forbid to read: done
                ann reads a failed: PERMISSION_DENIED: etcdserver: permission denied
                ann puts c: done
                revoke reader: done
                ann puts c failed: PERMISSION_DENIED: etcdserver: permission denied
                new password: done
                delete role: done
                delete user: done
                users: [root]
                roles: [root]
                disable: done
                anybody puts: done
                """,
                JetcdAuthTest::authenticates);
    }

    private static void authenticates(JetcdStory story) {
        Auth auth = story.client().getAuthClient();
        story.print("enable without root", auth.authEnable(), _ -> "done");
        prepare(story, auth);
        story.print("enable", auth.authEnable(), _ -> "done");
        story.print("nobody puts", story.client().getKVClient().put(A, A), _ -> "done");
        try (Client root = client(story, ROOT, PASSWORD);
                Client ann = client(story, ANN, PASSWORD);
                Client stranger = client(story, ANN, bytes("wrong"))) {
            story.print("stranger reads", stranger.getKVClient().get(A), _ -> "done");
            story.print("root puts", root.getKVClient().put(C, C), _ -> "done");
            use(story, ann.getKVClient());
            story.print("ann adds a user", ann.getAuthClient().userAdd(A, A), _ -> "done");
            takeAway(story, root.getAuthClient(), ann.getKVClient());
            story.print("disable", root.getAuthClient().authDisable(), _ -> "done");
        }
        story.print("anybody puts", story.client().getKVClient().put(A, A), _ -> "done");
    }

    private static void prepare(JetcdStory story, Auth auth) {
        for (ByteSequence user : new ByteSequence[] {ROOT, ANN}) {
            story.print("add user " + user, auth.userAdd(user, PASSWORD), _ -> "done");
        }
        story.print("add user ann again", auth.userAdd(ANN, PASSWORD), _ -> "done");
        for (ByteSequence role : new ByteSequence[] {ROOT, READER}) {
            story.print("add role " + role, auth.roleAdd(role), _ -> "done");
        }
        story.print("grant root", auth.userGrantRole(ROOT, ROOT), _ -> "done");
        story.print("grant reader", auth.userGrantRole(ANN, READER), _ -> "done");
        story.print("grant unknown", auth.userGrantRole(ANN, A), _ -> "done");
        story.print(
                "permit to read", auth.roleGrantPermission(READER, A, C, Type.READ), _ -> "done");
        story.print(
                "permit to write",
                auth.roleGrantPermission(READER, C, bytes("d"), Type.WRITE),
                _ -> "done");
        story.print("reader", auth.roleGet(READER), JetcdAuthTest::show);
        story.print("ann", auth.userGet(ANN), AuthUserGetResponse::getRoles);
        story.print("unknown", auth.userGet(A), AuthUserGetResponse::getRoles);
        story.print("users", auth.userList(), AuthUserListResponse::getUsers);
        story.print("roles", auth.roleList(), AuthRoleListResponse::getRoles);
    }

    private static void use(JetcdStory story, KV ann) {
        story.print("ann reads a", ann.get(A), answer -> answer.getCount());
        story.print("ann puts a", ann.put(A, A), _ -> "done");
        story.print("ann puts c", ann.put(C, A), _ -> "done");
        story.print("ann reads c", ann.get(C), answer -> answer.getCount());
    }

    private static void takeAway(JetcdStory story, Auth root, KV ann) {
        story.print(
                "forbid to read b", root.roleRevokePermission(READER, bytes("b"), C), _ -> "done");
        story.print("forbid to read", root.roleRevokePermission(READER, A, C), _ -> "done");
        story.print("ann reads a", ann.get(A), answer -> answer.getCount());
        story.print("ann puts c", ann.put(C, A), _ -> "done");
        story.print("revoke reader", root.userRevokeRole(ANN, READER), _ -> "done");
        story.print("ann puts c", ann.put(C, A), _ -> "done");
        story.print("new password", root.userChangePassword(ANN, A), _ -> "done");
        story.print("delete role", root.roleDelete(READER), _ -> "done");
        story.print("delete user", root.userDelete(ANN), _ -> "done");
        story.print("users", root.userList(), AuthUserListResponse::getUsers);
        story.print("roles", root.roleList(), AuthRoleListResponse::getRoles);
    }

    private static Client client(JetcdStory story, ByteSequence user, ByteSequence password) {
        return Client.builder().endpoints(story.uri()).user(user).password(password).build();
    }

    private static String show(AuthRoleGetResponse role) {
        return role.getPermissions().stream()
                .map(one -> one.getPermType() + " " + one.getKey() + ".." + one.getRangeEnd())
                .toList()
                .toString();
    }
}
