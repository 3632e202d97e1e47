package io.quorate.checks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Clusters of processes with TLS by etcd's flags, and the real etcdctl. */
@Timeout(300)
final class TlsTest {
    @RegisterExtension final Members members = Members.perTest();

    @ParameterizedTest
    @ValueSource(strings = {"tcp", "http2"})
    @Tag("TL-01")
    @Tag("TL-02")
    @Tag("TL-04")
    @Tag("TL-20")
    @Tag("FL-56")
    @Tag("FL-57")
    @Tag("FL-61")
    @Tag("FL-63")
    @Tag("FL-64")
    @Tag("FL-66")
    @Tag("HT-21")
    @Tag("SD-09")
    void mutualTlsServesThoseItKnowsAndRefusesStrangers(String transport) throws Exception {
        Certificates ours = new Certificates(members.folder("ours"));
        ours.issue("server");
        ours.issue("client");
        Certificates theirs = new Certificates(members.folder("theirs"));
        theirs.issue("stranger");
        String[] flags = flags(ours, "server", transport);
        Cluster cluster =
                new Cluster(members, Binaries.ours())
                        .secure(
                                "--cacert=" + ours.ca(),
                                "--cert=" + ours.certificate("client"),
                                "--key=" + ours.key("client"))
                        .with("a", flags)
                        .with("b", flags)
                        .with("c", flags)
                        .start();
        cluster.put("key", "value");
        for (String name : new String[] {"a", "b", "c"}) {
            assertEquals("value", cluster.get(cluster.member(name), "key"));
        }
        Exec.Outcome status = cluster.ctl("endpoint", "status", "--cluster", "-w", "table");
        assertEquals(3, count("https://127.0.0.1", status.out()), status::err);

        Member a = cluster.member("a");
        String trust = "--cacert=" + ours.ca();
        refused(a, "https://", trust);
        refused(
                a,
                "https://",
                trust,
                "--cert=" + theirs.certificate("stranger"),
                "--key=" + theirs.key("stranger"));
        refused(a, "https://", "--cacert=" + theirs.ca());
        refused(a, "http://");
        a.awaitLog("rejected connection on client endpoint");
        a.awaitLog("serving client traffic securely");

        // A member of strangers is not let in, and learns nothing.
        Member stranger =
                members.create("d", Binaries.ours(), flags(theirs, "stranger", transport))
                        .inCluster()
                        .secure();
        stranger.also("--name", "d", "--initial-cluster-state", "existing")
                .also("--initial-cluster", "a=" + a.peerUrl() + ",d=" + stranger.peerUrl());
        stranger.launch();
        assertEquals(1, stranger.awaitExit(), stranger::report);
        assertTrue(stranger.log().contains("cannot fetch cluster info"), stranger::report);
        a.awaitLog("rejected connection on peer endpoint");

        // Nor is a member that comes without TLS; it is told what to do.
        Member plain = members.create("e", Binaries.ours(), "--transport=" + transport).inCluster();
        String plainly = a.peerUrl().replace("https", "http");
        plain.also("--name", "e", "--initial-cluster", "a=" + plainly + ",e=" + plain.peerUrl());
        CompletableFuture<String> told = plain.line("is answered with TLS; use https");
        plain.launch();
        plain.await(told);
    }

    /** With verified certificates nobody needs a password, but who shows one is who it says. */
    @Test
    @Tag("SE-104")
    @Tag("SE-106")
    void usersAreToldApartByTheNamesInTheirCertificates() throws Exception {
        Certificates ours = new Certificates(members.folder("ours"));
        for (String name : List.of("server", "root", "alice", "nobody")) ours.issue(name);
        String[] flags = flags(ours, "server", "tcp");
        Cluster cluster = new Cluster(members, Binaries.ours()).secure().with("a", flags).start();
        Member member = cluster.member("a");
        as("root", ours, cluster, member, "user", "add", "root:secret");
        as("root", ours, cluster, member, "user", "add", "alice", "--no-password");
        as("root", ours, cluster, member, "user", "grant-role", "root", "root");
        as("root", ours, cluster, member, "role", "add", "hers");
        as("root", ours, cluster, member, "role", "grant-permission", "hers", "readwrite", "hers");
        as("root", ours, cluster, member, "user", "grant-role", "alice", "hers");
        as("nobody", ours, cluster, member, "put", "before", "auth");
        as("root", ours, cluster, member, "auth", "enable");

        as("alice", ours, cluster, member, "put", "hers", "value");
        assertEquals(
                "value\n",
                as("alice", ours, cluster, member, "get", "hers", "--print-value-only").out());
        as("root", ours, cluster, member, "put", "roots", "value");
        denied("permission denied", "alice", ours, cluster, member, "put", "roots", "other");
        denied("permission denied", "alice", ours, cluster, member, "user", "list");
        denied("permission denied", "nobody", ours, cluster, member, "get", "hers");
        as("alice", ours, cluster, member, "put", "roots", "other", "--user=root:secret");
        denied(
                "authentication failed",
                "root",
                ours,
                cluster,
                member,
                "put",
                "roots",
                "third",
                "--user=root:wrong");
    }

