package io.quorate.api.tls;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;

import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

/** Makes each socket of a fresh context; see {@link TlsContexts#outgoing}. */
final class OutgoingSockets extends SSLSocketFactory {
    private final TlsContexts contexts;

    OutgoingSockets(TlsContexts contexts) {
        this.contexts = contexts;
    }

    @Override
    public Socket createSocket(Socket connected, String host, int port, boolean autoClose)
            throws IOException {
        SSLSocketFactory factory = contexts.client().getSocketFactory();
        SSLSocket socket = (SSLSocket) factory.createSocket(connected, host, port, autoClose);
        socket.setSSLParameters(contexts.clientParameters());
        return socket;
    }

    @Override
    public Socket createSocket(String host, int port) throws IOException {
        Socket plain = new Socket(host, port);
        return createSocket(plain, host, port, true);
    }

    @Override
    public Socket createSocket(String host, int port, InetAddress from, int fromPort)
            throws IOException {
        return createSocket(new Socket(host, port, from, fromPort), host, port, true);
    }

    @Override
    public Socket createSocket(InetAddress host, int port) throws IOException {
        return createSocket(host.getHostAddress(), port);
    }

    @Override
    public Socket createSocket(InetAddress host, int port, InetAddress from, int fromPort)
            throws IOException {
        return createSocket(host.getHostAddress(), port, from, fromPort);
    }

    /** Not connected yet; HttpsURLConnection then connects it by itself. */
    @Override
    public Socket createSocket() throws IOException {
        SSLSocket socket = (SSLSocket) contexts.client().getSocketFactory().createSocket();
        socket.setSSLParameters(contexts.clientParameters());
        return socket;
    }

    @Override
    public String[] getDefaultCipherSuites() {
        return fresh().getDefaultCipherSuites();
    }

    @Override
    public String[] getSupportedCipherSuites() {
        return fresh().getSupportedCipherSuites();
    }

    private static SSLSocketFactory fresh() {
        return (SSLSocketFactory) SSLSocketFactory.getDefault();
    }
}
