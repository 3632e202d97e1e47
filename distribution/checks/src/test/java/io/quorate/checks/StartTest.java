package io.quorate.checks;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.protobuf.ByteString;

import io.quorate.api.proto.PutRequest;
import io.quorate.api.proto.RangeRequest;
import io.quorate.api.proto.RangeResponse;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.nio.file.Path;

/** What later starts read, and what they do not. */
final class StartTest {
    private static final ByteString KEY = ByteString.copyFromUtf8("key");

    @RegisterExtension final Members members = Members.perTest();

    /** The cluster is in the data directory from the first start on. */
    @Test
    @Tag("CS-03")
    @Tag("SD-08")
    void theInitialClusterIsNotReadAgain() throws Exception {
        Path folder = members.folder("again");
        Member first = members.createIn(folder, "first", Binaries.ours());
        first.start();
        RangeResponse before;
        try (EtcdClient client = new EtcdClient(first)) {
            client.kv.put(PutRequest.newBuilder().setKey(KEY).setValue(KEY).build()).get();
            before = client.kv.range(RangeRequest.newBuilder().setKey(KEY).build()).get();
        }
        first.stop();
        Member second =
                members.createIn(
                        folder,
                        "second",
                        Binaries.ours(),
                        "--initial-cluster=other=http://127.0.0.1:1,more=http://127.0.0.1:2",
                        "--initial-cluster-state=existing",
                        "--initial-cluster-token=another");
        second.start();
        try (EtcdClient client = new EtcdClient(second)) {
            RangeResponse after =
                    client.kv.range(RangeRequest.newBuilder().setKey(KEY).build()).get();
            assertEquals(before.getKvsList(), after.getKvsList());
            assertEquals(before.getHeader().getClusterId(), after.getHeader().getClusterId());
            assertEquals(before.getHeader().getMemberId(), after.getHeader().getMemberId());
        }
    }
}
