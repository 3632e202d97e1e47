package io.quorate.engine.grpc;

/** Placeholder until the module has its first type. */
public final class Module {}
