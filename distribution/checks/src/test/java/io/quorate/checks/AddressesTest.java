package io.quorate.checks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Where a member can be told to listen, beside a port for all; as a real etcd does. */
@Timeout(300)
final class AddressesTest {
    @RegisterExtension final Members members = Members.perTest();

    /** Not below the build directory: the path of a socket is short. */
    @TempDir Path sockets;

    /** Each server with a name that tells whose it is. */
    private static Map<String, Path> servers() {
        return Map.of("real", Binaries.etcd37(), "ours", Binaries.ours());
    }

    @Test
    @Tag("HT-24")
    @Tag("CT-11")
    void bothToolsReachBothServersOnASocketFile() throws Exception {
        for (var server : servers().entrySet()) {
            Path file = sockets.resolve(server.getKey());
            // As left by a process that was killed.
            Files.createFile(file);
            String url = "unix://" + file;
            Member member =
                    members.start(
                            server.getKey(),
                            server.getValue(),
                            "--listen-client-urls=" + url,
                            "--advertise-client-urls=" + url);
            sameOfBothTools(List.of("--endpoints=" + url));
            assertTrue(pageAt(file).startsWith("HTTP/1.1 200 OK\r\n"), server::getKey);
            member.stop();
            assertFalse(Files.exists(file), server::getKey);
        }
    }

    @Test
    @Tag("TL-17")
    @Tag("HT-24")
    void bothToolsReachBothServersByTlsOnASocketFile() throws Exception {
        Certificates authority = new Certificates(members.folder("keys"));
        authority.issue("server");
        authority.issue("client");
        for (var server : servers().entrySet()) {
            // The name of the file is the name that the certificate must have.
            Path folder = Files.createDirectory(sockets.resolve(server.getKey()));
            Path file = folder.resolve("localhost");
            String url = "unixs://" + file;
            Member member =
                    members.start(
                            server.getKey(),
                            server.getValue(),
                            "--listen-client-urls=" + url,
                            "--advertise-client-urls=" + url,
                            "--cert-file=" + authority.certificate("server"),
                            "--key-file=" + authority.key("server"),
                            "--client-cert-auth",
                            "--trusted-ca-file=" + authority.ca());
            String trust = "--cacert=" + authority.ca();
            sameOfBothTools(
                    List.of(
                            "--endpoints=" + url,
                            trust,
                            "--cert=" + authority.certificate("client"),
                            "--key=" + authority.key("client")));
            for (Path tool : List.of(Binaries.etcdctl37(), Binaries.ownEtcdctl())) {
                Exec.Outcome stranger =
                        run(tool, List.of("--endpoints=" + url, trust), "get", "key");
                assertEquals(1, stranger.exit(), stranger::err);
            }
            member.awaitLog("rejected connection on client endpoint");
            member.awaitLog("serving client traffic securely");
            member.stop();
            assertFalse(Files.exists(file), server::getKey);
        }
    }

