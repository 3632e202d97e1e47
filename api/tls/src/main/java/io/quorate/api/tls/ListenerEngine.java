package io.quorate.api.tls;

import static java.lang.System.Logger.Level.WARNING;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;

import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSession;

/**
 * An engine that keeps to the rules of its {@link TlsContexts} whatever its user sets, logs the
 * handshake that fails (TL-20), and ends the one that takes too long (TL-18): it interrupts the
 * thread that waits for the other side, which closes the channel that it waits at.
 *
 * <p>Used by the thread of its connection; the deadline comes from another.
 */
final class ListenerEngine extends SSLEngine {
    private static final System.Logger LOG = System.getLogger("io.quorate.api.tls");

    private static final ScheduledThreadPoolExecutor TIMER = timer();

    private final SSLEngine engine;
    private final TlsContexts contexts;
    private final String rejected;
    private final Duration patience;
    // Guarded by this.
    private boolean over;
    private Future<?> deadline;

    /**
     * @param rejected what to log for a handshake that fails
     * @param patience how long a handshake may take
     */
    ListenerEngine(SSLEngine engine, TlsContexts contexts, String rejected, Duration patience) {
        super(engine.getPeerHost(), engine.getPeerPort());
        this.engine = engine;
        this.contexts = contexts;
        this.rejected = rejected;
        this.patience = patience;
        setSSLParameters(engine.getSSLParameters());
    }

    @Override
    public void setSSLParameters(SSLParameters parameters) {
        SSLParameters ours = contexts.serverParameters();
        parameters.setProtocols(ours.getProtocols());
        if (ours.getCipherSuites() != null) parameters.setCipherSuites(ours.getCipherSuites());
        // Where nobody is asked, setting this would take back what "wanted" says; nobody wants.
        parameters.setNeedClientAuth(ours.getNeedClientAuth());
        engine.setSSLParameters(parameters);
    }

    @Override
    public SSLEngineResult unwrap(ByteBuffer from, ByteBuffer[] to, int offset, int length)
            throws SSLException {
        try {
            return noting(engine.unwrap(from, to, offset, length));
        } catch (SSLException e) {
            throw failed(e);
        }
    }

    @Override
    public SSLEngineResult wrap(ByteBuffer[] from, int offset, int length, ByteBuffer to)
            throws SSLException {
        try {
            return noting(engine.wrap(from, offset, length, to));
        } catch (SSLException e) {
            throw failed(e);
        }
    }

    @Override
    public void beginHandshake() throws SSLException {
        try {
            engine.beginHandshake();
        } catch (SSLException e) {
            throw failed(e);
        }
    }

    private SSLEngineResult noting(SSLEngineResult result) {
        if (result.getHandshakeStatus() == HandshakeStatus.FINISHED) ended();
        return result;
    }

    private SSLException failed(SSLException e) {
        if (ended()) log(String.valueOf(e.getMessage()));
        return e;
    }

    private void log(String error) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("remote-addr", getPeerHost() + ":" + getPeerPort());
        fields.put("server-name", serverName());
        fields.put("error", error);
        LOG.log(WARNING, rejected, fields);
    }

    /** The handshake is over, one way or the other; whether it was not so before. */
    private synchronized boolean ended() {
        if (over) return false;
        over = true;
        if (deadline != null) deadline.cancel(false);
        return true;
    }

    /** From now on the calling thread reads what the other side sends. */
    private synchronized void limit() {
        Thread reader = Thread.currentThread();
        // One of a pool might serve somebody else by then.
        if (over || deadline != null || !reader.isVirtual()) return;
        deadline = TIMER.schedule(() -> expire(reader), patience.toNanos(), TimeUnit.NANOSECONDS);
    }

    private void expire(Thread reader) {
        if (!ended()) return;
        log("the handshake took longer than " + patience.toMillis() + " ms");
        reader.interrupt();
    }

    private static ScheduledThreadPoolExecutor timer() {
        var timer =
                new ScheduledThreadPoolExecutor(
                        1, Thread.ofPlatform().daemon().name("tls-deadlines").factory());
        timer.setRemoveOnCancelPolicy(true);
        return timer;
    }

    private String serverName() {
        if (!(engine.getHandshakeSession() instanceof ExtendedSSLSession session)) return "";
        return session.getRequestedServerNames().stream()
                .filter(SNIHostName.class::isInstance)
                .map(name -> ((SNIHostName) name).getAsciiName())
                .findFirst()
                .orElse("");
    }

    // ---- all else is the engine's

    @Override
    public Runnable getDelegatedTask() {
        return engine.getDelegatedTask();
    }

    @Override
    public void closeInbound() throws SSLException {
        engine.closeInbound();
    }

    @Override
    public boolean isInboundDone() {
        return engine.isInboundDone();
    }

    @Override
    public void closeOutbound() {
        ended();
        engine.closeOutbound();
    }

    @Override
    public boolean isOutboundDone() {
        return engine.isOutboundDone();
    }

    @Override
    public String[] getSupportedCipherSuites() {
        return engine.getSupportedCipherSuites();
    }

    @Override
    public String[] getEnabledCipherSuites() {
        return engine.getEnabledCipherSuites();
    }

    @Override
    public void setEnabledCipherSuites(String[] suites) {
        engine.setEnabledCipherSuites(suites);
    }

    @Override
    public String[] getSupportedProtocols() {
        return engine.getSupportedProtocols();
    }

    @Override
    public String[] getEnabledProtocols() {
        return engine.getEnabledProtocols();
    }

    @Override
    public void setEnabledProtocols(String[] protocols) {
        engine.setEnabledProtocols(protocols);
    }

    @Override
    public SSLSession getSession() {
        return engine.getSession();
    }

    @Override
    public SSLSession getHandshakeSession() {
        return engine.getHandshakeSession();
    }

    @Override
    public HandshakeStatus getHandshakeStatus() {
        return engine.getHandshakeStatus();
    }

    @Override
    public void setUseClientMode(boolean mode) {
        engine.setUseClientMode(mode);
    }

    @Override
    public boolean getUseClientMode() {
        return engine.getUseClientMode();
    }

    @Override
    public void setNeedClientAuth(boolean need) {
        engine.setNeedClientAuth(need);
    }

    @Override
    public boolean getNeedClientAuth() {
        return engine.getNeedClientAuth();
    }

    @Override
    public void setWantClientAuth(boolean want) {
        engine.setWantClientAuth(want);
    }

    @Override
    public boolean getWantClientAuth() {
        return engine.getWantClientAuth();
    }

    @Override
    public void setEnableSessionCreation(boolean flag) {
        engine.setEnableSessionCreation(flag);
    }

    @Override
    public boolean getEnableSessionCreation() {
        return engine.getEnableSessionCreation();
    }

    @Override
    public SSLParameters getSSLParameters() {
        return engine.getSSLParameters();
    }

    @Override
    public String getApplicationProtocol() {
        return engine.getApplicationProtocol();
    }

    @Override
    public String getHandshakeApplicationProtocol() {
        return engine.getHandshakeApplicationProtocol();
    }

    /** The web server's last word before it reads, and only for a connection. */
    @Override
    public void setHandshakeApplicationProtocolSelector(
            BiFunction<SSLEngine, List<String>, String> selector) {
        limit();
        engine.setHandshakeApplicationProtocolSelector(selector);
    }

    @Override
    public BiFunction<SSLEngine, List<String>, String> getHandshakeApplicationProtocolSelector() {
        return engine.getHandshakeApplicationProtocolSelector();
    }
}
