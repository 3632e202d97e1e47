package io.quorate.engine.node;

import static io.quorate.engine.node.TestMember.await;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.quorate.backend.file.FileStorageProvider;
import io.quorate.engine.node.TestCluster.Replica;
import io.quorate.engine.state.Member;
import io.quorate.spi.storage.StorageProvider;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.List;

/** A cluster whose majority is lost for good. */
@Timeout(120)
final class ForceNewClusterTest {
    private final StorageProvider files = new FileStorageProvider();

    @TempDir private Path directory;

    @Test
    @Tag("RC-11")
    @Tag("FL-101")
    void lastMemberGoesOnAloneWithItsData() {
        try (TestCluster cluster = TestCluster.unstarted(3, NodeConfig.DEFAULT_SNAPSHOT_COUNT)) {
            List.of("a", "b", "c").forEach(n -> cluster.start(n, files, directory.resolve(n)));
            cluster.awaitReady();
            Replica survivor = cluster.replicas.get("b");
            await(survivor.put("key", "value"));
            long id = survivor.id();
            long clusterId = survivor.node.clusterId();
            List.copyOf(cluster.replicas.values()).forEach(Replica::close);

            Replica alone = cluster.startForced("b", files, directory.resolve("b"));
            await(alone.node.ready());
            assertEquals("value", alone.get("key"));
            assertEquals(id, alone.id());
            assertEquals(clusterId, alone.node.clusterId());
            assertEquals(
                    List.of(id), alone.node.state().members().stream().map(Member::id).toList());
            await(alone.put("key", "other"));
            alone.close();

            // Without the flag it stays so, and with it once more too.
            Replica again = cluster.start("b", files, directory.resolve("b"));
            await(again.node.ready());
            assertEquals("other", again.get("key"));
            again.close();
            Replica forcedAgain = cluster.startForced("b", files, directory.resolve("b"));
            await(forcedAgain.node.ready());
            assertEquals("other", forcedAgain.get("key"));

            // And it grows again.
            Member added = forcedAgain.add("http://member:300", true);
            Replica joined = cluster.join(added, "z", files, directory.resolve("z"));
            await(joined.node.ready());
            assertEquals("other", joined.get("key"));
        }
    }

    @Test
    @Tag("RC-11")
    void writesThatNobodyElseHasStay() {
        try (TestCluster cluster = TestCluster.unstarted(3, NodeConfig.DEFAULT_SNAPSHOT_COUNT)) {
            List.of("a", "b", "c").forEach(n -> cluster.start(n, files, directory.resolve(n)));
            cluster.awaitReady();
            Replica leader = cluster.leader();
            await(leader.put("key", "value"));
            cluster.followers().forEach(other -> cluster.network.isolate(other.id()));
            long before = leader.log.lastIndex();
            leader.put("late", "value");
            TestCluster.until(() -> leader.log.durableIndex() > before);
            String name = leader.name;
            // Stopped like this it has no chance to hand over.
            leader.node.fail(new AssertionError("killed"));
            List.copyOf(cluster.replicas.values()).forEach(Replica::close);
            Replica alone = cluster.startForced(name, files, directory.resolve(name));
            await(alone.node.ready());
            assertEquals("value", alone.get("key"));
            assertEquals("value", alone.get("late"));
            assertEquals(1, alone.node.state().members().size());
        }
    }
}
