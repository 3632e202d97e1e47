/** Java client of the v3 API. */
module io.quorate.api.client {
    requires transitive io.quorate.api.proto;
    requires transitive io.quorate.api.grpc;
    requires io.quorate.api.tls;

    exports io.quorate.api.client;
}
