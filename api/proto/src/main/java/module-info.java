/**
 * The v3 API as generated protobuf messages and gRPC stubs, by etcd 3.7's wire names and numbers.
 */
module io.quorate.api.proto {
    requires transitive com.google.protobuf;
    requires transitive io.grpc;
    requires transitive io.grpc.stub;
    requires transitive io.grpc.protobuf;
    // The generated FutureStubs name ListenableFuture.
    requires com.google.common;

    exports io.quorate.api.proto;
    exports io.quorate.api.proto.auth;
    exports io.quorate.api.proto.election;
    exports io.quorate.api.proto.health;
    exports io.quorate.api.proto.internal;
    exports io.quorate.api.proto.lease;
    exports io.quorate.api.proto.lock;
    exports io.quorate.api.proto.membership;
    exports io.quorate.api.proto.mvcc;
}
