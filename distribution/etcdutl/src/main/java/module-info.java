/** {@code bin/etcdutl}: snapshots and data directories, without a running member. */
module io.quorate.utl {
    requires io.quorate.cli;
    requires io.quorate.engine.bolt;
    requires io.quorate.engine.server;
}
