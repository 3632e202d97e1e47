package io.quorate.engine.node;

/** Placeholder until the module has its first type. */
public final class Module {}
