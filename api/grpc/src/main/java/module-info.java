/** gRPC over HTTP/2: frames, windows, streams and calls, without I/O of its own. */
module io.quorate.api.grpc {
    requires transitive io.grpc;

    exports io.quorate.api.grpc;
}