    private static Exec.Outcome as(
            String name, Certificates keys, Cluster cluster, Member member, String... words) {
        Exec.Outcome outcome = ctlAs(name, keys, cluster, member, words);
        assertEquals(0, outcome.exit(), () -> outcome.err() + member.report());
        return outcome;
    }

    private static void denied(
            String why,
            String name,
            Certificates keys,
            Cluster cluster,
            Member member,
            String... words) {
        Exec.Outcome outcome = ctlAs(name, keys, cluster, member, words);
        assertNotEquals(0, outcome.exit());
        assertTrue(outcome.err().contains(why), outcome::err);
    }

    private static Exec.Outcome ctlAs(
            String name, Certificates keys, Cluster cluster, Member member, String... words) {
        List<String> all = new ArrayList<>(List.of(words));
        all.add("--cacert=" + keys.ca());
        all.add("--cert=" + keys.certificate(name));
        all.add("--key=" + keys.key(name));
        return cluster.ctlAt(member, all.toArray(String[]::new));
    }

    private static String[] flags(Certificates authority, String name, String transport) {
        String certificate = authority.certificate(name);
        return new String[] {
            "--transport=" + transport,
            "--cert-file=" + certificate,
            "--key-file=" + authority.key(name),
            "--client-cert-auth",
            "--trusted-ca-file=" + authority.ca(),
            "--peer-cert-file=" + certificate,
            "--peer-key-file=" + authority.key(name),
            "--peer-client-cert-auth",
            "--peer-trusted-ca-file=" + authority.ca()
        };
    }

    private static void refused(Member member, String scheme, String... flags) {
        List<String> command =
                new ArrayList<>(
                        List.of(
                                Binaries.etcdctl37().toString(),
                                "--endpoints=" + scheme + "127.0.0.1:" + member.clientPort()));
        command.addAll(List.of(flags));
        command.addAll(List.of("get", "key", "--command-timeout=2s", "--dial-timeout=2s"));
        Exec.Outcome got = Exec.run(command, Map.of(), "");
        assertNotEquals(0, got.exit(), () -> got.out() + member.report());
        assertEquals("", got.out());
    }

    private static int count(String text, String in) {
        Matcher matcher = Pattern.compile(Pattern.quote(text)).matcher(in);
        int found = 0;
        while (matcher.find()) found++;
        return found;
    }

    @Test
    @Tag("TL-07")
    @Tag("TL-08")
    @Tag("TL-09")
    @Tag("FL-62")
    @Tag("FL-69")
    @Tag("SD-10")
    void certificatesMadeByTheMembersAreKeptAndReplacedWithoutARestart() throws Exception {
        Cluster cluster =
                new Cluster(members, Binaries.ours())
                        .secure("--insecure-transport=false", "--insecure-skip-tls-verify")
                        .with("a", "--auto-tls", "--peer-auto-tls")
                        .with("b", "--auto-tls", "--peer-auto-tls")
                        .with("c", "--auto-tls", "--peer-auto-tls")
                        .start();
        cluster.put("key", "value");
        Member a = cluster.member("a");
        Path fixtures = a.dataDir().resolve("fixtures/client");
        byte[] made = Files.readAllBytes(fixtures.resolve("cert.pem"));
        a.stop();
        a.start();
        assertTrue(Arrays.equals(made, Files.readAllBytes(fixtures.resolve("cert.pem"))));
        List<String> trusting =
                List.of(
                        Binaries.etcdctl37().toString(),
                        "--endpoints=" + a.endpoint(),
                        "--cacert=" + fixtures.resolve("cert.pem"),
                        "--command-timeout=30s",
                        "get",
                        "key",
                        "--print-value-only");
        assertEquals("value", Exec.run(trusting, Map.of(), "").out().strip());
        Certificates renewed = new Certificates(members.folder("renewed"));
        renewed.issue("server");
        Files.copy(
                Path.of(renewed.certificate("server")),
                fixtures.resolve("cert.pem"),
                StandardCopyOption.REPLACE_EXISTING);
        Files.copy(
                Path.of(renewed.key("server")),
                fixtures.resolve("key.pem"),
                StandardCopyOption.REPLACE_EXISTING);
        List<String> withNewTrust = new ArrayList<>(trusting);
        withNewTrust.set(2, "--cacert=" + renewed.ca());
        Exec.Outcome got = Exec.run(withNewTrust, Map.of(), "");
        assertEquals("value", got.out().strip(), () -> got.err() + a.report());
    }
}
