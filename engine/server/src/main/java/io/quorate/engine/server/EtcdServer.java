package io.quorate.engine.server;

/** Placeholder. */
public final class EtcdServer {}
