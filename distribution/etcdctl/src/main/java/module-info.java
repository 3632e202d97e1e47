/** {@code bin/etcdctl}: the v3 API on the command line. */
module io.quorate.ctl {
    requires io.quorate.api.client;
    requires io.quorate.api.json;
    requires io.quorate.cli;
    requires java.naming;
}
