package io.quorate.engine.server;

/** Placeholder until the module has its first type. */
public final class Module {}
