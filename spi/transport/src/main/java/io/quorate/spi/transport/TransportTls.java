package io.quorate.spi.transport;

import javax.net.ssl.SSLContext;

/**
 * Keys and trust of a member, which is client and server to its peers (TL-04).
 *
 * @param server for connections that come in
 * @param client for connections that go out; the name of the peer's URL is checked
 * @param clientAuth whether those who come in must show a certificate
 */
public record TransportTls(SSLContext server, SSLContext client, boolean clientAuth) {}
