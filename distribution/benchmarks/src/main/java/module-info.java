/** The load tool: measures a server process, or two in turn, through its gRPC port. */
module io.quorate.benchmarks {
    requires io.quorate.api.grpc;
    requires io.quorate.api.proto;
}
