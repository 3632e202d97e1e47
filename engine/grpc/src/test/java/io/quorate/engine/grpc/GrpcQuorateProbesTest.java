package io.quorate.engine.grpc;

import io.quorate.api.grpc.ConnectionSettings;

/** All probes on our mount. */
final class GrpcQuorateProbesTest extends GrpcProbes {
    @Override
    Server start(GrpcProbeService service, ConnectionSettings settings) {
        return GrpcTestServer.plain(
                GrpcSettings.DEFAULTS.withConnection(settings), service.definition());
    }
}