    /** As on a port: who shows no token is whom the certificate names. */
    @Test
    @Tag("TL-17")
    @Tag("SE-104")
    void theCertificateNamesTheUserOnASocketFileToo() throws Exception {
        Certificates authority = new Certificates(members.folder("keys"));
        authority.issue("localhost");
        authority.issue("alice");
        List<String> answers = new ArrayList<>();
        for (var server : servers().entrySet()) {
            Path file =
                    Files.createDirectory(sockets.resolve(server.getKey())).resolve("localhost");
            String url = "unixs://" + file;
            members.start(
                    server.getKey(),
                    server.getValue(),
                    "--listen-client-urls=" + url,
                    "--advertise-client-urls=" + url,
                    "--cert-file=" + authority.certificate("localhost"),
                    "--key-file=" + authority.key("localhost"),
                    "--client-cert-auth",
                    "--trusted-ca-file=" + authority.ca());
            List<String> alice =
                    List.of(
                            "--endpoints=" + url,
                            "--cacert=" + authority.ca(),
                            "--cert=" + authority.certificate("alice"),
                            "--key=" + authority.key("alice"));
            List<String> root = new ArrayList<>(alice);
            root.add("--user=root:pw");
            StringBuilder said = new StringBuilder();
            for (String words :
                    List.of(
                            "user add root:pw",
                            "user add alice --no-password",
                            "role add writer",
                            "role grant-permission writer write hers",
                            "user grant-role alice writer",
                            "auth enable")) {
                Exec.Outcome done = run(Binaries.ownEtcdctl(), alice, words.split(" "));
                assertEquals(0, done.exit(), done::err);
            }
            for (Path tool : List.of(Binaries.etcdctl37(), Binaries.ownEtcdctl())) {
                for (List<String> who : List.of(alice, root)) {
                    for (String words : List.of("put hers v", "put others v", "get hers")) {
                        Exec.Outcome outcome = run(tool, who, words.split(" "));
                        said.append(outcome.exit()).append(outcome.out());
                        said.append(outcome.err().replaceAll("(?m)^\\{.*\\R", ""));
                    }
                }
            }
            answers.add(said.toString());
        }
        assertTrue(answers.getFirst().contains("permission denied"), answers::getFirst);
        assertEquals(answers.getFirst(), answers.getLast());
    }

    /** A member that is killed leaves its socket, which the next start replaces, and no more. */
    @Test
    @Tag("TL-17")
    void whoIsKilledLeavesNothingBesideItsSocket() throws Exception {
        Certificates authority = new Certificates(members.folder("keys"));
        authority.issue("localhost");
        Path temporary = Files.createDirectory(sockets.resolve("tmp"));
        Path file = sockets.resolve("localhost");
        String url = "unixs://" + file;
        Member member =
                members.create(
                        "ours",
                        Binaries.ours(),
                        "--listen-client-urls=" + url,
                        "--advertise-client-urls=" + url,
                        "--cert-file=" + authority.certificate("localhost"),
                        "--key-file=" + authority.key("localhost"));
        member.with("JDK_JAVA_OPTIONS", "-Djava.io.tmpdir=" + temporary);
        List<String> where = List.of("--endpoints=" + url, "--cacert=" + authority.ca());
        for (int life = 0; life < 2; life++) {
            member.start();
            assertEquals(0, run(Binaries.ownEtcdctl(), where, "put", "k", "v").exit());
            try (Stream<Path> left = Files.list(temporary)) {
                assertEquals(List.of(), left.toList());
            }
            member.kill();
        }
        assertTrue(Files.exists(file));
    }

    /** A write, a stream and the member's own view of where it is. */
    private static void sameOfBothTools(List<String> where) {
        for (List<String> words :
                List.of(
                        List.of("put", "key", "value"),
                        List.of("get", "key"),
                        List.of("member", "list", "-w", "fields"),
                        List.of("snapshot", "save", "/nonexistent/x"),
                        List.of("endpoint", "health"))) {
            List<String> answers = new ArrayList<>();
            for (Path tool : List.of(Binaries.etcdctl37(), Binaries.ownEtcdctl())) {
                Exec.Outcome outcome = run(tool, where, words.toArray(String[]::new));
                assertEquals(
                        words.getFirst().equals("snapshot") ? 5 : 0, outcome.exit(), outcome::err);
                answers.add(outcome.out().replaceAll("took = [^ \n]*|\"RaftTerm\" : \\d+", ""));
            }
            assertEquals(answers.get(0), answers.get(1));
        }
    }

    private static Exec.Outcome run(Path tool, List<String> where, String... words) {
        List<String> command = new ArrayList<>(List.of(tool.toString()));
        command.addAll(where);
        command.addAll(List.of("--command-timeout=30s"));
        command.addAll(List.of(words));
        return Exec.run(command, Map.of(), "");
    }

