/** TLS by PEM files as etcd's flags name them: for listeners, for clients, and made on the spot. */
module io.quorate.api.tls {
    requires java.naming;

    exports io.quorate.api.tls;
}
