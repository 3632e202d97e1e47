/** The load tool. */
module io.quorate.benchmarks {
    requires io.quorate.api.proto;
    requires io.grpc.netty.shaded;
}