    private static String pageAt(Path file) throws IOException {
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.connect(UnixDomainSocketAddress.of(file));
            channel.write(
                    StandardCharsets.US_ASCII.encode(
                            "GET /version HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
            ByteArrayOutputStream answer = new ByteArrayOutputStream();
            ByteBuffer buffer = ByteBuffer.allocate(4096);
            while (channel.read(buffer) >= 0) {
                answer.write(buffer.array(), 0, buffer.position());
                buffer.clear();
            }
            return answer.toString(StandardCharsets.US_ASCII);
        }
    }

    @Test
    @Tag("FL-10")
    void httpGetsPortsOfItsOwn() throws Exception {
        for (var server : servers().entrySet()) {
            int http = Member.freePort();
            Member member =
                    members.start(
                            server.getKey(),
                            server.getValue(),
                            "--listen-client-http-urls=http://127.0.0.1:" + http);
            List<String> grpcPort = List.of("--endpoints=" + member.endpoint());
            List<String> httpPort = List.of("--endpoints=127.0.0.1:" + http);
            assertEquals(0, run(Binaries.etcdctl37(), grpcPort, "put", "k", "v").exit());
            assertNotEquals(0, run(Binaries.etcdctl37(), httpPort, "put", "k", "v").exit());
            for (String path : List.of("/version", "/health", "/metrics", "/debug/vars")) {
                assertTrue(page(http, path).startsWith("HTTP/1.1 200 OK\r\n"), path);
                // Nobody answers by HTTP/1.1; etcd says good-bye by HTTP/2 first.
                assertFalse(page(member.clientPort(), path).contains("HTTP/1.1"), path);
            }
            member.awaitLog("\"traffic\":\"grpc\"");
            member.awaitLog("\"traffic\":\"http\"");
        }
    }

    private static String page(int port, String path) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", port)) {
            socket.getOutputStream()
                    .write(
                            ("GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                                    .getBytes(StandardCharsets.US_ASCII));
            InputStream answer = socket.getInputStream();
            return new String(answer.readAllBytes(), StandardCharsets.ISO_8859_1);
        } catch (IOException reset) {
            return "";
        }
    }

    @Test
    @Tag("FL-10")
    void oneAddressForGrpcAloneAndForHttpAloneIsRefused() {
        for (var server : servers().entrySet()) {
            Member member = members.create(server.getKey(), server.getValue());
            String url = "http://" + member.endpoint();
            member.also("--listen-client-http-urls=" + url).launch();
            assertEquals(1, member.awaitExit(), member::report);
            String words =
                    "cannot bind both --listen-client-urls and --listen-client-http-urls on the"
                            + " same url "
                            + url;
            assertTrue(member.log().contains(words), member::report);
        }
    }

    /** All ports of a member: another one is started on the very same. */
    @Test
    @Tag("FL-24")
    void portsAreSharedWhereBothMembersAllowIt() {
        for (var server : servers().entrySet()) {
            String name = server.getKey();
            Member first = members.start(name, server.getValue(), "--socket-reuse-port");
            List<String> urls =
                    List.of(
                            "--listen-client-urls=http://127.0.0.1:" + first.clientPort(),
                            "--advertise-client-urls=http://127.0.0.1:" + first.clientPort(),
                            "--listen-peer-urls=" + first.peerUrl());
            Member second =
                    members.start(
                            name + "-2", server.getValue(), with(urls, "--socket-reuse-port"));
            assertTrue(first.isAlive() && second.isAlive());
            Member third = members.create(name + "-3", server.getValue(), with(urls));
            third.launch();
            assertEquals(1, third.awaitExit(), third::report);
            assertTrue(third.log().contains("bind: address already in use"), third::report);
        }
    }

    private static String[] with(List<String> flags, String... more) {
        List<String> all = new ArrayList<>(flags);
        all.addAll(List.of(more));
        return all.toArray(String[]::new);
    }
}
