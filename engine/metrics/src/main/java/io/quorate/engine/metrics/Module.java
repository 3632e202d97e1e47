package io.quorate.engine.metrics;

/** Placeholder until the module has its first type. */
public final class Module {}
